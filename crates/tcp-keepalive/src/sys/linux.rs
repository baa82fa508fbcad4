//! Linux: tcp(7). The user timeout is in milliseconds, the other durations in seconds.

use std::{
    fs::File,
    io::{self, Read},
    mem::offset_of,
    ops::Range,
    time::Duration,
};

use libc::c_int;
use socket2::{Protocol, SockRef};

pub use super::unix::{
    RawSocket, borrow, enabled, interval, raw, readable, retries, set_enabled, set_interval,
    set_probes_otherwise, set_retries, time,
};
use super::unix::{option, structure};
use crate::{State, TcpInfo};

#[path = "headers/linux.rs"]
mod headers;

pub const PROTOCOL_NAME: &str = "SO_PROTOCOL";
pub const TIME_NAME: &str = "TCP_KEEPIDLE";
pub const USER_TIMEOUT_NAME: &str = "TCP_USER_TIMEOUT";
pub const TCP_INFO_NAME: &str = "TCP_INFO";
/// It also bounds the time in `SYN_SENT` (`tcp_write_timeout()` in `net/ipv4/tcp_timer.c`).
pub const CONNECT_TIMEOUT_NAME: &str = USER_TIMEOUT_NAME;

/// Linux 6.15, `include/uapi/linux/tcp.h`; the libc crate lacks it.
const TCP_RTO_MAX_MS: c_int = 44;

/// `EOPNOTSUPP` of a Unix-domain socket (`net/unix/af_unix.c` has no `setsockopt`), `ENOPROTOOPT` of a datagram or raw
/// socket (`ip_setsockopt()` in `net/ipv4/ip_sockglue.c`) and of most families, `EINVAL` of a few, `ENOTSOCK` of a file.
///
/// Two families take them: TIPC ignores them (`net/tipc/socket.c`), and SMC hands them to the TCP connection beside its
/// own (`smc_setsockopt()` in `net/smc/af_smc.c`). Node makes no such sockets. Under `smc_run`, which puts SMC in TCP's
/// place, a set succeeds even if `smc_set_keepalive()` of that kernel does not let the connection probe, and a read reports that
/// it is not TCP.
pub const ONLY_TCP_HAS_ITS_OPTIONS: bool = true;

/// Multipath TCP counts: it has every option but the user timeout (net/mptcp/sockopt.c).
pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(matches!(socket.protocol()?, Some(Protocol::TCP | Protocol::MPTCP)))
}

pub fn is_listener(socket: &SockRef<'_>) -> io::Result<bool> {
    socket.is_listener()
}

/// Every descriptor number that may be open: as many as the process's descriptor table has room for. Reading from a closed one costs a
/// third of reading from an open one, and listing /proc/self/fd costs several times as much.
#[must_use]
pub fn own_descriptors() -> Range<RawSocket> {
    /// For a process without /proc.
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
    leading_number(status.get(start..)?)
}

/// The number at the beginning of a text; 0 if there is none.
pub fn leading_number(text: &[u8]) -> Option<RawSocket> {
    let mut digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.try_fold(0, |size: RawSocket, &digit| size.checked_mul(10)?.checked_add((digit - b'0').into()))
}

pub fn set_time(socket: &SockRef<'_>, time: Duration) -> io::Result<()> {
    option::set_seconds(socket, libc::TCP_KEEPIDLE, time)
}

pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    Ok(socket.tcp_user_timeout()?.unwrap_or_default())
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(timeout))
}

pub fn rto_max(socket: &SockRef<'_>) -> io::Result<Duration> {
    let millis = option::get(socket, TCP_RTO_MAX_MS)?;
    Ok(Duration::from_millis(u64::try_from(millis).unwrap_or_default()))
}

pub fn set_rto_max(socket: &SockRef<'_>, longest: Duration) -> io::Result<()> {
    option::set(socket, TCP_RTO_MAX_MS, c_int::try_from(longest.as_millis()).unwrap_or(c_int::MAX))
}

pub fn connect_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    user_timeout(socket)
}

pub fn set_connect_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    set_user_timeout(socket, timeout)
}

