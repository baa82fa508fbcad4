//! `SO_KEEPALIVE`: whether the kernel probes at all.

use socket2::SockRef;

use crate::{Error, SocketOption};

pub fn get(socket: &SockRef<'_>) -> Result<bool, Error> {
    socket.keepalive().map_err(Error::of(SocketOption::Enabled))
}

pub fn set(socket: &SockRef<'_>, enabled: bool) -> Result<(), Error> {
    socket.set_keepalive(enabled).map_err(Error::of(SocketOption::Enabled))
}
