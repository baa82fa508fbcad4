//! What the kernel knows about a connection: how long the peer has been silent, and what it has not answered.

use std::time::Duration;

use socket2::SockRef;

use crate::{Error, SocketOption, socket, sys};

/// The states of RFC 9293, 3.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// No connection, or none any more.
    Closed = 0,
    /// Waits for connections.
    Listen,
    /// Has asked for a connection.
    SynSent,
    /// Has been asked for a connection, and answered.
    SynReceived,
    /// Connected.
    Established,
    /// Closed by this end, which is not acknowledged.
    FinWait1,
    /// Closed by this end.
    FinWait2,
    /// Closed by the peer.
    CloseWait,
    /// Closed by both at once.
    Closing,
    /// Closed by the peer and then by this end, which is not acknowledged.
    LastAck,
    /// Closed by both, and waits for packets that are still on their way.
    TimeWait,
}

/// What the kernel knows about a connection. `None`: this system does not report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpInfo {
    /// The state of the connection.
    pub state: State,
    /// The time since anything came from the peer, data or an acknowledgement.
    pub silence: Option<Duration>,
    /// The time since the peer's last acknowledgement. Once there is a connection, every segment carries one.
    pub last_acknowledgement: Option<Duration>,
    /// Probes sent since then.
    pub unanswered_probes: Option<u32>,
    /// Consecutive retransmissions of the oldest unacknowledged data.
    pub retransmits: Option<u32>,
    /// Whether a loss is being repaired: until all is acknowledged that was in flight when it was noticed. Linux.
    pub repairs_loss: Option<bool>,
    /// All retransmissions of the connection: in segments, on macOS and Windows in bytes.
    pub total_retransmits: Option<u64>,
    /// Sent and not acknowledged: segments, on macOS and Windows bytes.
    pub unacknowledged: Option<u32>,
    /// How much the peer has acknowledged over the life of the connection, in bytes. Linux 4.1.
    pub acknowledged: Option<u64>,
    /// Written and not sent yet, in bytes. Linux 4.6.
    pub unsent: Option<u32>,
    /// Segments without data that came over the life of the connection, modulo 2³²: acknowledgements alone, and probes of the peer. Linux 4.6.
    pub empty_segments: Option<u32>,
    /// How many bytes the peer has room for, as it last said. On Linux from 5.4 on.
    pub send_window: Option<u32>,
    /// The total time for which the peer's window has blocked sending. Linux 4.10.
    pub window_limited: Option<Duration>,
    /// The round trip, smoothed.
    pub round_trip: Option<Duration>,
    /// How much the round trip varies.
    pub round_trip_variance: Option<Duration>,
    /// How long the kernel waits for an acknowledgement before it retransmits.
    pub retransmission_timeout: Option<Duration>,
    /// How often the kernel has doubled the wait before its next window probe or retransmission. Linux.
    pub backoff: Option<u32>,
}

impl TcpInfo {
    /// For a socket of which only the state is known.
    pub(crate) const fn of(state: State) -> Self {
        Self {
            state,
            silence: None,
            last_acknowledgement: None,
            unanswered_probes: None,
            retransmits: None,
            repairs_loss: None,
            total_retransmits: None,
            unacknowledged: None,
            acknowledged: None,
            unsent: None,
            empty_segments: None,
            send_window: None,
            window_limited: None,
            round_trip: None,
            round_trip_variance: None,
            retransmission_timeout: None,
            backoff: None,
        }
    }
}

/// Makes one system call. Only if that is refused, a second one finds out why.
pub fn get(socket: &SockRef<'_>) -> Result<TcpInfo, Error> {
    let information = sys::tcp_info(socket).map_err(Error::of(SocketOption::TcpInfo));
    information.map_err(|refusal| socket::reason_for(socket, refusal))
}

#[cfg(all(test, unix))]
mod tests;
