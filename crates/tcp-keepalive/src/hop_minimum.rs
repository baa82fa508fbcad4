//! The minimum TTL of arriving packets (RFC 5082). The kernel drops packets with a smaller TTL before TCP sees them, also resets
//! (`tcp_v4_rcv()` in `net/ipv4/tcp_ipv4.c`). Linux only.

use crate::{Error, RawSocket, SocketOption, socket, sys};

/// 0 to 255: 0 lets every packet in, and 255 only packets that were sent with the largest TTL and have passed no router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HopMinimum {
    /// `IP_MINTTL`: for IPv4 packets, which an IPv6 socket gets too if its peer is v4-mapped.
    pub v4: Option<u8>,
    /// `IPV6_MINHOPCOUNT`: for IPv6 packets. `None` for an IPv4 socket.
    pub v6: Option<u8>,
}

/// Reads the options of the TCP socket `raw`.
///
/// # Errors
///
/// As [`get`](crate::get).
pub fn hop_minimum(raw: RawSocket) -> Result<HopMinimum, Error> {
    socket::with_tcp(raw, |socket| {
        let read = |value| sys::readable(value).map(|value| value.and_then(|value| u8::try_from(value).ok()));
        Ok(HopMinimum {
            v4: read(sys::min_ttl(socket)).map_err(Error::of(SocketOption::MinTtl))?,
            v6: read(sys::min_hop_count(socket)).map_err(Error::of(SocketOption::MinHopCount))?,
        })
    })
}

/// Sets `least` on the TCP socket `raw`; `None` leaves an option unchanged. If the system refuses one option, it still sets the other, so
/// that a socket that was cut off receives packets again as far as possible.
///
/// # Errors
///
/// As [`set`](crate::set).
pub fn set_hop_minimum(raw: RawSocket, least: HopMinimum) -> Result<(), Error> {
    socket::with_tcp(raw, |socket| {
        let put = |value: Option<u8>, write: fn(&_, _) -> _| {
            value.map_or(Ok(()), |value| write(socket, value.into()))
        };
        let v6 = put(least.v6, sys::set_min_hop_count).map_err(Error::of(SocketOption::MinHopCount));
        let v4 = put(least.v4, sys::set_min_ttl).map_err(Error::of(SocketOption::MinTtl));
        v6.and(v4)
    })
}

/// The kernel's number for the TCP socket `raw`, which no other socket gets until the machine restarts.
///
/// # Errors
///
/// As [`get`](crate::get).
pub fn cookie(raw: RawSocket) -> Result<u64, Error> {
    socket::with_tcp(raw, |socket| sys::cookie(socket).map_err(Error::of(SocketOption::Cookie)))
}

/// When a TCP socket last sent and received data, and how much. Probes and acknowledgements do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastData {
    /// How many milliseconds ago data was last sent; if never, since the connection was made.
    pub sent_ms_ago: u32,
    /// How many milliseconds ago data last arrived; if never, since the connection was made.
    pub received_ms_ago: u32,
    /// Segments with data that were sent; 0 before Linux 4.6.
    pub segments_sent: u32,
    /// Segments with data that arrived; 0 before Linux 4.6.
    pub segments_received: u32,
}

/// When the TCP socket `raw` last sent data, and when it last received some.
///
/// # Errors
///
/// As [`get`](crate::get).
pub fn last_data(raw: RawSocket) -> Result<LastData, Error> {
    socket::with_tcp(raw, |socket| sys::last_data(socket).map_err(Error::of(SocketOption::TcpInfo)))
}
