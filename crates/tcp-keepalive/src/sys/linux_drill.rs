//! What it takes to cut a connection off: ip(7), ipv6(7).

use std::io;

use libc::c_int;
use socket2::SockRef;

use super::unix::{option, structure};

/// `include/uapi/linux/in.h` and `in6.h`; the libc crate lacks them.
const IP_MINTTL: c_int = 21;
const IPV6_MINHOPCOUNT: c_int = 73;

pub fn min_ttl(socket: &SockRef<'_>) -> io::Result<c_int> {
    option::get_at(socket, libc::IPPROTO_IP, IP_MINTTL)
}

pub fn set_min_ttl(socket: &SockRef<'_>, least: c_int) -> io::Result<()> {
    option::set_at(socket, libc::IPPROTO_IP, IP_MINTTL, least)
}

pub fn min_hop_count(socket: &SockRef<'_>) -> io::Result<c_int> {
    option::get_at(socket, libc::IPPROTO_IPV6, IPV6_MINHOPCOUNT)
}

pub fn set_min_hop_count(socket: &SockRef<'_>, least: c_int) -> io::Result<()> {
    option::set_at(socket, libc::IPPROTO_IPV6, IPV6_MINHOPCOUNT, least)
}

/// The number by which the kernel knows a socket, unlike any other since the machine was started; Linux 4.12.
pub fn cookie(socket: &SockRef<'_>) -> io::Result<u64> {
    socket.cookie()
}

/// How many milliseconds ago data was last sent, and last received: `tcpi_last_data_sent` and `tcpi_last_data_recv`, words 11
/// and 13 of `struct tcp_info` (`include/uapi/linux/tcp.h`).
pub fn last_data(socket: &SockRef<'_>) -> io::Result<(u32, u32)> {
    // SAFETY: `[u32; 26]` holds integers only.
    let (words, _) = unsafe { structure::<[u32; 26]>(socket, libc::TCP_INFO) }?;
    Ok((words[11], words[13]))
}
