//! Windows's own headers, as recorded from microsoft/win32metadata (the Windows SDK of Windows 11, `NTDDI_WIN11_GA`:
//! ws2ipdef.h, mstcpip.h, ws2def.h), against what windows-sys says and this crate relies on. Compiled in every build for
//! Windows.

use std::mem::{align_of, offset_of};

use windows_sys::Win32::Networking::WinSock::{
    IPPROTO_TCP, SIO_KEEPALIVE_VALS, SIO_TCP_INFO, SO_ACCEPTCONN, SO_KEEPALIVE, SOCKET_ERROR, SOL_SOCKET,
    TCP_INFO_v0, TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_MAXRT, TCP_MAXRTMS, WSAENOPROTOOPT,
    WSAENOTSOCK, WSAEOPNOTSUPP, tcp_keepalive,
};

use super::state;
use crate::State;

/// ws2ipdef.h; `TCP_KEEPIDLE` is `TCP_KEEPALIVE`.
const _: () = {
    assert!(TCP_KEEPIDLE == 3);
    assert!(TCP_MAXRT == 5);
    assert!(TCP_MAXRTMS == 14);
    assert!(TCP_KEEPCNT == 16);
    assert!(TCP_KEEPINTVL == 17);
};

/// ws2def.h and winsock2.h.
const _: () = {
    assert!(IPPROTO_TCP == 6);
    assert!(SOL_SOCKET == 0xffff);
    assert!(SO_ACCEPTCONN == 0x0002);
    assert!(SO_KEEPALIVE == 0x0008);
    assert!(SOCKET_ERROR == -1);
};

/// winerror.h.
const _: () = {
    assert!(WSAENOTSOCK == 10038);
    assert!(WSAENOPROTOOPT == 10042);
    assert!(WSAEOPNOTSUPP == 10045);
};

/// mstcpip.h: `_WSAIOW(IOC_VENDOR, 4)` and `_WSAIORW(IOC_VENDOR, 39)`, 39 being 0x27, made as ws2def.h says.
const _: () = {
    const IOC_OUT: u32 = 0x4000_0000;
    const IOC_IN: u32 = 0x8000_0000;
    const IOC_VENDOR: u32 = 0x1800_0000;
    assert!(SIO_KEEPALIVE_VALS == IOC_IN | IOC_VENDOR | 4);
    assert!(SIO_TCP_INFO == IOC_IN | IOC_OUT | IOC_VENDOR | 0x27);
};

/// mstcpip.h, `struct tcp_keepalive`: three ULONG.
const _: () = {
    assert!(offset_of!(tcp_keepalive, onoff) == 0);
    assert!(offset_of!(tcp_keepalive, keepalivetime) == 4);
    assert!(offset_of!(tcp_keepalive, keepaliveinterval) == 8);
    assert!(size_of::<tcp_keepalive>() == 12);
};

/// mstcpip.h, `TCP_INFO_v0` (Windows 10 1703): an enum, ULONG, ULONG64, a BOOLEAN before a ULONG.
const _: () = {
    assert!(offset_of!(TCP_INFO_v0, State) == 0);
    assert!(offset_of!(TCP_INFO_v0, ConnectionTimeMs) == 8);
    assert!(offset_of!(TCP_INFO_v0, RttUs) == 20);
    assert!(offset_of!(TCP_INFO_v0, BytesInFlight) == 28);
    assert!(offset_of!(TCP_INFO_v0, SndWnd) == 36);
    assert!(offset_of!(TCP_INFO_v0, BytesOut) == 48);
    assert!(offset_of!(TCP_INFO_v0, BytesRetrans) == 68);
    assert!(offset_of!(TCP_INFO_v0, SynRetrans) == 84);
    assert!(size_of::<TCP_INFO_v0>() == 88);
    assert!(align_of::<TCP_INFO_v0>() == 8);
};

/// mstcpip.h, `TCPSTATE`.
const _: () = {
    assert!(matches!(state(0), State::Closed));
    assert!(matches!(state(1), State::Listen));
    assert!(matches!(state(2), State::SynSent));
    assert!(matches!(state(3), State::SynReceived));
    assert!(matches!(state(4), State::Established));
    assert!(matches!(state(5), State::FinWait1));
    assert!(matches!(state(6), State::FinWait2));
    assert!(matches!(state(7), State::CloseWait));
    assert!(matches!(state(8), State::Closing));
    assert!(matches!(state(9), State::LastAck));
    assert!(matches!(state(10), State::TimeWait));
};
