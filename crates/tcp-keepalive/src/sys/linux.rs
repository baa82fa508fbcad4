//! Linux: tcp(7). The user timeout is in milliseconds, the other durations in seconds.

use std::{io, time::Duration};

use libc::c_int;
use socket2::{Protocol, SockRef, TcpKeepalive};

use super::unix::option;
pub use super::unix::{RawSocket, borrow, interval, readable, time};
use crate::Settings;

/// net/core/sock.c hands the TCP level to the socket's own protocol: UDP answers ENOPROTOOPT, Unix sockets EOPNOTSUPP.
pub const OPTIONS_TELL_TCP: bool = true;
pub const PROBES_TURN_ON: bool = false;

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

/// What socket2 does for `_probes`, without turning keepalive on: on a socket of another kind nothing is changed then.
pub fn set_probes(socket: &SockRef<'_>, _probes: &TcpKeepalive, settings: &Settings) -> io::Result<()> {
    if let Some(time) = settings.time {
        option::set(socket, libc::TCP_KEEPIDLE, seconds(time))?;
    }
    if let Some(interval) = settings.interval {
        option::set(socket, libc::TCP_KEEPINTVL, seconds(interval))?;
    }
    if let Some(retries) = settings.retries {
        option::set(socket, libc::TCP_KEEPCNT, c_int::try_from(retries).unwrap_or(c_int::MAX))?;
    }
    Ok(())
}

fn seconds(value: Duration) -> c_int {
    c_int::try_from(value.as_secs()).unwrap_or(c_int::MAX)
}
