//! macOS's own headers, as recorded from xnu-7195.50.7 (macOS 11) to xnu-11417.121.6 (macOS 15): `bsd/netinet/tcp.h`,
//! `in.h`, `bsd/sys/socket.h` and `errno.h`, against what the libc crate says and this crate relies on. Compiled in every build
//! for macOS; what FreeBSD has too is in `bsd.rs`.

use std::mem::offset_of;

use super::{Info, TCP_CONNECTION_INFO, TCP_CONNECTIONTIMEOUT, TCP_RXT_CONNDROPTIME};

/// `bsd/netinet/tcp.h`, the options.
const _: () = {
    assert!(libc::TCP_KEEPALIVE == 0x10);
    assert!(TCP_CONNECTIONTIMEOUT == 0x20);
    assert!(TCP_RXT_CONNDROPTIME == 0x80);
    assert!(libc::TCP_KEEPINTVL == 0x101);
    assert!(libc::TCP_KEEPCNT == 0x102);
    assert!(TCP_CONNECTION_INFO == 0x106);
};

/// `bsd/sys/socket.h` and `errno.h`.
const _: () = {
    assert!(libc::SO_TYPE == 0x1008);
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
