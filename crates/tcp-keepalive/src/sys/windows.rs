//! Windows: "`IPPROTO_TCP` socket options" of the Windows SDK. Time and interval are in seconds. The user timeout is in milliseconds
//! if the system has `TCP_MAXRTMS`.

use std::{
    io,
    os::windows::io::{AsRawSocket, BorrowedSocket},
    ptr,
    sync::OnceLock,
    time::Duration,
};

use socket2::{Protocol, SockRef};
use windows_sys::Win32::Networking::WinSock::{
    IPPROTO_TCP, SIO_KEEPALIVE_VALS, SIO_TCP_INFO, SO_ACCEPTCONN, SOCKET_ERROR, SOL_SOCKET, TCP_INFO_v0,
    TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_MAXRT, TCP_MAXRTMS, WSAENOPROTOOPT, WSAENOTSOCK,
    WSAEOPNOTSUPP, WSAIoctl, getsockopt, setsockopt, tcp_keepalive,
};

use super::max_rt::MaxRt;
use crate::{Error, Settings, SocketOption, State, TcpInfo, socket::fresh_tcp};

#[path = "headers/windows.rs"]
mod headers;

/// A `SOCKET` of this system.
pub type RawSocket = std::os::windows::io::RawSocket;

pub const PROTOCOL_NAME: &str = "SO_PROTOCOL_INFOW";
pub const TIME_NAME: &str = "TCP_KEEPIDLE";
/// Tried first. Before Windows 10 1607 there is only `TCP_MAXRT`.
pub const USER_TIMEOUT_NAME: &str = "TCP_MAXRTMS";
pub const ONLY_TCP_HAS_ITS_OPTIONS: bool = false;
pub const TCP_INFO_NAME: &str = "SIO_TCP_INFO";
pub const CONNECT_TIMEOUT_NAME: &str = USER_TIMEOUT_NAME;

/// `size_of::<i32>()` as Winsock counts it.
const SIZE: i32 = 4;

pub fn borrow<'call>(raw: RawSocket) -> io::Result<BorrowedSocket<'call>> {
    if raw == RawSocket::MAX {
        return Err(io::Error::from_raw_os_error(WSAENOTSOCK));
    }
    // SAFETY: INVALID_SOCKET, the one value that `BorrowedSocket` forbids, is excluded above. Anything else that
    // is no socket is answered with WSAENOTSOCK by the calls it is handed to. It is not closed when the borrow ends.
    Ok(unsafe { BorrowedSocket::borrow_raw(raw) })
}

pub fn raw(socket: &impl AsRawSocket) -> RawSocket {
    socket.as_raw_socket()
}

pub fn is_tcp(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(socket.protocol()? == Some(Protocol::TCP))
}

pub fn is_listener(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(get(socket, SOL_SOCKET, SO_ACCEPTCONN)? != 0)
}

pub fn enabled(socket: &SockRef<'_>) -> io::Result<bool> {
    socket.keepalive()
}

pub fn set_enabled(socket: &SockRef<'_>, enabled: bool) -> io::Result<()> {
    socket.set_keepalive(enabled)
}

pub fn time(socket: &SockRef<'_>) -> io::Result<Duration> {
    get_seconds(socket, TCP_KEEPIDLE)
}

pub fn set_time(socket: &SockRef<'_>, time: Duration) -> io::Result<()> {
    set_seconds(socket, TCP_KEEPIDLE, time)
}

pub fn interval(socket: &SockRef<'_>) -> io::Result<Duration> {
    get_seconds(socket, TCP_KEEPINTVL)
}

pub fn set_interval(socket: &SockRef<'_>, interval: Duration) -> io::Result<()> {
    set_seconds(socket, TCP_KEEPINTVL, interval)
}

pub fn retries(socket: &SockRef<'_>) -> io::Result<u32> {
    socket.tcp_keepalive_retries()
}

pub fn set_retries(socket: &SockRef<'_>, retries: u32) -> io::Result<()> {
    set(socket, TCP_KEEPCNT, i32::try_from(retries).unwrap_or(i32::MAX))
}

