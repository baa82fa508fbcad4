//! Linux: tcp(7). The user timeout is in milliseconds, the other durations in seconds.

use std::{io, time::Duration};

use socket2::{Protocol, SockRef};

pub use super::unix::{RawSocket, borrow, interval, readable, set_probes, time};

pub const PROTOCOL_NAME: &str = "SO_PROTOCOL";
pub const TIME_NAME: &str = "TCP_KEEPIDLE";
pub const USER_TIMEOUT_NAME: &str = "TCP_USER_TIMEOUT";

/// Multipath TCP counts: it has every option but the user timeout (net/mptcp/sockopt.c).
pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(matches!(socket.protocol()?, Some(Protocol::TCP | Protocol::MPTCP)))
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    Ok(socket.tcp_user_timeout()?.unwrap_or_default())
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(timeout))
}
