//! `TCP_USER_TIMEOUT` and its relatives: how long sent data may stay unacknowledged.

use std::time::Duration;

use socket2::SockRef;

use crate::{Error, SocketOption, sys};

pub fn get(socket: &SockRef<'_>) -> Result<Option<Duration>, Error> {
    sys::readable(sys::user_timeout(socket)).map_err(Error::of(SocketOption::UserTimeout))
}

pub fn set(socket: &SockRef<'_>, timeout: Duration) -> Result<(), Error> {
    sys::set_user_timeout(socket, timeout).map_err(Error::of(SocketOption::UserTimeout))
}
