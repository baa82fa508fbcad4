//! What the headers of macOS and FreeBSD have in common, as recorded from the versions that `apple.rs` and `freebsd.rs` name,
//! against what the libc crate says and this crate relies on. Compiled in every build for either.

use super::bsd_state;
use crate::State;

/// netinet/in.h, sys/socket.h and sys/errno.h.
const _: () = {
    assert!(libc::IPPROTO_TCP == 6);
    assert!(libc::SOL_SOCKET == 0xffff);
    assert!(libc::SO_KEEPALIVE == 0x0008);
    assert!(libc::ENOPROTOOPT == 42);
};

/// `netinet/tcp_fsm.h`.
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
