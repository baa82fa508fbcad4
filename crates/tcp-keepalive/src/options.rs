//! The socket options. Each line has an option's name in error reports, and the functions that read and write it.

use std::{io, time::Duration};

use socket2::SockRef;

use crate::{Current, Error, Settings, SocketOption, sys};

/// A socket option whose value is a `T`.
pub struct Entry<T> {
    option: SocketOption,
    read: fn(&SockRef<'_>) -> io::Result<T>,
    write: fn(&SockRef<'_>, T) -> io::Result<()>,
}

pub const ENABLED: Entry<bool> =
    Entry { option: SocketOption::Enabled, read: sys::enabled, write: sys::set_enabled };
pub const TIME: Entry<Duration> = Entry { option: SocketOption::Time, read: sys::time, write: sys::set_time };
pub const INTERVAL: Entry<Duration> =
    Entry { option: SocketOption::Interval, read: sys::interval, write: sys::set_interval };
pub const RETRIES: Entry<u32> =
    Entry { option: SocketOption::Retries, read: sys::retries, write: sys::set_retries };
pub const USER_TIMEOUT: Entry<Duration> =
    Entry { option: SocketOption::UserTimeout, read: sys::user_timeout, write: sys::set_user_timeout };
pub const RTO_MAX: Entry<Duration> =
    Entry { option: SocketOption::RtoMax, read: sys::rto_max, write: sys::set_rto_max };
pub const CONNECT_TIMEOUT: Entry<Duration> = Entry {
    option: SocketOption::ConnectTimeout,
    read: sys::connect_timeout,
    write: sys::set_connect_timeout,
};

impl<T> Entry<T> {
    pub fn get(&self, socket: &SockRef<'_>) -> Result<T, Error> {
        (self.read)(socket).map_err(Error::of(self.option))
    }

    /// `None` if this system, or this kind of TCP socket, does not have the option.
    pub fn get_if_known(&self, socket: &SockRef<'_>) -> Result<Option<T>, Error> {
        sys::readable((self.read)(socket)).map_err(Error::of(self.option))
    }

    pub fn set(&self, socket: &SockRef<'_>, value: T) -> Result<(), Error> {
        (self.write)(socket, value).map_err(Error::of(self.option))
    }

    /// `None` leaves the option unchanged.
    pub fn set_if_given(&self, socket: &SockRef<'_>, value: Option<T>) -> Result<(), Error> {
        value.map_or(Ok(()), |value| self.set(socket, value))
    }
}

/// Reads the five of [`Current`].
pub fn read(socket: &SockRef<'_>) -> Result<Current, Error> {
    Ok(Current {
        enabled: ENABLED.get(socket)?,
        time: TIME.get_if_known(socket)?,
        interval: INTERVAL.get_if_known(socket)?,
        retries: RETRIES.get_if_known(socket)?,
        user_timeout: USER_TIMEOUT.get_if_known(socket)?,
    })
}

/// Turns keepalive on, and writes the time, the interval and the retries, as far as they are given. `time` is the time of `settings`,
/// or `None` if it is already set.
pub fn set_probes(socket: &SockRef<'_>, settings: &Settings, time: Option<Duration>) -> Result<(), Error> {
    ENABLED
        .set(socket, true)
        .and_then(|()| TIME.set_if_given(socket, time))
        .and_then(|()| INTERVAL.set_if_given(socket, settings.interval))
        .and_then(|()| RETRIES.set_if_given(socket, settings.retries))
        .or_else(|refusal| sys::set_probes_otherwise(socket, settings, refusal))
}
