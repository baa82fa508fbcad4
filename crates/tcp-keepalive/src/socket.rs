//! From a raw descriptor to a TCP socket that is safe to ask.

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::{
    Error, SocketOption,
    sys::{self, RawSocket},
};

/// Lends the TCP socket `raw` to `call`, and to nothing after it.
///
/// Nothing here owns or closes the descriptor; it is looked at anew in each call, as its number may mean another
/// file by then.
pub fn with_tcp<T>(raw: RawSocket, call: impl FnOnce(&SockRef<'_>) -> Result<T, Error>) -> Result<T, Error> {
    with_any(raw, |socket| {
        check_tcp(socket)?;
        call(socket)
    })
}

/// Lends whatever `raw` is to `call`, which has to find out itself.
pub fn with_any<T>(raw: RawSocket, call: impl FnOnce(&SockRef<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let borrowed = sys::borrow(raw).map_err(Error::of(SocketOption::Protocol))?;
    call(&SockRef::from(&borrowed))
}

/// Refuses what is not a TCP socket.
pub fn check_tcp(socket: &SockRef<'_>) -> Result<(), Error> {
    if sys::is_tcp(socket).map_err(Error::of(SocketOption::Protocol))? { Ok(()) } else { Err(Error::NotTcp) }
}

/// Why an option of a socket was refused: because it is not a TCP socket, or else `refusal`.
pub fn reason_for(socket: &SockRef<'_>, refusal: Error) -> Error {
    check_tcp(socket).err().unwrap_or(refusal)
}

/// A TCP socket of our own, closed when dropped.
pub fn fresh_tcp() -> Result<Socket, Error> {
    // A machine may have one of the two families switched off.
    Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))
        .or_else(|_| Socket::new(Domain::IPV6, Type::STREAM, Some(Protocol::TCP)))
        .map_err(Error::of(SocketOption::Protocol))
}
