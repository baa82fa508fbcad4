//! Linux's own headers, as recorded from Linux 6.18 (`include/uapi/linux/tcp.h`, `include/uapi/asm-generic/socket.h`,
//! `include/net/tcp_states.h`), against what the libc crate says and this crate relies on. Compiled in every build for Linux.

use std::mem::offset_of;

use super::{Info, TCP_RTO_MAX_MS, state};
use crate::State;

/// `include/uapi/linux/tcp.h`, the options. None has ever had another number.
const _: () = {
    assert!(libc::TCP_KEEPIDLE == 4);
    assert!(libc::TCP_KEEPINTVL == 5);
    assert!(libc::TCP_KEEPCNT == 6);
    assert!(libc::TCP_INFO == 11);
    assert!(libc::TCP_USER_TIMEOUT == 18);
    assert!(TCP_RTO_MAX_MS == 44);
};

/// `include/uapi/asm-generic/socket.h` and `errno.h`, which every architecture of this package uses unchanged.
const _: () = {
    assert!(libc::IPPROTO_TCP == 6);
    assert!(libc::SOL_SOCKET == 1);
    assert!(libc::SO_KEEPALIVE == 9);
    assert!(libc::SO_PROTOCOL == 38);
    assert!(libc::ENOPROTOOPT == 92);
    assert!(libc::EOPNOTSUPP == 95);
};

/// `include/net/tcp_states.h`.
const _: () = {
    assert!(matches!(state(1), State::Established));
    assert!(matches!(state(2), State::SynSent));
    assert!(matches!(state(3), State::SynReceived));
    assert!(matches!(state(4), State::FinWait1));
    assert!(matches!(state(5), State::FinWait2));
    assert!(matches!(state(6), State::TimeWait));
    assert!(matches!(state(7), State::Closed));
    assert!(matches!(state(8), State::CloseWait));
    assert!(matches!(state(9), State::LastAck));
    assert!(matches!(state(10), State::Listen));
    assert!(matches!(state(11), State::Closing));
    assert!(matches!(state(12), State::SynReceived));
};

/// The offsets at which the kernel writes.
const _: () = {
    assert!(offset_of!(Info, state) == 0);
    assert!(offset_of!(Info, ca_state) == 1);
    assert!(offset_of!(Info, retransmits) == 2);
    assert!(offset_of!(Info, probes) == 3);
    assert!(offset_of!(Info, backoff) == 4);
    assert!(offset_of!(Info, rto_us) == 8);
    assert!(offset_of!(Info, unacked) == 24);
    assert!(offset_of!(Info, last_data_recv_ms) == 52);
    assert!(offset_of!(Info, last_ack_recv_ms) == 56);
    assert!(offset_of!(Info, rtt_us) == 68);
    assert!(offset_of!(Info, rttvar_us) == 72);
    assert!(offset_of!(Info, total_retrans) == 100);
    assert!(offset_of!(Info, bytes_acked) == 120);
    assert!(offset_of!(Info, segs_in) == 140);
    assert!(offset_of!(Info, notsent_bytes) == 144);
    assert!(offset_of!(Info, data_segs_in) == 152);
    assert!(offset_of!(Info, rwnd_limited_us) == 176);
    assert!(offset_of!(Info, snd_wnd) == 228);
    assert!(size_of::<Info>() == 232);
};

/// The same by the libc crate, which checks its own against the headers of each C library.
#[cfg(any(target_env = "gnu", target_env = "musl"))]
const _: () = {
    assert!(offset_of!(Info, state) == offset_of!(libc::tcp_info, tcpi_state));
    assert!(offset_of!(Info, ca_state) == offset_of!(libc::tcp_info, tcpi_ca_state));
    assert!(offset_of!(Info, retransmits) == offset_of!(libc::tcp_info, tcpi_retransmits));
    assert!(offset_of!(Info, probes) == offset_of!(libc::tcp_info, tcpi_probes));
    assert!(offset_of!(Info, backoff) == offset_of!(libc::tcp_info, tcpi_backoff));
    assert!(offset_of!(Info, rto_us) == offset_of!(libc::tcp_info, tcpi_rto));
    assert!(offset_of!(Info, unacked) == offset_of!(libc::tcp_info, tcpi_unacked));
    assert!(offset_of!(Info, last_data_recv_ms) == offset_of!(libc::tcp_info, tcpi_last_data_recv));
    assert!(offset_of!(Info, last_ack_recv_ms) == offset_of!(libc::tcp_info, tcpi_last_ack_recv));
    assert!(offset_of!(Info, rtt_us) == offset_of!(libc::tcp_info, tcpi_rtt));
    assert!(offset_of!(Info, rttvar_us) == offset_of!(libc::tcp_info, tcpi_rttvar));
    assert!(offset_of!(Info, total_retrans) == offset_of!(libc::tcp_info, tcpi_total_retrans));
    assert!(offset_of!(Info, bytes_acked) == offset_of!(libc::tcp_info, tcpi_bytes_acked));
    assert!(offset_of!(Info, segs_in) == offset_of!(libc::tcp_info, tcpi_segs_in));
    assert!(offset_of!(Info, notsent_bytes) == offset_of!(libc::tcp_info, tcpi_notsent_bytes));
    assert!(offset_of!(Info, data_segs_in) == offset_of!(libc::tcp_info, tcpi_data_segs_in));
    assert!(offset_of!(Info, rwnd_limited_us) == offset_of!(libc::tcp_info, tcpi_rwnd_limited));
    assert!(offset_of!(Info, snd_wnd) == offset_of!(libc::tcp_info, tcpi_snd_wnd));
};
