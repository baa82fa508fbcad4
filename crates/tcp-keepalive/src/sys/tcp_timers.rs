//! Linux: reads which timer runs for each connection in this network namespace, and the listeners, by `sock_diag(7)`, as ss(8)
//! does. The alternative, /proc/net/tcp, costs four times as much, because it is text.

use std::{
    io::{self, Read},
    time::Duration,
};

use libc::c_int;
use socket2::{Domain, Protocol, Socket, Type};

/// A connection's timer, as reported by `inet_sk_diag_fill()` of `net/ipv4/inet_diag.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpTimer {
    /// The inode of the socket.
    pub inode: u32,
    /// 0 none, 1 retransmission, 2 keepalive, 3 time wait, 4 probes of a closed window: the numbers of /proc/net/tcp.
    pub which: u8,
    /// The time until it fires.
    pub expires: Duration,
}

/// `include/uapi/linux/sock_diag.h`.
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// `include/uapi/linux/netlink.h`: the length of a header, and the types of the last message.
const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

/// `struct inet_diag_req_v2` of `include/uapi/linux/inet_diag.h`.
const REQUEST: usize = 56;

/// The states with a peer that a descriptor can have, as bits (`include/net/tcp_states.h`): all but time wait, closed, listening,
/// and the requests of a listener.
const CONNECTED: u32 = 0xfff & !(1 << 6 | 1 << 7 | 1 << 10 | 1 << 12);

/// The largest buffer that the kernel fills at once (`netlink_recvmsg()` in `net/netlink/af_netlink.c`).
const BUFFER: usize = 32 * 1024;

/// The bit of the listening state.
const LISTENING: u32 = 1 << 10;

/// Calls `call` with the timer of each connection in the calling thread's network namespace.
///
/// # Errors
///
/// If the system, or a sandbox, has no `NETLINK_SOCK_DIAG`, or not for TCP (`ENOENT`).
pub fn tcp_timers(mut call: impl FnMut(TcpTimer)) -> io::Result<()> {
    sockets_in(CONNECTED, &mut |message| timer(message).into_iter().for_each(&mut call))
}

/// Calls `call` with the port of each listener in the calling thread's network namespace. For this the kernel goes only through its
/// listeners. For /proc/net/tcp6 it also goes through all connections to find the first of IPv6 (`inet_diag_dump_icsk()` in
/// `net/ipv4/inet_diag.c`, `tcp_get_idx()` in `net/ipv4/tcp_ipv4.c`).
///
/// # Errors
///
/// As [`tcp_timers`].
pub fn listeners(call: &mut dyn FnMut(u16)) -> io::Result<()> {
    sockets_in(LISTENING, &mut |message| port(message).into_iter().for_each(&mut *call))
}

/// Calls `call` with the `struct inet_diag_msg` of each TCP socket that is in one of `states`.
fn sockets_in(states: u32, call: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let protocol = Protocol::from(libc::NETLINK_SOCK_DIAG);
    let socket = Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(protocol))?;
    for family in [libc::AF_INET, libc::AF_INET6] {
        socket.send(&request(family, states))?;
        let mut buffer = vec![0; BUFFER];
        loop {
            let length = (&socket).read(&mut buffer)?;
            if messages(buffer.get(..length).unwrap_or_default(), call)? {
                break;
            }
        }
    }
    Ok(())
}

