//! Linux: tcp(7). The user timeout is in milliseconds, the other durations in seconds.

use std::{fs, io, time::Duration};

use socket2::{Protocol, SockRef};

pub use super::unix::{RawSocket, borrow, interval, readable, set_probes, time};

pub const PROTOCOL_NAME: &str = "SO_PROTOCOL";
pub const TIME_NAME: &str = "TCP_KEEPIDLE";
pub const USER_TIMEOUT_NAME: &str = "TCP_USER_TIMEOUT";

/// Multipath TCP counts: it has every option but the user timeout (net/mptcp/sockopt.c).
pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(matches!(socket.protocol()?, Some(Protocol::TCP | Protocol::MPTCP)))
}

pub fn is_listener(socket: &SockRef<'_>) -> io::Result<bool> {
    socket.is_listener()
}

/// Every number that may be open: those that the process's table of descriptors has room for. A closed one costs a
/// third of an open one to ask; to list the folder /proc/self/fd costs several times as much.
pub fn own_descriptors() -> impl Iterator<Item = RawSocket> {
    /// What a table had room for that we cannot ask about, without /proc.
    const UNKNOWN: RawSocket = 1 << 16;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default(); // proc_pid_status(5)
    let size = status.lines().find_map(|line| line.strip_prefix("FDSize:")?.trim().parse().ok());
    0..size.unwrap_or(UNKNOWN)
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    Ok(socket.tcp_user_timeout()?.unwrap_or_default())
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(timeout))
}
