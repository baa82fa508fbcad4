//! The options of one socket.

use std::os::fd::RawFd;

/// This system's option numbers of the time and of the user timeout, and the unit of the latter in milliseconds.
#[cfg(target_os = "linux")]
const OF_THE_SYSTEM: [libc::c_int; 3] = [libc::TCP_KEEPIDLE, libc::TCP_USER_TIMEOUT, 1];
/// `TCP_RXT_CONNDROPTIME` of `bsd/netinet/tcp.h` (xnu).
#[cfg(target_vendor = "apple")]
const OF_THE_SYSTEM: [libc::c_int; 3] = [libc::TCP_KEEPALIVE, 0x80, 1000];
#[cfg(target_os = "freebsd")]
const OF_THE_SYSTEM: [libc::c_int; 3] = [libc::TCP_KEEPIDLE, libc::TCP_MAXUNACKTIME, 1000];

/// The five values as members of a JSON object; -1 if the kernel refuses.
pub fn read_all(fd: RawFd) -> String {
    let [time, user_timeout, unit] = OF_THE_SYSTEM;
    // The BSDs return the option's own bit.
    let enabled = read(fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE).min(1);
    let user_timeout = match read(fd, libc::IPPROTO_TCP, user_timeout) {
        -1 => -1,
        count => count * unit,
    };
    let fields = [
        ("enabled", enabled),
        ("time", read(fd, libc::IPPROTO_TCP, time)),
        ("interval", read(fd, libc::IPPROTO_TCP, libc::TCP_KEEPINTVL)),
        ("retries", read(fd, libc::IPPROTO_TCP, libc::TCP_KEEPCNT)),
        ("userTimeout", user_timeout),
    ];
    fields.map(|(name, value)| format!("\"{name}\":{value}")).join(",")
}

/// `IP_MINTTL` and `IPV6_MINHOPCOUNT` (`include/uapi/linux/in.h`, `in6.h`).
#[cfg(target_os = "linux")]
pub fn read_hops(fd: RawFd) -> [libc::c_int; 2] {
    [read(fd, libc::IPPROTO_IP, 21), read(fd, libc::IPPROTO_IPV6, 73)]
}

/// -1 if the kernel refuses.
pub fn read(fd: RawFd, level: libc::c_int, option: libc::c_int) -> libc::c_int {
    const SIZE: libc::socklen_t = 4; // of a c_int, as the sockets API counts it
    let mut value: libc::c_int = 0;
    let mut size = SIZE;
    // SAFETY: `value` and `size` live over the call, and `size` says how large `value` is.
    let result = unsafe { libc::getsockopt(fd, level, option, (&raw mut value).cast(), &raw mut size) };
    if result == 0 { value } else { -1 }
}
