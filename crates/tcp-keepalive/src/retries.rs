//! `TCP_KEEPCNT`: unanswered probes before the kernel gives the connection up.

use socket2::SockRef;

use crate::{Error, SocketOption, sys};

pub fn get(socket: &SockRef<'_>) -> Result<Option<u32>, Error> {
    sys::readable(socket.tcp_keepalive_retries()).map_err(Error::of(SocketOption::Retries))
}
