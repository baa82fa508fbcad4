//! Sets values on a socket: all of them, as many as the system accepts, or on a new socket to try them.

use std::time::Duration;

use socket2::SockRef;

use crate::{
    Current, Error, RawSocket, Settings, SocketOption,
    options::{self, CONNECT_TIMEOUT, ENABLED, INTERVAL, RETRIES, RTO_MAX, TIME, USER_TIMEOUT},
    socket, sys,
};

/// Sets `settings` on the TCP socket `raw`; `None` leaves an option unchanged.
///
/// The user timeout is set first, because it is the only option that a TCP socket may lack (MPTCP, older FreeBSD). If it is
/// refused, nothing has been changed.
///
/// # Errors
///
/// [`Error::NotTcp`] for a socket of another kind, [`Error::System`] with the refused option: `EBADF` for a closed descriptor,
/// `ENOTSOCK` for a file or pipe, `EINVAL` for a value outside the system's limits.
pub fn set(raw: RawSocket, settings: &Settings) -> Result<(), Error> {
    socket::with_any(raw, |socket| {
        let is_time_in = put_first(socket, settings)?;
        let time = if is_time_in { None } else { settings.time };
        if time.is_some() || settings.interval.is_some() || settings.retries.is_some() {
            options::set_probes(socket, settings, time)?;
            if settings.enabled {
                return Ok(()); // as it now is
            }
        }
        ENABLED.set(socket, settings.enabled)
    })
}

/// Sets the first option, and thereby checks that this is a TCP socket. Returns whether that option was the time. When it returns, a given
/// user timeout is set.
///
/// Some systems refuse TCP's options on every other kind of socket. There the first TCP option is the check: if it is refused, nothing
/// has been changed. `SO_KEEPALIVE` cannot be the check, because every kind of socket accepts it.
fn put_first(socket: &SockRef<'_>, settings: &Settings) -> Result<bool, Error> {
    let (result, is_time) = match *settings {
        Settings { user_timeout: Some(timeout), .. } if sys::ONLY_TCP_HAS_ITS_OPTIONS => {
            (USER_TIMEOUT.set(socket, timeout), false)
        }
        Settings { time: Some(time), .. } if sys::ONLY_TCP_HAS_ITS_OPTIONS => (TIME.set(socket, time), true),
        Settings { user_timeout, .. } => {
            socket::check_tcp(socket)?;
            (USER_TIMEOUT.set_if_given(socket, user_timeout), false)
        }
    };
    match result {
        Ok(()) => Ok(is_time),
        Err(refusal) => Err(socket::reason_for(socket, refusal)),
    }
}

/// Sets as much of `settings` on the TCP socket `raw` as the system accepts, and calls `refused` for each refused option, in the
/// order in which they are tried. Without a refusal it costs as much as [`set`].
///
/// # Errors
///
/// As [`set`], if nothing can be set because `raw` is not a TCP socket.
pub fn set_what_is_taken(
    raw: RawSocket,
    settings: &Settings,
    refused: &mut dyn FnMut(&Error),
) -> Result<(), Error> {
    match set(raw, settings) {
        Ok(()) => Ok(()),
        Err(reason @ (Error::NotTcp | Error::System { option: SocketOption::Protocol, .. })) => Err(reason),
        Err(_) => socket::with_any(raw, |socket| {
            set_one_by_one(socket, settings, refused);
            Ok(())
        }),
    }
}

/// Sets time, interval and retries on the TCP socket `raw` as on a Windows version without options for the first two, where
/// [`set`] falls back to this. For a test on a system that has the options.
///
/// # Errors
///
/// As [`set`].
#[cfg(windows)]
#[doc(hidden)]
pub fn set_as_older_windows(raw: RawSocket, settings: &Settings) -> Result<(), Error> {
    socket::with_tcp(raw, |socket| sys::set_probes_at_once(socket, settings))
}

fn set_one_by_one(socket: &SockRef<'_>, settings: &Settings, refused: &mut dyn FnMut(&Error)) {
    // Older Windows can set these two only together.
    let durations = Settings { enabled: true, retries: None, ..*settings };
    let at_once = durations.time.is_some()
        && durations.interval.is_some()
        && options::set_probes(socket, &durations, durations.time).is_ok();
    let rest = if at_once { Settings { time: None, interval: None, ..*settings } } else { *settings };
    let mut tell = |result: Result<(), Error>| {
        if let Err(refusal) = result {
            refused(&refusal);
        }
    };
    tell(USER_TIMEOUT.set_if_given(socket, rest.user_timeout));
    // Turned on before the values are set, as in [`options::set_probes`]: then macOS starts its timer once, with the given time.
    if rest.enabled {
        tell(ENABLED.set(socket, true));
    }
    tell(TIME.set_if_given(socket, rest.time));
    tell(INTERVAL.set_if_given(socket, rest.interval));
    tell(RETRIES.set_if_given(socket, rest.retries));
    if !rest.enabled {
        tell(ENABLED.set(socket, false));
    }
}