fn request(family: c_int, states: u32) -> [u8; HEADER + REQUEST] {
    let mut bytes = [0; HEADER + REQUEST];
    let mut put = |at: usize, value: &[u8]| {
        for (place, byte) in bytes.iter_mut().skip(at).zip(value) {
            *place = *byte;
        }
    };
    let flags = u16::try_from(libc::NLM_F_REQUEST | libc::NLM_F_DUMP).unwrap_or_default();
    put(0, &72_u32.to_ne_bytes()); // nlmsg_len: HEADER + REQUEST
    put(4, &SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    put(6, &flags.to_ne_bytes());
    put(
        HEADER,
        &[u8::try_from(family).unwrap_or_default(), u8::try_from(libc::IPPROTO_TCP).unwrap_or_default()],
    );
    put(HEADER + 4, &states.to_ne_bytes()); // idiag_states
    bytes
}

/// Reads the messages of one answer. Returns whether it was the last.
fn messages(mut bytes: &[u8], call: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
    while let (Some(length), Some(kind)) = (word(bytes, 0), word(bytes, 4)) {
        let length = usize::try_from(length).unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "nlmsg_type is the half that comes first in memory"
        )]
        let kind = if cfg!(target_endian = "little") { kind as u16 } else { (kind >> 16) as u16 };
        match kind {
            // An error during a dump is reported at its end, for example if the kernel has no tcp_diag.
            NLMSG_DONE if word(bytes, HEADER).is_some_and(|number| number.cast_signed() < 0) => {
                return Err(refusal(bytes));
            }
            NLMSG_DONE => return Ok(true),
            NLMSG_ERROR => return Err(refusal(bytes)),
            SOCK_DIAG_BY_FAMILY => call(bytes.get(HEADER..).unwrap_or_default()),
            _ => {}
        }
        // NLMSG_ALIGN.
        bytes = bytes.get(length.max(HEADER).next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(false)
}

/// `struct nlmsgerr`: the error number, negative.
fn refusal(message: &[u8]) -> io::Error {
    let number = word(message, HEADER).map_or(0, u32::cast_signed);
    io::Error::from_raw_os_error(number.wrapping_neg())
}

/// `struct inet_diag_msg`: `id.idiag_sport`, in the order of the network, is at 4.
fn port(message: &[u8]) -> Option<u16> {
    message.get(4..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

/// `struct inet_diag_msg`: the timer is its third byte, `idiag_expires` is at 52 and `idiag_inode` at 68.
fn timer(message: &[u8]) -> Option<TcpTimer> {
    let expires = word(message, 52)?.into();
    Some(TcpTimer {
        inode: word(message, 68)?,
        which: *message.get(2)?,
        expires: Duration::from_millis(expires),
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use std::{
        net::{TcpListener, TcpStream},
        os::{fd::AsRawFd, unix::fs::MetadataExt},
    };

    use super::*;

    #[test]
    fn the_keepalive_timer_is_reported_only_for_a_connection_that_has_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let plain = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let options = socket2::TcpKeepalive::new().with_time(Duration::from_secs(100));
        socket2::SockRef::from(&stream).set_tcp_keepalive(&options).unwrap();
        let inode = |descriptor: i32| {
            let inode = std::fs::metadata(format!("/proc/self/fd/{descriptor}")).unwrap().ino();
            u32::try_from(inode).unwrap()
        };
        let mut seen = Vec::new();
        tcp_timers(|timer| seen.push(timer)).unwrap();
        let of = |descriptor: i32| seen.iter().find(|timer| timer.inode == inode(descriptor));
        let timer = of(stream.as_raw_fd()).unwrap();
        assert_eq!(timer.which, 2);
        assert!(timer.expires <= Duration::from_secs(100) && timer.expires > Duration::from_secs(10));
        assert_eq!(of(plain.as_raw_fd()).unwrap().which, 0);
        assert_eq!(of(listener.as_raw_fd()), None);
    }

    #[test]
    fn the_ports_of_listeners_are_reported_and_those_of_connections_are_not() {
        let all = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("[::1]:0").unwrap()];
        let stream = TcpStream::connect(all[0].local_addr().unwrap()).unwrap();
        let mut ports = Vec::new();
        listeners(&mut |port| ports.push(port)).unwrap();
        assert!(all.iter().all(|listener| ports.contains(&listener.local_addr().unwrap().port())));
        assert!(!ports.contains(&stream.local_addr().unwrap().port()));
    }

    #[test]
    fn a_truncated_message_is_no_timer_and_a_refusal_is_an_error() {
        let mut count = 0;
        for length in 0..90 {
            let mut bytes = vec![0; length];
            for (place, byte) in bytes.iter_mut().zip([88, 0, 0, 0, 20]) {
                *place = byte;
            }
            assert!(
                !messages(&bytes, &mut |message| count += usize::from(timer(message).is_some())).unwrap()
            );
        }
        assert_eq!(count, 2); // of 88 and 89 bytes
        let mut bytes = [0; 36];
        bytes[..6].copy_from_slice(&[36, 0, 0, 0, 2, 0]);
        bytes[HEADER..HEADER + 4].copy_from_slice(&(-libc::ENOENT).to_ne_bytes());
        assert_eq!(messages(&bytes, &mut |_| {}).unwrap_err().raw_os_error(), Some(libc::ENOENT));
    }
}
