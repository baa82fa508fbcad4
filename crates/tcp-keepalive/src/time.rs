//! `TCP_KEEPIDLE` (`TCP_KEEPALIVE` on macOS): silence before the first probe.

use std::time::Duration;

use socket2::SockRef;

use crate::{Error, SocketOption, sys};

pub fn get(socket: &SockRef<'_>) -> Result<Option<Duration>, Error> {
    sys::readable(sys::time(socket)).map_err(Error::of(SocketOption::Time))
}

pub fn set(socket: &SockRef<'_>, time: Duration) -> Result<(), Error> {
    sys::set_time(socket, time).map_err(Error::of(SocketOption::Time))
}
