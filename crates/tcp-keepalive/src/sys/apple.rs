//! macOS: tcp(4) and `bsd/netinet/tcp.h` of xnu. Every duration is in seconds.

use std::{io, mem::MaybeUninit, time::Duration};

use libc::{c_char, c_int};
use socket2::{SockRef, Type};

pub use super::unix::{
    RawSocket, borrow, enabled, interval, own_descriptors, raw, readable, retries, rto_max,
    set_probes_otherwise, set_retries, set_rto_max, time,
};
use super::{
    unix::{self, bsd_state, option, structure},
    xnu_timer::{self, Keepalive, within},
};
use crate::{State, TcpInfo};

#[path = "headers/apple.rs"]
mod headers;

pub const PROTOCOL_NAME: &str = "SO_TYPE";
pub const TIME_NAME: &str = "TCP_KEEPALIVE";
pub const USER_TIMEOUT_NAME: &str = "TCP_RXT_CONNDROPTIME";
pub const ONLY_TCP_HAS_ITS_OPTIONS: bool = false;
pub const TCP_INFO_NAME: &str = "TCP_CONNECTION_INFO";
pub const CONNECT_TIMEOUT_NAME: &str = "TCP_CONNECTIONTIMEOUT";

/// `bsd/netinet/tcp.h`; the libc crate lacks it. `tcp_timers()` in `bsd/netinet/tcp_timer.c` looks at it when the retransmission
/// timer fires, and counts from the first retransmission; not while the peer's window is closed.
const TCP_RXT_CONNDROPTIME: c_int = 0x80;

/// There is no `SO_PROTOCOL`; a stream socket of the internet families is TCP.
pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    if socket.r#type()? != Type::STREAM {
        return Ok(false);
    }
    let address = socket.local_addr()?;
    Ok(address.is_ipv4() || address.is_ipv6())
}

/// `SO_ACCEPTCONN` cannot be read here, but a listener has no other end.
pub fn is_listener(socket: &SockRef<'_>) -> io::Result<bool> {
    match socket.peer_addr() {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(true),
        Err(error) => Err(error),
    }
}

impl Keepalive for SockRef<'_> {
    fn enabled(&self) -> io::Result<bool> {
        unix::enabled(self)
    }

    fn set_enabled(&self, enabled: bool) -> io::Result<()> {
        unix::set_enabled(self, enabled)
    }

    fn time(&self) -> io::Result<Duration> {
        unix::time(self)
    }

    /// No time is set on a listener on versions where that would end it. A listener does not need one: accepted sockets inherit its
    /// `SO_KEEPALIVE`, interval and retries, but not its time (`tcp_input()` in `bsd/netinet/tcp_input.c`).
    fn set_time(&self, time: Duration) -> io::Result<()> {
        let time = within(time)?;
        if tcp_info(self)?.state == State::Listen && ends_listeners() {
            return Ok(());
        }
        option::set_seconds(self, libc::TCP_KEEPALIVE, time)
    }
}

fn ends_listeners() -> bool {
    let mut names = MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: `names` has room for what the call writes, and lives over it.
    let result = unsafe { libc::uname(names.as_mut_ptr()) };
    // SAFETY: every byte was zeroed, and it holds characters only.
    let names = unsafe { names.assume_init() };
    result != 0 || xnu_timer::ends_listeners(names.release.map(c_char::cast_unsigned))
}

pub fn set_enabled(socket: &SockRef<'_>, enabled: bool) -> io::Result<()> {
    xnu_timer::set_enabled(socket, enabled)
}

pub fn set_time(socket: &SockRef<'_>, time: Duration) -> io::Result<()> {
    Keepalive::set_time(socket, time)
}

pub fn set_interval(socket: &SockRef<'_>, interval: Duration) -> io::Result<()> {
    unix::set_interval(socket, within(interval)?)
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    option::get_seconds(socket, TCP_RXT_CONNDROPTIME)
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    option::set_seconds(socket, TCP_RXT_CONNDROPTIME, within(super::whole_seconds(timeout))?)
}

/// `bsd/netinet/tcp.h`: "Connection timeout"; the libc crate lacks it. It also ends an attempt that has already begun
/// (`tcp_ctloutput()` in `bsd/netinet/tcp_usrreq.c`).
const TCP_CONNECTIONTIMEOUT: c_int = 0x20;

pub fn connect_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    option::get_seconds(socket, TCP_CONNECTIONTIMEOUT)
}

pub fn set_connect_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    option::set_seconds(socket, TCP_CONNECTIONTIMEOUT, within(super::whole_seconds(timeout))?)
}

/// `bsd/netinet/tcp.h`; the libc crate has the bits of Fast Open as numbers of their own, which moves what follows.
const TCP_CONNECTION_INFO: c_int = 0x106;

/// `struct tcp_connection_info` of `bsd/netinet/tcp.h` (xnu-7195, macOS 11, and later), up to what is read here.
#[repr(C)]
#[derive(Clone, Copy)]
struct Info {
    state: u8,
    _scales: [u8; 3],
    _options_to_flags: [u32; 2],
    rto_ms: u32,
    _maxseg_to_snd_cwnd: [u32; 3],
    snd_wnd: u32,
    snd_sbbytes: u32,
    _rcv_wnd_to_rttcur: [u32; 2],
    srtt_ms: u32,
    rttvar_ms: u32,
    _fast_open: u32,
    _txpackets_to_txbytes: [u64; 2],
    txretransmitbytes: u64,
}

/// Unacknowledged bytes include unsent ones. Silence and probes are not reported. The retransmission timeout is reported only while
/// its timer runs, and is 0 otherwise (`tcp_connection_fill_info()` in `bsd/netinet/tcp_usrreq.c`).
pub fn tcp_info(socket: &SockRef<'_>) -> io::Result<TcpInfo> {
    // SAFETY: `Info` holds integers and arrays of integers.
    let (info, _) = unsafe { structure::<Info>(socket, TCP_CONNECTION_INFO) }?;
    Ok(TcpInfo {
        total_retransmits: Some(info.txretransmitbytes),
        unacknowledged: Some(info.snd_sbbytes),
        send_window: Some(info.snd_wnd),
        window_limited: None,
        round_trip: Some(Duration::from_millis(info.srtt_ms.into())),
        round_trip_variance: Some(Duration::from_millis(info.rttvar_ms.into())),
        retransmission_timeout: (info.rto_ms > 0).then(|| Duration::from_millis(info.rto_ms.into())),
        ..TcpInfo::of(bsd_state(info.state))
    })
}
