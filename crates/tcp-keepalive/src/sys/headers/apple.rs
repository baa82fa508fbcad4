//! macOS's own headers, as recorded from xnu-7195.50.7 (macOS 11) to xnu-11417.121.6 (macOS 15): `bsd/netinet/tcp.h`,
//! `tcp_fsm.h`, `in.h`, `bsd/sys/socket.h` and `errno.h`, against what the libc crate says and this crate relies on. Compiled in
//! every build for macOS.

use std::mem::offset_of;

use super::{Info, TCP_CONNECTION_INFO, TCP_CONNECTIONTIMEOUT, TCP_RXT_CONNDROPTIME, bsd_state};
use crate::State;

/// `bsd/netinet/tcp.h`, the options.
const _: () = {
    assert!(libc::TCP_KEEPALIVE == 0x10);
    assert!(TCP_CONNECTIONTIMEOUT == 0x20);
    assert!(TCP_RXT_CONNDROPTIME == 0x80);
    assert!(libc::TCP_KEEPINTVL == 0x101);
    assert!(libc::TCP_KEEPCNT == 0x102);
    assert!(TCP_CONNECTION_INFO == 0x106);
};

/// `bsd/netinet/in.h`, `bsd/sys/socket.h` and `errno.h`.
const _: () = {
    assert!(libc::IPPROTO_TCP == 6);
    assert!(libc::SOL_SOCKET == 0xffff);
    assert!(libc::SO_KEEPALIVE == 0x0008);
    assert!(libc::SO_TYPE == 0x1008);
    assert!(libc::ENOPROTOOPT == 42);
    assert!(libc::EOPNOTSUPP == 102);
};

/// `bsd/netinet/tcp.h`, `struct tcp_connection_info` up to what is read: four bytes, 13 words of 32 bits (the last of them the
/// bits of Fast Open), then numbers of 64 bits.
const _: () = {
    assert!(offset_of!(Info, state) == 0);
    assert!(offset_of!(Info, rto_ms) == 12);
    assert!(offset_of!(Info, snd_wnd) == 28);
    assert!(offset_of!(Info, snd_sbbytes) == 32);
    assert!(offset_of!(Info, srtt_ms) == 44);
    assert!(offset_of!(Info, rttvar_ms) == 48);
    assert!(offset_of!(Info, txretransmitbytes) == 72);
    assert!(size_of::<Info>() == 80);
};

/// `tcp_fsm.h`.
const _: () = {
    assert!(matches!(bsd_state(0), State::Closed));
    assert!(matches!(bsd_state(1), State::Listen));
    assert!(matches!(bsd_state(2), State::SynSent));
    assert!(matches!(bsd_state(3), State::SynReceived));
    assert!(matches!(bsd_state(4), State::Established));
    assert!(matches!(bsd_state(5), State::CloseWait));
    assert!(matches!(bsd_state(6), State::FinWait1));
    assert!(matches!(bsd_state(7), State::Closing));
    assert!(matches!(bsd_state(8), State::LastAck));
    assert!(matches!(bsd_state(9), State::FinWait2));
    assert!(matches!(bsd_state(10), State::TimeWait));
};
