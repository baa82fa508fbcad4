//! The options of one socket.

use std::os::fd::RawFd;

/// The five values as members of a JSON object; -1 where the kernel refuses.
pub fn read_all(fd: RawFd) -> String {
    let fields = [
        ("enabled", libc::SOL_SOCKET, libc::SO_KEEPALIVE),
        ("time", libc::IPPROTO_TCP, libc::TCP_KEEPIDLE),
        ("interval", libc::IPPROTO_TCP, libc::TCP_KEEPINTVL),
        ("retries", libc::IPPROTO_TCP, libc::TCP_KEEPCNT),
        ("userTimeout", libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT),
    ];
    let members: Vec<String> = fields
        .iter()
        .map(|(name, level, option)| format!("\"{name}\":{}", read(fd, *level, *option)))
        .collect();
    members.join(",")
}

/// -1 where the kernel refuses.
pub fn read(fd: RawFd, level: libc::c_int, option: libc::c_int) -> libc::c_int {
    const SIZE: libc::socklen_t = 4; // of a c_int, as the sockets API counts it
    let mut value: libc::c_int = 0;
    let mut size = SIZE;
    // SAFETY: `value` and `size` live over the call, and `size` says how large `value` is.
    let result = unsafe { libc::getsockopt(fd, level, option, (&raw mut value).cast(), &raw mut size) };
    if result == 0 { value } else { -1 }
}
