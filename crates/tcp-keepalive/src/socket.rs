//! Borrows a raw descriptor as a TCP socket.

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::{
    Error, SocketOption,
    sys::{self, RawSocket},
};

/// Lends the TCP socket `raw` to `call`, only for this call.
///
/// The descriptor is never owned or closed. Each call checks it again, because its number may belong to another file by then.
pub fn with_tcp<T>(raw: RawSocket, call: impl FnOnce(&SockRef<'_>) -> Result<T, Error>) -> Result<T, Error> {
    with_any(raw, |socket| {
        check_tcp(socket)?;
        call(socket)
    })
}

/// Lends `raw` to `call`, which must check itself whether it is a TCP socket.
pub fn with_any<T>(raw: RawSocket, call: impl FnOnce(&SockRef<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let borrowed = sys::borrow(raw).map_err(Error::of(SocketOption::Protocol))?;
    call(&SockRef::from(&borrowed))
}

/// Returns an error if it is not a TCP socket.
pub fn check_tcp(socket: &SockRef<'_>) -> Result<(), Error> {
    if sys::is_tcp(socket).map_err(Error::of(SocketOption::Protocol))? { Ok(()) } else { Err(Error::NotTcp) }
}

/// Why an option of a socket was refused: the socket is not a TCP socket, or otherwise `refusal`.
pub fn reason_for(socket: &SockRef<'_>, refusal: Error) -> Error {
    check_tcp(socket).err().unwrap_or(refusal)
}

/// A TCP socket of our own, closed when dropped.
pub fn fresh_tcp() -> Result<Socket, Error> {
    // One of the two families may be disabled on a machine.
    Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))
        .or_else(|_| Socket::new(Domain::IPV6, Type::STREAM, Some(Protocol::TCP)))
        .map_err(Error::of(SocketOption::Protocol))
}
