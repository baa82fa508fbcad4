//! Code that all Unix systems share.

use std::{
    io,
    mem::MaybeUninit,
    os::fd::{AsRawFd, BorrowedFd, RawFd},
    time::Duration,
};

use libc::{c_int, socklen_t};
use socket2::SockRef;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
use crate::State;
use crate::{Error, Settings};

#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "headers/bsd.rs"]
mod headers;

/// A descriptor of this system.
pub type RawSocket = RawFd;

pub fn borrow<'call>(raw: RawSocket) -> io::Result<BorrowedFd<'call>> {
    if raw < 0 {
        // socket2 asserts this, and a closed handle has the descriptor -1.
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: -1, the one value that `BorrowedFd` forbids, is excluded above. The descriptor may be closed or
    // something else than a socket: it is only handed to getsockopt and setsockopt, for which the kernel checks
    // that and answers EBADF or ENOTSOCK. It is not closed when the borrow ends.
    Ok(unsafe { BorrowedFd::borrow_raw(raw) })
}

pub fn raw(socket: &impl AsRawFd) -> RawSocket {
    socket.as_raw_fd()
}

pub fn enabled(socket: &SockRef<'_>) -> io::Result<bool> {
    socket.keepalive()
}

pub fn set_enabled(socket: &SockRef<'_>, enabled: bool) -> io::Result<()> {
    option::set_at(socket, libc::SOL_SOCKET, libc::SO_KEEPALIVE, enabled.into())
}

pub fn time(socket: &SockRef<'_>) -> io::Result<Duration> {
    socket.tcp_keepalive_time()
}

pub fn interval(socket: &SockRef<'_>) -> io::Result<Duration> {
    socket.tcp_keepalive_interval()
}

pub fn set_interval(socket: &SockRef<'_>, interval: Duration) -> io::Result<()> {
    option::set_seconds(socket, libc::TCP_KEEPINTVL, interval)
}

pub fn retries(socket: &SockRef<'_>) -> io::Result<u32> {
    socket.tcp_keepalive_retries()
}

pub fn set_retries(socket: &SockRef<'_>, retries: u32) -> io::Result<()> {
    option::set(socket, libc::TCP_KEEPCNT, c_int::try_from(retries).unwrap_or(c_int::MAX))
}

/// These systems have no other way, so the refusal stands.
pub fn set_probes_otherwise(_: &SockRef<'_>, _: &Settings, refusal: Error) -> Result<(), Error> {
    Err(refusal)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn rto_max(_: &SockRef<'_>) -> io::Result<Duration> {
    Err(io::Error::from_raw_os_error(libc::ENOPROTOOPT))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn set_rto_max(_: &SockRef<'_>, _: Duration) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOPROTOOPT))
}

/// Every descriptor number that may be open. /dev/fd lists the open ones, but FreeBSD has it only if fdescfs(5) is mounted, and the code
/// for it makes the binary of macOS 16 KB larger.
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

/// Reads an option of the TCP level that is a structure of numbers. Also returns how many of its bytes the kernel wrote: kernels of
/// different age write different lengths. Bytes that are not written are zero.
///
/// # Safety
///
/// `T` holds integers only, so that any bytes are a value of it.
// SAFETY: the kernel writes any bytes into a `T`; the callers' structures hold integers only.
pub unsafe fn structure<T>(socket: &SockRef<'_>, name: c_int) -> io::Result<(T, usize)> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut size = socklen_t::try_from(size_of::<T>()).unwrap_or_default();
    let place = value.as_mut_ptr().cast();
    // SAFETY: `value` and `size` live over the call, and `size` says how large `value` is.
    let result =
        unsafe { libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, name, place, &raw mut size) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: every byte was zeroed, and the caller says that any bytes are a value.
    let value = unsafe { value.assume_init() };
    Ok((value, usize::try_from(size).unwrap_or_default()))
}

/// `TCPS_*` of `netinet/tcp_fsm.h`, the same on macOS and FreeBSD.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub const fn bsd_state(number: u8) -> State {
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

/// One integer option, by default of the TCP level, for options that socket2 does not have, or not separately.
pub mod option {
    use std::{io, os::fd::AsRawFd, ptr, time::Duration};

    use libc::{c_int, socklen_t};
    use socket2::SockRef;

    /// The size of a `c_int`, in the type of the sockets API.
    const SIZE: socklen_t = 4;

    pub fn get(socket: &SockRef<'_>, name: c_int) -> io::Result<c_int> {
        get_at(socket, libc::IPPROTO_TCP, name)
    }

    pub fn set(socket: &SockRef<'_>, name: c_int, value: c_int) -> io::Result<()> {
        set_at(socket, libc::IPPROTO_TCP, name, value)
    }

    pub fn get_at(socket: &SockRef<'_>, level: c_int, name: c_int) -> io::Result<c_int> {
        let mut value: c_int = 0;
        let mut size = SIZE;
        // SAFETY: `value` and `size` live over the call, and `size` says how large `value` is.
        let result = unsafe {
            libc::getsockopt(socket.as_raw_fd(), level, name, ptr::from_mut(&mut value).cast(), &raw mut size)
        };
        if result == 0 { Ok(value) } else { Err(io::Error::last_os_error()) }
    }

    pub fn set_at(socket: &SockRef<'_>, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
        // SAFETY: `value` lives over the call, and SIZE says how large it is.
        let result =
            unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, ptr::from_ref(&value).cast(), SIZE) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// In whole seconds. The system refuses values that are too long for the option.
    pub fn set_seconds(socket: &SockRef<'_>, name: c_int, value: Duration) -> io::Result<()> {
        set(socket, name, c_int::try_from(value.as_secs()).unwrap_or(c_int::MAX))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub fn get_seconds(socket: &SockRef<'_>, name: c_int) -> io::Result<Duration> {
        Ok(Duration::from_secs(u64::try_from(get(socket, name)?).unwrap_or_default()))
    }
}
