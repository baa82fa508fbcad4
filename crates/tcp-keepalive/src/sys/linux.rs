//! Linux: tcp(7). The user timeout is in milliseconds, the other durations in seconds.

use std::{fs::File, io, io::Read, time::Duration};

use libc::c_int;
use socket2::{Protocol, SockRef};

pub use super::unix::{RawSocket, borrow, interval, readable, set_probes, time};
use super::unix::{option, structure};
use crate::{State, TcpInfo};

pub const PROTOCOL_NAME: &str = "SO_PROTOCOL";
pub const TIME_NAME: &str = "TCP_KEEPIDLE";
pub const USER_TIMEOUT_NAME: &str = "TCP_USER_TIMEOUT";
pub const TCP_INFO_NAME: &str = "TCP_INFO";

/// `EOPNOTSUPP` of a Unix-domain socket (`net/unix/af_unix.c` has no `setsockopt`), `ENOPROTOOPT` of a datagram or raw
/// socket (`ip_setsockopt()` in `net/ipv4/ip_sockglue.c`) and of most families, `EINVAL` of a few, `ENOTSOCK` of a file.
///
/// Two families take them: TIPC ignores them (`net/tipc/socket.c`), and SMC hands them to the TCP connection beside its
/// own (`smc_setsockopt()` in `net/smc/af_smc.c`). Node makes no sockets of either; but where `smc_run` puts SMC in TCP's
/// place, a set succeeds, whether or not `smc_set_keepalive()` of that kernel lets the connection probe, and a read says
/// that it is not TCP.
pub const ONLY_TCP_HAS_ITS_OPTIONS: bool = true;

/// Multipath TCP counts: it has every option but the user timeout (net/mptcp/sockopt.c).
pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(matches!(socket.protocol()?, Some(Protocol::TCP | Protocol::MPTCP)))
}

pub fn is_listener(socket: &SockRef<'_>) -> io::Result<bool> {
    socket.is_listener()
}

/// Every number that may be open: those that the process's table of descriptors has room for. A closed one costs a
/// third of an open one to ask; to list the folder /proc/self/fd costs several times as much.
pub fn own_descriptors() -> impl Iterator<Item = RawSocket> {
    /// For a process that cannot see /proc.
    const UNKNOWN: RawSocket = 1 << 16;
    0..table_size().unwrap_or(UNKNOWN)
}

/// `FDSize` of `proc_pid_status(5)`, which is among its first lines.
fn table_size() -> Option<RawSocket> {
    const NAME: &[u8] = b"\nFDSize:\t";
    let mut beginning = [0; 1024];
    let read = File::open("/proc/self/status").ok()?.read(&mut beginning).ok()?;
    let status = beginning.get(..read)?;
    let start = status.windows(NAME.len()).position(|window| window == NAME)? + NAME.len();
    let mut digits = status.iter().skip(start).take_while(|byte| byte.is_ascii_digit());
    digits.try_fold(0, |size: RawSocket, &digit| size.checked_mul(10)?.checked_add((digit - b'0').into()))
}

pub fn set_time(socket: &SockRef<'_>, time: Duration) -> io::Result<()> {
    option::set(socket, libc::TCP_KEEPIDLE, c_int::try_from(time.as_secs()).unwrap_or(c_int::MAX))
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    Ok(socket.tcp_user_timeout()?.unwrap_or_default())
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(timeout))
}

/// The beginning of `struct tcp_info` in include/uapi/linux/tcp.h, which has been the same since Linux 2.6.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Info {
    state: u8,
    _ca_state: u8,
    retransmits: u8,
    probes: u8,
    _backoff_to_app_limited: [u8; 4],
    rto_us: u32,
    _ato_to_rcv_mss: [u32; 3],
    unacked: u32,
    _sacked_to_last_ack_sent: [u32; 6],
    last_data_recv_ms: u32,
    last_ack_recv_ms: u32,
    _pmtu_to_rcv_ssthresh: [u32; 2],
    rtt_us: u32,
    rttvar_us: u32,
    _snd_ssthresh_to_rcv_space: [u32; 6],
    total_retrans: u32,
}

/// The silence is what `tcp_keepalive_timer()` counts (`keepalive_time_elapsed()` in include/net/tcp.h). Before there is
/// a connection the numbers mean nothing.
pub fn tcp_info(socket: &SockRef<'_>) -> io::Result<TcpInfo> {
    let info = structure(socket, libc::TCP_INFO, Info::default())?;
    let state = state(info.state);
    // A connection that was lost still knows when its peer was last heard; a round trip tells that there was one.
    let silence = (info.rtt_us > 0)
        .then(|| Duration::from_millis(info.last_data_recv_ms.min(info.last_ack_recv_ms).into()));
    if matches!(state, State::Closed | State::Listen | State::SynSent) {
        return Ok(TcpInfo { silence, ..TcpInfo::of(state) });
    }
    Ok(TcpInfo {
        state,
        silence,
        unanswered_probes: Some(info.probes.into()),
        retransmits: Some(info.retransmits.into()),
        total_retransmits: Some(info.total_retrans.into()),
        unacknowledged: Some(info.unacked),
        round_trip: Some(Duration::from_micros(info.rtt_us.into())),
        round_trip_variance: Some(Duration::from_micros(info.rttvar_us.into())),
        retransmission_timeout: Some(Duration::from_micros(info.rto_us.into())),
    })
}

/// `include/net/tcp_states.h`
fn state(number: u8) -> State {
    match number {
        1 => State::Established,
        2 => State::SynSent,
        3 | 12 => State::SynReceived,
        4 => State::FinWait1,
        5 => State::FinWait2,
        6 => State::TimeWait,
        8 => State::CloseWait,
        9 => State::LastAck,
        10 => State::Listen,
        11 => State::Closing,
        _ => State::Closed,
    }
}
