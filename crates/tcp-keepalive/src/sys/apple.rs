//! macOS: tcp(4) and `bsd/netinet/tcp.h` of xnu. Every duration is in seconds.

use std::{io, time::Duration};

use libc::c_int;
use socket2::{SockRef, Type};

pub use super::unix::{RawSocket, borrow, interval, own_descriptors, readable, set_probes, time};
use super::unix::{bsd_state, option, structure};
use crate::TcpInfo;

pub const PROTOCOL_NAME: &str = "SO_TYPE";
pub const TIME_NAME: &str = "TCP_KEEPALIVE";
pub const USER_TIMEOUT_NAME: &str = "TCP_RXT_CONNDROPTIME";
pub const ONLY_TCP_HAS_ITS_OPTIONS: bool = false;
pub const TCP_INFO_NAME: &str = "TCP_CONNECTION_INFO";

/// `bsd/netinet/tcp.h`: "time after which tcp retransmissions will be stopped and the connection will be
/// dropped"; the libc crate lacks it.
const TCP_RXT_CONNDROPTIME: c_int = 0x80;

/// There is no `SO_PROTOCOL`; a stream socket of the internet families is TCP.
pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    if socket.r#type()? != Type::STREAM {
        return Ok(false);
    }
    let address = socket.local_addr()?;
    Ok(address.is_ipv4() || address.is_ipv6())
}

/// `SO_ACCEPTCONN` is not to be had here; a listener has no other end.
pub fn is_listener(socket: &SockRef<'_>) -> io::Result<bool> {
    match socket.peer_addr() {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(true),
        Err(error) => Err(error),
    }
}

pub fn set_time(socket: &SockRef<'_>, time: Duration) -> io::Result<()> {
    option::set(socket, libc::TCP_KEEPALIVE, c_int::try_from(time.as_secs()).unwrap_or(c_int::MAX))
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    let seconds = option::get(socket, TCP_RXT_CONNDROPTIME)?;
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    let seconds = c_int::try_from(timeout.as_secs()).unwrap_or(c_int::MAX);
    option::set(socket, TCP_RXT_CONNDROPTIME, seconds)
}

/// `bsd/netinet/tcp.h`; the libc crate has the bits of Fast Open as numbers of their own, which moves what follows.
const TCP_CONNECTION_INFO: c_int = 0x106;

/// `struct tcp_connection_info`, up to what is read here.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Info {
    state: u8,
    _scales: [u8; 3],
    _options_to_flags: [u32; 2],
    rto_ms: u32,
    _maxseg_to_snd_wnd: [u32; 4],
    snd_sbbytes: u32,
    _rcv_wnd_to_rttcur: [u32; 2],
    srtt_ms: u32,
    rttvar_ms: u32,
    _fast_open: u32,
    _txpackets_to_txbytes: [u64; 2],
    txretransmitbytes: u64,
}

/// What is unacknowledged counts with what is not sent yet. Silence and probes are not told.
pub fn tcp_info(socket: &SockRef<'_>) -> io::Result<TcpInfo> {
    let info = structure(socket, TCP_CONNECTION_INFO, Info::default())?;
    Ok(TcpInfo {
        total_retransmits: Some(info.txretransmitbytes),
        unacknowledged: Some(info.snd_sbbytes),
        round_trip: Some(Duration::from_millis(info.srtt_ms.into())),
        round_trip_variance: Some(Duration::from_millis(info.rttvar_ms.into())),
        retransmission_timeout: Some(Duration::from_millis(info.rto_ms.into())),
        ..TcpInfo::of(bsd_state(info.state))
    })
}
