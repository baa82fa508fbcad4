//! Linux: the sockets of another process. `pidfd_open(2)` and `pidfd_getfd(2)` duplicate them, from Linux 5.6 on.

use std::{
    fs::{self, File},
    io,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::fs::MetadataExt,
    },
};

use libc::{c_int, c_long};

use crate::RawSocket;

/// A process whose sockets can be read.
#[derive(Debug)]
pub struct Process(OwnedFd);

impl Process {
    /// Opens the process `pid`.
    ///
    /// # Errors
    ///
    /// `ESRCH` if there is no such process; `ENOSYS` before Linux 5.6; `EINVAL` for this process itself, because closing the duplicate
    /// of a file would release this process's locks on it (`F_SETLK` in `fcntl(2)`). Locks of another process are not affected.
    pub fn open(pid: u32) -> io::Result<Self> {
        let pid = c_int::try_from(pid).map_err(|_| io::Error::from_raw_os_error(libc::ESRCH))?;
        if pid.unsigned_abs() == std::process::id() {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        pidfd_open(pid).map(Self)
    }

    /// Lends a duplicate of the descriptor `raw` of that process to `call`, with its inode. The duplicate is closed right afterwards,
    /// because the peer gets no FIN while it exists. That close may wait: see [`close_elsewhere`].
    ///
    /// # Errors
    ///
    /// `EPERM` without the rights of `ptrace(2)`; `EBADF` if that descriptor is not open.
    pub fn lend<T>(&self, raw: RawSocket, call: impl FnOnce(RawFd, u64) -> T) -> io::Result<T> {
        let duplicate = File::from(pidfd_getfd(&self.0, raw)?);
        let inode = duplicate.metadata()?.ino();
        Ok(call(duplicate.as_raw_fd(), inode))
    }
}

/// A duplicate of the descriptor `raw` of the process `pid`, to be closed by [`close_elsewhere`]. The process may be this one.
///
/// # Errors
///
/// As [`Process::open`] and [`Process::lend`].
pub fn duplicate_of(pid: c_int, raw: RawSocket) -> io::Result<OwnedFd> {
    pidfd_getfd(&pidfd_open(pid)?, raw)
}

/// Closes a duplicate of another process's socket, in a thread. If its owner has closed it meanwhile, this is the last close, which
/// waits for as long as `SO_LINGER` says. Returns once it is closed, or after a moment.
#[inline] // compiled where it is called, for size: Cargo.toml
pub fn close_elsewhere(duplicate: OwnedFd) {
    let closed = super::ask(move |answer| {
        drop(duplicate);
        answer(Ok(()));
    });
    // If no thread could be started, it is closed by now.
    let _ = closed.map(|closed| closed.wait(super::PATIENCE));
}

fn pidfd_open(pid: c_int) -> io::Result<OwnedFd> {
    // SAFETY: it takes numbers only.
    let answer = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    // SAFETY: what the kernel has just made is nobody else's.
    unsafe { owned(answer) }
}

fn pidfd_getfd(process: &OwnedFd, raw: RawSocket) -> io::Result<OwnedFd> {
    // SAFETY: it takes numbers only.
    let answer = unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), raw, 0) };
    // SAFETY: as above.
    unsafe { owned(answer) }
}

/// The descriptors of a process that are sockets of any kind. This only reads /proc, so it needs fewer rights than [`Process`].
///
/// - `pid`: the PID in /proc, which may be of another namespace.
///
/// # Errors
///
/// `ENOENT` if there is no such process; `EACCES` without the rights of `ptrace(2)` to read.
pub fn socket_descriptors(pid: u32) -> io::Result<Vec<RawSocket>> {
    let mut descriptors = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let entry = entry?;
        match fs::read_link(entry.path()) {
            Ok(target) if target.as_os_str().as_encoded_bytes().starts_with(b"socket:") => {
                descriptors
                    .extend(entry.file_name().to_str().and_then(|name| name.parse::<RawSocket>().ok()));
            }
            // Closed meanwhile.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(descriptors)
}

/// Converts the result of a system call that makes a descriptor.
///
/// # Safety
///
/// An answer of 0 or more is a descriptor that nobody else owns.
// SAFETY: the callers hand in what a system call that makes a descriptor has just answered.
unsafe fn owned(answer: c_long) -> io::Result<OwnedFd> {
    match RawFd::try_from(answer) {
        // SAFETY: the caller says so.
        Ok(raw) if raw >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(raw) }),
        _ => Err(io::Error::last_os_error()),
    }
}