/// `struct tcp_info` of `include/uapi/linux/tcp.h` (Linux 6.18), up to what is read here. Each version appends to it, and
/// nothing in it ever moved: 104 bytes in Linux 2.6, `bytes_acked` since 4.1, `segs_in` since 4.2, `notsent_bytes`
/// and `data_segs_in` since 4.6, `rwnd_limited` since 4.10, `snd_wnd` since 5.4.
#[repr(C)]
#[derive(Clone, Copy)]
struct Info {
    state: u8,
    ca_state: u8,
    retransmits: u8,
    probes: u8,
    backoff: u8,
    _options_to_app_limited: [u8; 3],
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
    /// Two numbers of 64 bits.
    _pacing_rates: [u32; 4],
    bytes_acked: u64,
    _bytes_received_to_segs_out: [u32; 3],
    segs_in: u32,
    notsent_bytes: u32,
    _min_rtt: u32,
    data_segs_in: u32,
    _data_segs_out_to_busy_time: [u32; 5],
    rwnd_limited_us: u64,
    _sndbuf_limited_to_rcv_ooopack: [u32; 11],
    snd_wnd: u32,
}

pub fn tcp_info(socket: &SockRef<'_>) -> io::Result<TcpInfo> {
    // SAFETY: `Info` holds integers and arrays of integers.
    let (info, length) = unsafe { structure::<Info>(socket, libc::TCP_INFO) }?;
    Ok(tcp_info_from(&info, length))
}

/// `TCP_CA_Recovery` of `include/uapi/linux/tcp.h`. Only `TCP_CA_Loss` comes after it.
const RECOVERY: u8 = 3;

/// The silence is what `tcp_keepalive_timer()` counts (`keepalive_time_elapsed()` in include/net/tcp.h). Before there is
/// a connection the numbers mean nothing. `length`: how many bytes the kernel wrote.
fn tcp_info_from(info: &Info, length: usize) -> TcpInfo {
    let state = state(info.state);
    let last_acknowledgement = Duration::from_millis(info.last_ack_recv_ms.into());
    // A lost connection still has the time at which its peer was last heard, and whether it waited for an acknowledgement then. A
    // round trip shows that there was a connection.
    let has_been = info.rtt_us > 0;
    let silence =
        has_been.then(|| last_acknowledgement.min(Duration::from_millis(info.last_data_recv_ms.into())));
    if matches!(state, State::Closed | State::Listen | State::SynSent) {
        let retransmits = has_been.then(|| info.retransmits.into());
        return TcpInfo { silence, retransmits, ..TcpInfo::of(state) };
    }
    // An older kernel, or a sandbox in its place, writes less of the structure.
    let written = |offset: usize, number: u32| (length >= offset + size_of::<u32>()).then_some(number);
    let has_acknowledged = length >= offset_of!(Info, bytes_acked) + size_of::<u64>();
    let has_limited = length >= offset_of!(Info, rwnd_limited_us) + size_of::<u64>();
    TcpInfo {
        state,
        silence,
        last_acknowledgement: Some(last_acknowledgement),
        unanswered_probes: Some(info.probes.into()),
        retransmits: Some(info.retransmits.into()),
        repairs_loss: Some(info.ca_state >= RECOVERY),
        total_retransmits: Some(info.total_retrans.into()),
        unacknowledged: Some(info.unacked),
        acknowledged: has_acknowledged.then_some(info.bytes_acked),
        unsent: written(offset_of!(Info, notsent_bytes), info.notsent_bytes),
        empty_segments: written(offset_of!(Info, data_segs_in), info.segs_in.wrapping_sub(info.data_segs_in)),
        send_window: written(offset_of!(Info, snd_wnd), info.snd_wnd),
        window_limited: has_limited.then(|| Duration::from_micros(info.rwnd_limited_us)),
        round_trip: Some(Duration::from_micros(info.rtt_us.into())),
        round_trip_variance: Some(Duration::from_micros(info.rttvar_us.into())),
        retransmission_timeout: Some(Duration::from_micros(info.rto_us.into())),
        backoff: Some(info.backoff.into()),
    }
}

/// `include/net/tcp_states.h`
const fn state(number: u8) -> State {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_an_older_kernel_does_not_write_is_unknown_and_not_zero() {
        let socket = crate::socket::fresh_tcp().unwrap();
        // SAFETY: as above.
        let fresh = unsafe { structure::<Info>(&SockRef::from(&socket), libc::TCP_INFO) };
        let (fresh, length) = fresh.unwrap();
        assert_eq!(length, size_of::<Info>());
        let info = Info { state: 1, unacked: 3, notsent_bytes: 4, snd_wnd: 5, ..fresh };
        for (length, unsent, send_window) in [
            (104, None, None),
            (147, None, None),
            (148, Some(4), None),
            (231, Some(4), None),
            (232, Some(4), Some(5)),
        ] {
            let read = tcp_info_from(&info, length);
            assert_eq!((read.unacknowledged, read.unsent), (Some(3), unsent), "{length} bytes");
            assert_eq!(read.send_window, send_window, "{length} bytes");
        }
    }
}
