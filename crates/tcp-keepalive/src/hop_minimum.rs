//! The fewest hops that a packet may have left when it arrives (RFC 5082). What comes with fewer, the kernel drops before
//! TCP sees it, a reset included (`tcp_v4_rcv()` in `net/ipv4/tcp_ipv4.c`). Linux only.

use crate::{Error, RawSocket, SocketOption, socket, sys};

/// 0 to 255, where 0 lets everything in, and 255 nothing that does not start with the most hops there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HopMinimum {
    /// `IP_MINTTL`: of IPv4 packets, which a socket of IPv6 gets too where its peer is v4-mapped.
    pub v4: Option<u8>,
    /// `IPV6_MINHOPCOUNT`: of IPv6 packets. `None` for a socket of IPv4.
    pub v6: Option<u8>,
}

/// Reads what the kernel holds for the TCP socket `raw`.
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

/// Puts `least` into the TCP socket `raw`; what is `None` stays as it is in the kernel. Where one option is refused, the other is put in
/// all the same, so that a socket that was cut off hears again as far as it can.
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

/// The number that the kernel gives to the TCP socket `raw` and, until the machine is started anew, to no other.
///
/// # Errors
///
/// As [`get`](crate::get).
pub fn cookie(raw: RawSocket) -> Result<u64, Error> {
    socket::with_tcp(raw, |socket| sys::cookie(socket).map_err(Error::of(SocketOption::Cookie)))
}

/// When a TCP socket last sent and received data, and how much; a probe or an acknowledgement is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastData {
    /// How many milliseconds ago data was last sent; before that, since the connection was made.
    pub sent_ms_ago: u32,
    /// How many milliseconds ago data last arrived; before that, since the connection was made.
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