/// The count that goes with `SIO_KEEPALIVE_VALS`: fixed from Windows Vista on ("`SIO_KEEPALIVE_VALS` control code").
const FIXED_RETRIES: u32 = 10;

/// Windows 10 1709 and later have one option for each value, which can be read back. Before that there is only
/// `SIO_KEEPALIVE_VALS`, which sets both durations at once, cannot be read, and has its own count. If that cannot express the
/// given values, the refusal stands.
pub fn set_probes_otherwise(socket: &SockRef<'_>, settings: &Settings, refusal: Error) -> Result<(), Error> {
    let Error::System { option, source } = &refusal else { return Err(refusal) };
    let is_missing = *option != SocketOption::Enabled && source.raw_os_error() == Some(WSAENOPROTOOPT);
    if !is_missing || settings.time.is_none() || settings.interval.is_none() {
        return Err(refusal);
    }
    set_probes_at_once(socket, settings)
}

/// Uses `SIO_KEEPALIVE_VALS`, which also turns keepalive on. Windows 10 1703 has `TCP_KEEPCNT`, but not yet the other two options.
/// Before that only the fixed count can be used. The count is set first: if it is refused, nothing has been changed.
pub fn set_probes_at_once(socket: &SockRef<'_>, settings: &Settings) -> Result<(), Error> {
    if let Some(count) = settings.retries {
        match set_retries(socket, count) {
            Err(error) if count != FIXED_RETRIES || error.raw_os_error() != Some(WSAENOPROTOOPT) => {
                return Err(Error::of(SocketOption::Retries)(error));
            }
            _ => {}
        }
    }
    let millis = |duration: Option<Duration>| {
        u32::try_from(duration.unwrap_or_default().as_millis()).unwrap_or(u32::MAX)
    };
    let values = tcp_keepalive {
        onoff: 1,
        keepalivetime: millis(settings.time),
        keepaliveinterval: millis(settings.interval),
    };
    ioctl(socket, SIO_KEEPALIVE_VALS, &values, &mut ()).map_err(Error::of(SocketOption::Time))
}

/// The option's number, and its unit. Found out once, because a running system does not gain or lose an option.
fn max_rt() -> io::Result<(i32, MaxRt)> {
    static FOUND: OnceLock<Option<(i32, MaxRt)>> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return found.ok_or_else(missing);
    }
    let fresh = fresh_tcp().map_err(|_| io::Error::last_os_error())?;
    let fresh = SockRef::from(&fresh);
    let ask = |name, unit| {
        let untouched = get(&fresh, IPPROTO_TCP, name)?;
        Ok::<_, io::Error>((name, MaxRt { unit, untouched }))
    };
    let found = ask(TCP_MAXRTMS, 1).or_else(|_| ask(TCP_MAXRT, 1000)).ok();
    FOUND.get_or_init(|| found).ok_or_else(missing)
}

fn missing() -> io::Error {
    io::Error::from_raw_os_error(WSAENOPROTOOPT)
}

/// Retransmitting for ever cannot be expressed as a duration, and reads like a missing option.
pub fn user_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    let (name, option) = max_rt()?;
    option.timeout(get(socket, IPPROTO_TCP, name)?).ok_or_else(missing)
}

pub fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    let (name, option) = max_rt()?;
    set(socket, name, option.asked(timeout))
}

pub fn rto_max(_: &SockRef<'_>) -> io::Result<Duration> {
    Err(io::Error::from_raw_os_error(WSAENOPROTOOPT))
}

pub fn set_rto_max(_: &SockRef<'_>, _: Duration) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(WSAENOPROTOOPT))
}

pub fn connect_timeout(socket: &SockRef<'_>) -> io::Result<Duration> {
    user_timeout(socket)
}

/// The documentation of `TCP_MAXRT` ("`IPPROTO_TCP` socket options") calls it a connection timeout. It does not say whether it applies
/// to an attempt that has already begun. Older versions end an attempt by themselves after 21 s (`TcpMaxConnectRetransmissions`).
pub fn set_connect_timeout(socket: &SockRef<'_>, timeout: Duration) -> io::Result<()> {
    set_user_timeout(socket, timeout)
}

