//! The sockets of another process. This process duplicates each descriptor (`pidfd_getfd`, Linux 5.6), for which it needs the
//! right to trace the other (ptrace(2), `PTRACE_MODE_ATTACH_REALCREDS`).

use std::fs;
use std::io::{Error, Result};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::options::{read, read_all};

/// A JSON object for each TCP socket that is connected.
pub fn read_sockets(pid: &str) -> Result<Vec<String>> {
    let process = open(pid.parse().map_err(Error::other)?)?;
    let mut found = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let entry = entry?;
        let names_socket =
            fs::read_link(entry.path()).is_ok_and(|link| link.to_string_lossy().starts_with("socket:"));
        let number = entry.file_name().to_string_lossy().parse().map_err(Error::other)?;
        if !names_socket {
            continue;
        }
        match duplicate(&process, number) {
            Ok(socket) => found.extend(describe(socket)),
            Err(error) if error.raw_os_error() == Some(libc::EBADF) => {} // closed meanwhile
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// `None` if it is not a connected TCP socket.
fn describe(socket: OwnedFd) -> Option<String> {
    let fd = socket.as_raw_fd();
    if read(fd, libc::SOL_SOCKET, libc::SO_PROTOCOL) != libc::IPPROTO_TCP {
        return None;
    }
    let stream = TcpStream::from(socket);
    let (local, peer) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
    let ports = format!("\"localPort\":{},\"peerPort\":{}", local.port(), peer.port());
    Some(format!("{{{ports},{}}}", read_all(fd)))
}

fn open(pid: libc::pid_t) -> Result<OwnedFd> {
    // SAFETY: pidfd_open(2) takes a number and flags, and touches no memory of ours.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })
}

fn duplicate(process: &OwnedFd, number: RawFd) -> Result<OwnedFd> {
    // SAFETY: pidfd_getfd(2) takes two descriptors and flags, and touches no memory of ours.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), number, 0) })
}

fn owned(result: libc::c_long) -> Result<OwnedFd> {
    let fd = RawFd::try_from(result).map_err(Error::other)?;
    if fd < 0 {
        return Err(Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us, and no other code has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
