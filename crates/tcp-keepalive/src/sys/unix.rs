//! What the Unix systems have in common.

use std::{
    io,
    os::fd::{BorrowedFd, RawFd},
    time::Duration,
};

use socket2::SockRef;

/// A descriptor of this system.
pub type RawSocket = RawFd;

pub fn borrow<'call>(raw: RawSocket) -> io::Result<BorrowedFd<'call>> {
    if raw < 0 {
        // socket2 asserts this, and a descriptor of -1 is what a closed handle says.
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: -1, the one value that `BorrowedFd` forbids, is excluded above. The descriptor may be closed or
    // something else than a socket: it is only handed to getsockopt and setsockopt, for which the kernel checks
    // that and answers EBADF or ENOTSOCK. It is not closed when the borrow ends.
    Ok(unsafe { BorrowedFd::borrow_raw(raw) })
}

pub fn time(socket: &SockRef<'_>) -> io::Result<Duration> {
    socket.tcp_keepalive_time()
}

pub fn interval(socket: &SockRef<'_>) -> io::Result<Duration> {
    socket.tcp_keepalive_interval()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn set_probes(
    socket: &SockRef<'_>,
    probes: &socket2::TcpKeepalive,
    _: &crate::Settings,
) -> io::Result<()> {
    socket.set_tcp_keepalive(probes)
}

/// An option that this kind of TCP socket, or this version of the system, does not have reads as `None`.
pub fn readable<T>(value: io::Result<T>) -> io::Result<Option<T>> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOPROTOOPT | libc::EOPNOTSUPP)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// One integer option of the TCP level, for those that socket2 does not know, or not alone.
pub mod option {
    use std::{io, os::fd::AsRawFd, ptr};

    use libc::{c_int, socklen_t};
    use socket2::SockRef;

    /// Of a `c_int`, as the sockets API counts it.
    const SIZE: socklen_t = 4;

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub fn get(socket: &SockRef<'_>, name: c_int) -> io::Result<c_int> {
        let mut value: c_int = 0;
        let mut size = SIZE;
        // SAFETY: `value` and `size` live over the call, and `size` says how large `value` is.
        let result = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::IPPROTO_TCP,
                name,
                ptr::from_mut(&mut value).cast(),
                &raw mut size,
            )
        };
        if result == 0 { Ok(value) } else { Err(io::Error::last_os_error()) }
    }

    pub fn set(socket: &SockRef<'_>, name: c_int, value: c_int) -> io::Result<()> {
        // SAFETY: `value` lives over the call, and SIZE says how large it is.
        let result = unsafe {
            libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, name, ptr::from_ref(&value).cast(), SIZE)
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}
