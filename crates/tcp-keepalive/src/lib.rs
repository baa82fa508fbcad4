//! TCP keepalive and the TCP user timeout of a socket that somebody else owns.
//!
//! [`set`] and [`get`] work on a raw descriptor (on Windows, a `SOCKET`) that is borrowed for the length of
//! the call: it is never owned, never closed, never remembered. What is not a TCP socket is refused before
//! anything is changed.
//!
//! | setting | Linux | macOS | FreeBSD | Windows |
//! |---|---|---|---|---|
//! | [`enabled`](Settings::enabled) | `SO_KEEPALIVE` | `SO_KEEPALIVE` | `SO_KEEPALIVE` | `SO_KEEPALIVE` |
//! | [`time`](Settings::time) | `TCP_KEEPIDLE` | `TCP_KEEPALIVE` | `TCP_KEEPIDLE` | `TCP_KEEPIDLE` |
//! | [`interval`](Settings::interval) | `TCP_KEEPINTVL` | `TCP_KEEPINTVL` | `TCP_KEEPINTVL` | `TCP_KEEPINTVL` |
//! | [`retries`](Settings::retries) | `TCP_KEEPCNT` | `TCP_KEEPCNT` | `TCP_KEEPCNT` | `TCP_KEEPCNT` |
//! | [`user_timeout`](Settings::user_timeout) | `TCP_USER_TIMEOUT` | `TCP_RXT_CONNDROPTIME` | `TCP_MAXUNACKTIME` (14+) | `TCP_MAXRT` |
//!
//! Sources: tcp(7) of Linux; `bsd/netinet/tcp.h` of xnu; tcp(4) of FreeBSD; "`IPPROTO_TCP` socket options"
//! of the Windows SDK.

mod enabled;
mod endpoints;
mod error;
mod inspection;
mod interval;
#[cfg(feature = "misbehave-on-purpose")]
mod misbehave;
mod probes;
mod retries;
mod settings;
mod socket;
mod sys;
mod tcp_info;
mod time;
mod user_timeout;

pub use endpoints::{Endpoints, Found, find};
pub use error::{Error, SocketOption};
pub use inspection::{Inspection, inspect};
#[cfg(feature = "misbehave-on-purpose")]
pub use misbehave::{leak_on_purpose, overflow_on_purpose};
pub use settings::{Current, Settings};
pub use sys::RawSocket;
#[cfg(unix)]
pub use sys::own_descriptors;
pub use tcp_info::{State, TcpInfo};

/// Puts `settings` into the TCP socket `raw`; what is `None` stays as it is in the kernel.
///
/// The user timeout goes first, as the one option that a TCP socket may lack (MPTCP, older FreeBSD): where it
/// is refused, nothing has been changed.
///
/// # Errors
///
/// [`Error::NotTcp`] for a socket of another kind, [`Error::System`] with the option that the system refused:
/// `EBADF` for a closed descriptor, `ENOTSOCK` for a file or pipe, `EINVAL` for a value outside the system's
/// limits.
pub fn set(raw: RawSocket, settings: &Settings) -> Result<(), Error> {
    socket::with_any(raw, |socket| {
        let rest = put_first(socket, settings)?;
        if rest.has_probe_values() {
            probes::set(socket, &rest)?;
            if rest.enabled {
                return Ok(()); // as it now is
            }
        }
        enabled::set(socket, rest.enabled)
    })
}

/// Puts in what goes first, after which it is known that this is a TCP socket, and returns what remains.
///
/// Where a system refuses TCP's options to every other kind of socket, the first of them that is to be set answers
/// that question too, and nothing has been changed where the answer is no. `SO_KEEPALIVE` would not do: any socket
/// takes it.
fn put_first(socket: &socket2::SockRef<'_>, settings: &Settings) -> Result<Settings, Error> {
    let rest = Settings { user_timeout: None, ..*settings };
    let (refused, rest) = match *settings {
        Settings { user_timeout: Some(timeout), .. } if sys::ONLY_TCP_HAS_ITS_OPTIONS => {
            (user_timeout::set(socket, timeout), rest)
        }
        Settings { time: Some(time), .. } if sys::ONLY_TCP_HAS_ITS_OPTIONS => {
            (time::set(socket, time), Settings { time: None, ..rest })
        }
        Settings { user_timeout, .. } => {
            socket::check_tcp(socket)?;
            (user_timeout.map_or(Ok(()), |timeout| user_timeout::set(socket, timeout)), rest)
        }
    };
    match refused {
        Ok(()) => Ok(rest),
        Err(refusal) => Err(socket::check_tcp(socket).err().unwrap_or(refusal)),
    }
}

/// Reads what the kernel holds for the TCP socket `raw`.
///
/// # Errors
///
/// As [`set`].
pub fn get(raw: RawSocket) -> Result<Current, Error> {
    socket::with_tcp(raw, read)
}

/// Whether `raw` is a TCP socket.
#[must_use]
pub fn is_tcp(raw: RawSocket) -> bool {
    socket::with_tcp(raw, |_| Ok(())).is_ok()
}

/// Reads what the kernel knows of the connection of the TCP socket `raw`, by one system call.
///
/// # Errors
///
/// As [`get`].
pub fn tcp_info(raw: RawSocket) -> Result<TcpInfo, Error> {
    socket::with_any(raw, tcp_info::get)
}

/// Reads the system's defaults, from a fresh TCP socket that is closed again.
///
/// On Linux they are those of the network namespace that the thread is in (`net.ipv4.tcp_keepalive_*`).
///
/// # Errors
///
/// [`Error::System`] where no socket can be made (`EMFILE`, `EACCES` in a sandbox) or read.
pub fn system() -> Result<Current, Error> {
    let socket = socket::fresh_tcp()?;
    read(&socket2::SockRef::from(&socket))
}

/// Panics, whatever `reason` is.
///
/// # Panics
///
/// Always.
#[cfg(feature = "panic-on-purpose")]
pub fn panic_on_purpose(reason: &str) {
    panic!("on purpose: {reason}");
}

fn read(socket: &socket2::SockRef<'_>) -> Result<Current, Error> {
    Ok(Current {
        enabled: enabled::get(socket)?,
        time: time::get(socket)?,
        interval: interval::get(socket)?,
        retries: retries::get(socket)?,
        user_timeout: user_timeout::get(socket)?,
    })
}

#[cfg(test)]
mod tests;

#[cfg(all(test, unix))]
mod properties;