/// An option that this version of the system does not have reads as `None`.
pub fn readable<T>(value: io::Result<T>) -> io::Result<Option<T>> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.raw_os_error(), Some(WSAENOPROTOOPT | WSAEOPNOTSUPP)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn get_seconds(socket: &SockRef<'_>, name: i32) -> io::Result<Duration> {
    let seconds = get(socket, IPPROTO_TCP, name)?;
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

fn set_seconds(socket: &SockRef<'_>, name: i32, value: Duration) -> io::Result<()> {
    set(socket, name, i32::try_from(value.as_secs()).unwrap_or(i32::MAX))
}

fn get(socket: &SockRef<'_>, level: i32, name: i32) -> io::Result<i32> {
    let raw =
        usize::try_from(socket.as_raw_socket()).map_err(|_| io::Error::from_raw_os_error(WSAENOTSOCK))?;
    let mut value: i32 = 0;
    let mut size = SIZE;
    // SAFETY: `value` and `size` live over the call, and `size` says how large `value` is.
    let result = unsafe { getsockopt(raw, level, name, (&raw mut value).cast(), &raw mut size) };
    if result == SOCKET_ERROR { Err(io::Error::last_os_error()) } else { Ok(value) }
}

fn set(socket: &SockRef<'_>, name: i32, value: i32) -> io::Result<()> {
    let raw =
        usize::try_from(socket.as_raw_socket()).map_err(|_| io::Error::from_raw_os_error(WSAENOTSOCK))?;
    // SAFETY: `value` lives over the call, and SIZE says how large it is.
    let result = unsafe { setsockopt(raw, IPPROTO_TCP, name, (&raw const value).cast(), SIZE) };
    if result == SOCKET_ERROR { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `In` and `Out` are the input and output of the control code: structures of integers, or nothing.
fn ioctl<In, Out>(socket: &SockRef<'_>, code: u32, input: &In, output: &mut Out) -> io::Result<()> {
    let raw =
        usize::try_from(socket.as_raw_socket()).map_err(|_| io::Error::from_raw_os_error(WSAENOTSOCK))?;
    let size = |bytes: usize| u32::try_from(bytes).unwrap_or_default();
    let mut written: u32 = 0;
    // A control code without output needs no buffer for it.
    let place = if size_of::<Out>() > 0 { ptr::from_mut(output).cast() } else { ptr::null_mut() };
    // SAFETY: what is pointed to lives over the call, which is not overlapped, and each size is that of its structure.
    let result = unsafe {
        WSAIoctl(
            raw,
            code,
            ptr::from_ref(input).cast(),
            size(size_of::<In>()),
            place,
            size(size_of::<Out>()),
            &raw mut written,
            ptr::null_mut(),
            None,
        )
    };
    if result == SOCKET_ERROR { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `SIO_TCP_INFO` in its first version (Windows 10 1703 and later). Silence and probes are not reported.
pub fn tcp_info(socket: &SockRef<'_>) -> io::Result<TcpInfo> {
    const VERSION: u32 = 0;
    let mut info = TCP_INFO_v0::default();
    ioctl(socket, SIO_TCP_INFO, &VERSION, &mut info)?;
    Ok(TcpInfo {
        total_retransmits: Some(info.BytesRetrans.into()),
        unacknowledged: Some(info.BytesInFlight),
        send_window: Some(info.SndWnd),
        window_limited: None,
        round_trip: Some(Duration::from_micros(info.RttUs.into())),
        ..TcpInfo::of(state(info.State))
    })
}

/// `TCPSTATE` of mstcpip.h.
const fn state(number: i32) -> State {
    match number {
        1 => State::Listen,
        2 => State::SynSent,
        3 => State::SynReceived,
        4 => State::Established,
        5 => State::FinWait1,
        6 => State::FinWait2,
        7 => State::CloseWait,
        8 => State::Closing,
        9 => State::LastAck,
        10 => State::TimeWait,
        _ => State::Closed,
    }
}
