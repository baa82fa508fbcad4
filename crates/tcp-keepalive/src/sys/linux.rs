//! Linux: tcp(7). The user timeout is in milliseconds, the other durations in seconds.

use std::{fs::File, io, io::Read, time::Duration};

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
    /// For a process that cannot see /proc.
    const UNKNOWN: RawSocket = 1 << 16;
    0..table_size().unwrap_or(UNKNOWN)
}

/// `FDSize` of `proc_pid_status(5)`, which is among its first lines.
fn table_size() -> Option<RawSocket> {
    const NAME: &[u8] = b"\nFDSize:\t";
    let mut beginning = [0; 1024];
    let read = File::open("/proc/self/status").ok()?.read(&mut beginning).ok()?;
    let status = beginning.get(..read)?;
    let start = status.windows(NAME.len()).position(|window| window == NAME)? + NAME.len();
    let mut digits = status.iter().skip(start).take_while(|byte| byte.is_ascii_digit());
    digits.try_fold(0, |size: RawSocket, &digit| size.checked_mul(10)?.checked_add((digit - b'0').into()))
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    Ok(socket.tcp_user_timeout()?.unwrap_or_default())
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(timeout))
}
