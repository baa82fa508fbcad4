//! FreeBSD's own headers, as recorded from freebsd-src (sys/netinet/tcp.h and sys/sys/socket.h of FreeBSD 11 to 15), against
//! what the libc crate says and this crate relies on. Compiled in every build for FreeBSD; what macOS has too is in `bsd.rs`.

use std::mem::offset_of;

use super::Info;

/// sys/netinet/tcp.h. Before FreeBSD 14 the base stack has no `TCP_MAXUNACKTIME` (`tcp_default_ctloutput()`).
const _: () = {
    assert!(libc::TCP_INFO == 32);
    assert!(libc::TCP_MAXUNACKTIME == 68);
    assert!(libc::TCP_KEEPINIT == 128);
    assert!(libc::TCP_KEEPIDLE == 256);
    assert!(libc::TCP_KEEPINTVL == 512);
    assert!(libc::TCP_KEEPCNT == 1024);
};

/// sys/sys/socket.h and sys/sys/errno.h.
const _: () = {
    assert!(libc::SO_PROTOCOL == 0x1016);
    assert!(libc::EOPNOTSUPP == 45);
};

/// sys/netinet/tcp.h, `struct tcp_info`: six bytes, two half bytes that fill a seventh, then words of 32 bits. What later
/// versions have in place of the padding comes after all of this.
const _: () = {
    assert!(offset_of!(Info, tcpi_state) == 0);
    assert!(offset_of!(Info, tcpi_options) == 5);
    assert!(offset_of!(Info, tcpi_rto) == 8);
    assert!(offset_of!(Info, tcpi_snd_mss) == 16);
    assert!(offset_of!(Info, tcpi_last_data_recv) == 52);
    assert!(offset_of!(Info, tcpi_rtt) == 68);
    assert!(offset_of!(Info, tcpi_rttvar) == 72);
    assert!(offset_of!(Info, tcpi_rcv_space) == 96);
    assert!(offset_of!(Info, tcpi_snd_wnd) == 100);
    assert!(offset_of!(Info, tcpi_toe_tid) == 116);
    assert!(offset_of!(Info, tcpi_snd_rexmitpack) == 120);
    assert!(offset_of!(Info, tcpi_snd_zerowin) == 128);
};
