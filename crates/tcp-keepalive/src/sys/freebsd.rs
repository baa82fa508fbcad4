//! FreeBSD: tcp(4). Every duration is in seconds.

use std::{io, time::Duration};

use libc::c_int;
use socket2::{Protocol, SockRef};

pub use super::unix::{RawSocket, borrow, interval, own_descriptors, readable, set_probes, time};
use super::unix::{bsd_state, option, structure};
use crate::{State, TcpInfo};

pub const PROTOCOL_NAME: &str = "SO_PROTOCOL";
pub const TIME_NAME: &str = "TCP_KEEPIDLE";
pub const USER_TIMEOUT_NAME: &str = "TCP_MAXUNACKTIME";
pub const ONLY_TCP_HAS_ITS_OPTIONS: bool = false;
pub const TCP_INFO_NAME: &str = "TCP_INFO";

pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(socket.protocol()? == Some(Protocol::TCP))
}

pub fn is_listener(socket: &SockRef<'_>) -> io::Result<bool> {
    socket.is_listener()
}

pub fn set_time(socket: &SockRef<'_>, time: Duration) -> io::Result<()> {
    option::set(socket, libc::TCP_KEEPIDLE, c_int::try_from(time.as_secs()).unwrap_or(c_int::MAX))
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    let seconds = option::get(socket, libc::TCP_MAXUNACKTIME)?;
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    let seconds = c_int::try_from(timeout.as_secs()).unwrap_or(c_int::MAX);
    option::set(socket, libc::TCP_MAXUNACKTIME, seconds)
}

/// The beginning of `struct tcp_info` in sys/netinet/tcp.h; every time is in microseconds.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Info {
    state: u8,
    _unused: [u8; 7],
    rto: u32,
    _ato_to_last_ack_sent: [u32; 10],
    last_data_recv: u32,
    _last_ack_recv_to_rcv_ssthresh: [u32; 3],
    rtt: u32,
    rttvar: u32,
    _snd_ssthresh_to_toe_tid: [u32; 11],
    snd_rexmitpack: u32,
}

/// `tcp_fill_info()` in sys/netinet/tcp_usrreq.c. The last receipt is that of any segment; probes are not told.
pub fn tcp_info(socket: &SockRef<'_>) -> io::Result<TcpInfo> {
    let info = structure(socket, libc::TCP_INFO, Info::default())?;
    let state = bsd_state(info.state);
    if matches!(state, State::Closed | State::Listen | State::SynSent) {
        return Ok(TcpInfo::of(state));
    }
    Ok(TcpInfo {
        silence: Some(Duration::from_micros(info.last_data_recv.into())),
        total_retransmits: Some(info.snd_rexmitpack.into()),
        round_trip: Some(Duration::from_micros(info.rtt.into())),
        round_trip_variance: Some(Duration::from_micros(info.rttvar.into())),
        retransmission_timeout: Some(Duration::from_micros(info.rto.into())),
        ..TcpInfo::of(state)
    })
}
