//! TCP keepalive and the TCP user timeout of sockets that other code owns.
//!
//! [`set`] and [`get`] borrow a raw descriptor (on Windows, a `SOCKET`) for the duration of the call. They never own, close or
//! store it. A descriptor that is not a TCP socket is refused before anything is changed.
//!
//! | setting | Linux | macOS | FreeBSD | Windows |
//! |---|---|---|---|---|
//! | [`enabled`](Settings::enabled) | `SO_KEEPALIVE` | `SO_KEEPALIVE` | `SO_KEEPALIVE` | `SO_KEEPALIVE` |
//! | [`time`](Settings::time) | `TCP_KEEPIDLE` | `TCP_KEEPALIVE` | `TCP_KEEPIDLE` | `TCP_KEEPIDLE` |
//! | [`interval`](Settings::interval) | `TCP_KEEPINTVL` | `TCP_KEEPINTVL` | `TCP_KEEPINTVL` | `TCP_KEEPINTVL` |
//! | [`retries`](Settings::retries) | `TCP_KEEPCNT` | `TCP_KEEPCNT` | `TCP_KEEPCNT` | `TCP_KEEPCNT` |
//! | [`user_timeout`](Settings::user_timeout) | `TCP_USER_TIMEOUT` | `TCP_RXT_CONNDROPTIME` | `TCP_MAXUNACKTIME` (14+) | `TCP_MAXRTMS` (before 10 1607 `TCP_MAXRT`) |
//! | [`rto_max`](Deadline::rto_max) | `TCP_RTO_MAX_MS` (6.15+) | | | |
//! | [`set_connect_timeout`] | `TCP_USER_TIMEOUT` | `TCP_CONNECTIONTIMEOUT` | `TCP_KEEPINIT` | as the user timeout |
//!
//! Sources: tcp(7) of Linux; `bsd/netinet/tcp.h` of xnu; tcp(4) of FreeBSD; "`IPPROTO_TCP` socket options"
//! of the Windows SDK.

mod endpoints;
mod error;
#[cfg(target_os = "linux")]
mod hop_minimum;
mod inspection;
mod options;
#[cfg(target_os = "linux")]
mod reach;
mod set;
mod settings;
mod socket;
mod sys;
mod tcp_info;

pub use endpoints::{Endpoints, Found, find};
pub use error::{Error, SocketOption};
#[cfg(target_os = "linux")]
pub use hop_minimum::{HopMinimum, LastData, cookie, hop_minimum, last_data, set_hop_minimum};
pub use inspection::{Inspection, inspect};
#[cfg(target_os = "linux")]
pub use reach::{Adoption, Ask, KnownSockets, Outgoing, ask_each, ask_each_descriptor, find_in_process};
#[cfg(windows)]
pub use set::set_as_older_windows;
pub use set::{
    Deadline, connect_timeout, deadline, set, set_connect_timeout, set_deadline, set_what_is_taken,
    try_settings,
};
pub use settings::{Current, Settings};
pub use sys::RawSocket;
#[cfg(unix)]
pub use sys::own_descriptors;
#[cfg(target_os = "linux")]
pub use sys::{
    Process, TcpTimer, can_duplicate, close_elsewhere, duplicate_of, socket_descriptors, tcp_timers,
};
pub use tcp_info::{State, TcpInfo};

/// Reads the values that the kernel holds for the TCP socket `raw`.
///
/// # Errors
///
/// As [`set`].
pub fn get(raw: RawSocket) -> Result<Current, Error> {
    socket::with_tcp(raw, options::read)
}

/// Whether `raw` is a TCP socket.
#[must_use]
pub fn is_tcp(raw: RawSocket) -> bool {
    socket::with_tcp(raw, |_| Ok(())).is_ok()
}

/// Reads what the kernel knows about the connection of the TCP socket `raw`, with one system call.
///
/// # Errors
///
/// As [`get`].
pub fn tcp_info(raw: RawSocket) -> Result<TcpInfo, Error> {
    socket::with_any(raw, tcp_info::get)
}

/// Reads the system's defaults from a new TCP socket, which it closes again.
///
/// On Linux they are those of the thread's network namespace (`net.ipv4.tcp_keepalive_*`).
///
/// # Errors
///
/// [`Error::System`] if no socket can be created (`EMFILE`, `EACCES` in a sandbox) or read.
pub fn system() -> Result<Current, Error> {
    let socket = socket::fresh_tcp()?;
    options::read(&socket2::SockRef::from(&socket))
}

/// Reads only [`Deadline::rto_max`]; `None` if the system has no such option.
///
/// # Errors
///
/// As [`get`].
pub fn rto_max(raw: RawSocket) -> Result<Option<std::time::Duration>, Error> {
    socket::with_any(raw, |socket| options::RTO_MAX.get_if_known(socket))
}

/// Reads the system's default of [`Deadline::rto_max`], as [`system`] does; `None` if the system has no such option.
///
/// # Errors
///
/// As [`system`].
pub fn system_rto_max() -> Result<Option<std::time::Duration>, Error> {
    let socket = socket::fresh_tcp()?;
    options::RTO_MAX.get_if_known(&socket2::SockRef::from(&socket))
}

#[cfg(test)]
mod tests;

#[cfg(all(test, unix))]
mod properties;
