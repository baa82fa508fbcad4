//! `TCP_KEEPINTVL`: from one unanswered probe to the next.

use std::time::Duration;

use socket2::SockRef;

use crate::{Error, SocketOption, sys};

pub fn get(socket: &SockRef<'_>) -> Result<Option<Duration>, Error> {
    sys::readable(sys::interval(socket)).map_err(Error::of(SocketOption::Interval))
}
