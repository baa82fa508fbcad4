//! macOS: tcp(4) and `bsd/netinet/tcp.h` of xnu. Every duration is in seconds.

use std::{io, time::Duration};

use libc::c_int;
use socket2::{SockRef, Type};

use super::unix::option;
pub use super::unix::{RawSocket, borrow, interval, readable, set_probes, time};

pub const OPTIONS_TELL_TCP: bool = false;
pub const PROBES_TURN_ON: bool = true;
pub const PROTOCOL_NAME: &str = "SO_TYPE";
pub const TIME_NAME: &str = "TCP_KEEPALIVE";
pub const USER_TIMEOUT_NAME: &str = "TCP_RXT_CONNDROPTIME";

/// `bsd/netinet/tcp.h`: "time after which tcp retransmissions will be stopped and the connection will be
/// dropped"; the libc crate lacks it.
const TCP_RXT_CONNDROPTIME: c_int = 0x80;

/// There is no `SO_PROTOCOL`; a stream socket of the internet families is TCP.
pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    if socket.r#type()? != Type::STREAM {
        return Ok(false);
    }
    let address = socket.local_addr()?;
    Ok(address.is_ipv4() || address.is_ipv6())
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    let seconds = option::get(socket, TCP_RXT_CONNDROPTIME)?;
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    let seconds = c_int::try_from(timeout.as_secs()).unwrap_or(c_int::MAX);
    option::set(socket, TCP_RXT_CONNDROPTIME, seconds)
}
