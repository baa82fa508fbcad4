//! Everything about a socket at once.

use std::net::SocketAddr;

use crate::{Current, Error, RawSocket, TcpInfo, options, socket, tcp_info};

/// All that can be read from a TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// This end; `None` if it has no address yet.
    pub local: Option<SocketAddr>,
    /// The other end; `None` if there is none.
    pub remote: Option<SocketAddr>,
    /// The values in force.
    pub current: Current,
    /// What the kernel knows about the connection; `None` if this version of the system does not report it.
    pub info: Option<TcpInfo>,
}

/// Reads all that can be read from the TCP socket `raw`.
///
/// # Errors
///
/// As [`get`](crate::get).
pub fn inspect(raw: RawSocket) -> Result<Inspection, Error> {
    socket::with_tcp(raw, |socket| {
        Ok(Inspection {
            local: socket.local_addr().ok().and_then(|address| address.as_socket()),
            remote: socket.peer_addr().ok().and_then(|address| address.as_socket()),
            current: options::read(socket)?,
            info: tcp_info::get(socket).ok(),
        })
    })
}
