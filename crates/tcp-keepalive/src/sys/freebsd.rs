//! FreeBSD: tcp(4). Every duration is in seconds.

use std::{io, time::Duration};

use libc::c_int;
use socket2::{Protocol, SockRef};

use super::unix::option;
pub use super::unix::{RawSocket, borrow, interval, readable, set_probes, time};

pub const OPTIONS_TELL_TCP: bool = false;
pub const PROBES_TURN_ON: bool = true;
pub const PROTOCOL_NAME: &str = "SO_PROTOCOL";
pub const TIME_NAME: &str = "TCP_KEEPIDLE";
pub const USER_TIMEOUT_NAME: &str = "TCP_MAXUNACKTIME";

pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(socket.protocol()? == Some(Protocol::TCP))
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    let seconds = option::get(socket, libc::TCP_MAXUNACKTIME)?;
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    let seconds = c_int::try_from(timeout.as_secs()).unwrap_or(c_int::MAX);
    option::set(socket, libc::TCP_MAXUNACKTIME, seconds)
}
