//! What the Unix systems have in common.

use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd, RawFd},
    ptr,
    time::Duration,
};

use libc::{c_int, socklen_t};
use socket2::{SockRef, TcpKeepalive};

use crate::Settings;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use crate::State;

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

pub fn set_probes(socket: &SockRef<'_>, probes: &TcpKeepalive, _: &Settings) -> io::Result<()> {
    socket.set_tcp_keepalive(probes)
}

/// Every number that may be open. To list /dev/fd would say which are, but FreeBSD has it only where fdescfs(5) is
/// mounted, and the code for it makes the binary of macOS 16 KB larger.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn own_descriptors() -> impl Iterator<Item = RawSocket> {
    // SAFETY: it takes nothing and only tells the limit.
    let limit = unsafe { libc::getdtablesize() };
    0..limit
}

/// An option that this kind of TCP socket, or this version of the system, does not have reads as `None`.
pub fn readable<T>(value: io::Result<T>) -> io::Result<Option<T>> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOPROTOOPT | libc::EOPNOTSUPP)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An option of the TCP level that is a structure of numbers. Kernels of different age know different lengths of it:
/// what this one does not write stays as it is in `value`.
pub fn structure<T: Copy>(socket: &SockRef<'_>, name: c_int, mut value: T) -> io::Result<T> {
    let mut size = socklen_t::try_from(size_of::<T>()).unwrap_or_default();
    let place = ptr::from_mut(&mut value).cast();
    // SAFETY: `value` and `size` live over the call, and `size` says how large `value` is. The callers' structures
    // hold integers only, so whatever bytes are written are a value of theirs.
    let result =
        unsafe { libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, name, place, &raw mut size) };
    if result == 0 { Ok(value) } else { Err(io::Error::last_os_error()) }
}

/// `TCPS_*` of `netinet/tcp_fsm.h`, the same on macOS and FreeBSD.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn bsd_state(number: u8) -> State {
    match number {
        1 => State::Listen,
        2 => State::SynSent,
        3 => State::SynReceived,
        4 => State::Established,
        5 => State::CloseWait,
        6 => State::FinWait1,
        7 => State::Closing,
        8 => State::LastAck,
        9 => State::FinWait2,
        10 => State::TimeWait,
        _ => State::Closed,
    }
}

/// One integer option of the TCP level, for those that socket2 does not know, or not by themselves.
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
