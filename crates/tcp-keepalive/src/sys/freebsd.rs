//! FreeBSD: tcp(4). Every duration is in seconds.

use std::{io, time::Duration};

use libc::tcp_info as Info;
use socket2::{Protocol, SockRef};

pub use super::unix::{
    RawSocket, borrow, enabled, interval, own_descriptors, raw, readable, retries, rto_max, set_enabled,
    set_interval, set_probes_otherwise, set_retries, set_rto_max, time,
};
use super::unix::{bsd_state, option, structure};
use crate::{State, TcpInfo};

#[path = "headers/freebsd.rs"]
mod headers;

pub const PROTOCOL_NAME: &str = "SO_PROTOCOL";
pub const TIME_NAME: &str = "TCP_KEEPIDLE";
pub const USER_TIMEOUT_NAME: &str = "TCP_MAXUNACKTIME";
pub const ONLY_TCP_HAS_ITS_OPTIONS: bool = false;
pub const TCP_INFO_NAME: &str = "TCP_INFO";
pub const CONNECT_TIMEOUT_NAME: &str = "TCP_KEEPINIT";

pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(socket.protocol()? == Some(Protocol::TCP))
}

pub fn is_listener(socket: &SockRef<'_>) -> io::Result<bool> {
    socket.is_listener()
}

pub fn set_time(socket: &SockRef<'_>, time: Duration) -> io::Result<()> {
    option::set_seconds(socket, libc::TCP_KEEPIDLE, time)
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    option::get_seconds(socket, libc::TCP_MAXUNACKTIME)
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    option::set_seconds(socket, libc::TCP_MAXUNACKTIME, super::whole_seconds(timeout))
}

pub fn connect_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    option::get_seconds(socket, libc::TCP_KEEPINIT)
}

/// It also ends an attempt that has already begun (`tcp_default_ctloutput()` in `sys/netinet/tcp_usrreq.c`).
pub fn set_connect_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    option::set_seconds(socket, libc::TCP_KEEPINIT, super::whole_seconds(timeout))
}

/// `tcp_fill_info()` in `sys/netinet/tcp_usrreq.c`. All times are in microseconds. The last receipt is that of any segment. Probes are
/// not reported.
pub fn tcp_info(socket: &SockRef<'_>) -> io::Result<TcpInfo> {
    // SAFETY: `Info` holds integers and arrays of integers.
    let (info, _) = unsafe { structure::<Info>(socket, libc::TCP_INFO) }?;
    let state = bsd_state(info.tcpi_state);
    if matches!(state, State::Closed | State::Listen | State::SynSent) {
        return Ok(TcpInfo::of(state));
    }
    let silence = Duration::from_micros(info.tcpi_last_data_recv.into());
    Ok(TcpInfo {
        silence: super::wrapping::whole(silence, longest_silence(socket)?),
        send_window: Some(info.tcpi_snd_wnd),
        window_limited: None,
        total_retransmits: Some(info.tcpi_snd_rexmitpack.into()),
        round_trip: Some(Duration::from_micros(info.tcpi_rtt.into())),
        round_trip_variance: Some(Duration::from_micros(info.tcpi_rttvar.into())),
        retransmission_timeout: Some(Duration::from_micros(info.tcpi_rto.into())),
        ..TcpInfo::of(state)
    })
}

/// The silence after which keepalive ends the connection with its current values; `None` if it never does.
fn longest_silence(socket: &SockRef<'_>) -> io::Result<Option<Duration>> {
    if !enabled(socket)? {
        return Ok(None);
    }
    let probing = interval(socket)?.checked_mul(retries(socket)?);
    Ok(probing.and_then(|probing| time(socket).ok()?.checked_add(probing)))
}
