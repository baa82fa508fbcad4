//! The options that cut a connection off: ip(7), ipv6(7).

use std::io;

use libc::c_int;
use socket2::SockRef;

use super::unix::{option, structure};
use crate::LastData;

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

/// The kernel's number of a socket, unique since the machine was started. Linux 4.12.
pub fn cookie(socket: &SockRef<'_>) -> io::Result<u64> {
    socket.cookie()
}

/// Words 11, 13, 38 and 39 of `struct tcp_info` (`include/uapi/linux/tcp.h`): `tcpi_last_data_sent`, `tcpi_last_data_recv`,
/// `tcpi_data_segs_in` and `tcpi_data_segs_out`; the last two, 0 before Linux 4.6.
pub fn last_data(socket: &SockRef<'_>) -> io::Result<LastData> {
    // SAFETY: `[u32; 40]` holds integers only.
    let (words, _) = unsafe { structure::<[u32; 40]>(socket, libc::TCP_INFO) }?;
    Ok(LastData {
        sent_ms_ago: words[11],
        received_ms_ago: words[13],
        segments_sent: words[39],
        segments_received: words[38],
    })
}