/// Tries `settings` on a new TCP socket: sets them, reads them back and closes the socket.
///
/// # Errors
///
/// [`Error::System`] with the option that the system refused, or, without an error number, with the option that reads back as
/// another value; with [`SocketOption::Protocol`] if no socket can be created.
pub fn try_settings(settings: &Settings) -> Result<(), Error> {
    let fresh = socket::fresh_tcp()?;
    set(sys::raw(&fresh), settings)?;
    let held = options::read(&SockRef::from(&fresh))?;
    differing(settings, &held).map_or(Ok(()), |option| Err(Error::differs(option)))
}

/// The first option whose value in the kernel differs from the one that was asked for. An option that cannot be read counts as equal.
fn differing(settings: &Settings, held: &Current) -> Option<SocketOption> {
    fn differ<T: PartialEq>(asked: Option<T>, held: Option<T>) -> bool {
        matches!((asked, held), (Some(asked), Some(held)) if asked != held)
    }
    [
        (SocketOption::Enabled, settings.enabled != held.enabled),
        (SocketOption::Time, differ(settings.time, held.time)),
        (SocketOption::Interval, differ(settings.interval, held.interval)),
        (SocketOption::Retries, differ(settings.retries, held.retries)),
        (SocketOption::UserTimeout, differ(settings.user_timeout, held.user_timeout)),
    ]
    .into_iter()
    .find_map(|(option, differs)| differs.then_some(option))
}

/// The options that bound how long the kernel goes on without an acknowledgement. `None` leaves an option unchanged, or means
/// that it cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadline {
    /// See [`Settings::user_timeout`].
    pub user_timeout: Option<Duration>,
    /// The longest time between two retransmissions, and between two window probes: 1,000 to 120,000 ms.
    /// Linux 6.15 (`TCP_RTO_MAX_MS`).
    pub rto_max: Option<Duration>,
}

/// Sets `deadline` on the TCP socket `raw`, which may still be connecting. If the system refuses one of the two options, it still
/// sets the other.
///
/// # Errors
///
/// As [`set`]; the first refusal.
pub fn set_deadline(raw: RawSocket, deadline: &Deadline) -> Result<(), Error> {
    socket::with_any(raw, |socket| {
        if !sys::ONLY_TCP_HAS_ITS_OPTIONS {
            socket::check_tcp(socket)?;
        }
        let user_timeout = USER_TIMEOUT.set_if_given(socket, deadline.user_timeout);
        let rto_max = RTO_MAX.set_if_given(socket, deadline.rto_max);
        user_timeout.and(rto_max).map_err(|refusal| socket::reason_for(socket, refusal))
    })
}

/// Reads what [`set_deadline`] writes.
///
/// # Errors
///
/// As [`set`].
pub fn deadline(raw: RawSocket) -> Result<Deadline, Error> {
    socket::with_tcp(raw, |socket| {
        Ok(Deadline {
            user_timeout: USER_TIMEOUT.get_if_known(socket)?,
            rto_max: RTO_MAX.get_if_known(socket)?,
        })
    })
}

/// Bounds how long the TCP socket `raw` may take to connect; zero for the system's own rules. It must be set before the socket
/// is connected.
///
/// If the system counts in seconds (macOS, FreeBSD, Windows before 10 1607), the timeout is rounded up. On Linux and Windows this
/// is the user timeout, which remains in force afterwards.
///
/// # Errors
///
/// As [`set`].
pub fn set_connect_timeout(raw: RawSocket, timeout: Duration) -> Result<(), Error> {
    socket::with_any(raw, |socket| {
        if !sys::ONLY_TCP_HAS_ITS_OPTIONS {
            socket::check_tcp(socket)?;
        }
        CONNECT_TIMEOUT.set(socket, timeout).map_err(|refusal| socket::reason_for(socket, refusal))
    })
}

/// Reads what [`set_connect_timeout`] writes; `None` if it cannot be read.
///
/// # Errors
///
/// As [`set`].
pub fn connect_timeout(raw: RawSocket) -> Result<Option<Duration>, Error> {
    socket::with_tcp(raw, |socket| CONNECT_TIMEOUT.get_if_known(socket))
}
