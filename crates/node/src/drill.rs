//! Cuts off a connection, also one of another process. Linux only: the functions are missing elsewhere.

use std::{
    os::fd::{AsRawFd, IntoRawFd, OwnedFd},
    sync::{Mutex, PoisonError},
};

use napi::bindgen_prelude::Int32ArraySlice;
use napi_derive::napi;
use tcp_keepalive::{Error, HopMinimum, RawSocket};

use super::{given, number, raw_socket, status, write};

/// `include/uapi/asm-generic/errno-base.h`; the same on every processor.
const EBADF: i32 = 9;

/// Sets the minimum TTL of arriving packets on a TCP socket. With 255 the kernel drops the packets of all but a few peers, before
/// TCP sees them. Linux only: elsewhere there is no such function.
///
/// - `descriptor`: the raw descriptor. Borrowed for the call, never closed.
/// - `v4`: `IP_MINTTL`, 0 to 255; also for an IPv6 socket, because its peer may be v4-mapped.
/// - `v6`: `IPV6_MINHOPCOUNT`, 0 to 255; only for an IPv6 socket.
///
/// A negative value leaves that option as it is in the kernel.
///
/// Returns a status, as `setKeepAlive` does.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn set_hop_minimum(descriptor: f64, v4: i32, v6: i32) -> i32 {
    let least = HopMinimum { v4: given(v4), v6: given(v6) };
    status(tcp_keepalive::set_hop_minimum(raw_socket(descriptor), least))
}

/// Reads what `setHopMinimum` writes, and the identity of the socket. Linux only: elsewhere there is no such function.
///
/// - `descriptor`: the raw descriptor.
/// - `values`: eight long. It gets `IP_MINTTL`, `IPV6_MINHOPCOUNT` (-1 for an IPv4 socket), and the upper and the lower half of
///   `SO_COOKIE`, the kernel's unique number for a socket. Then it gets how many milliseconds ago data was last sent and last
///   received, and how many segments with data were sent and received (Linux 4.6).
///
/// Returns a status, as `setKeepAlive` does.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn get_hop_minimum(descriptor: f64, mut values: Int32ArraySlice<'_>) -> i32 {
    status(hop_minimum(descriptor).map(|numbers| write(&mut values, numbers)))
}

fn hop_minimum(descriptor: f64) -> Result<[i32; 8], Error> {
    let raw = raw_socket(descriptor);
    let HopMinimum { v4, v6 } = tcp_keepalive::hop_minimum(raw)?;
    let cookie = tcp_keepalive::cookie(raw)?;
    let data = tcp_keepalive::last_data(raw)?;
    #[expect(clippy::cast_possible_truncation, reason = "a half is cut out of it")]
    let half = |shift: u32| (cookie >> shift) as i32;
    Ok([
        number(v4),
        number(v6),
        half(32),
        half(0),
        number(Some(data.sent_ms_ago)),
        number(Some(data.received_ms_ago)),
        number(Some(data.segments_sent)),
        number(Some(data.segments_received)),
    ])
}

/// Duplicates a socket of another process (`pidfd_getfd(2)`, Linux 5.6). Linux only: elsewhere there is no such function.
///
/// - `pid`: the process. The call needs the rights of ptrace(2).
/// - `descriptor`: the descriptor in that process.
///
/// Returns a descriptor of this process. The caller must close it soon, with `closeDuplicate`, because until then the kernel does not
/// end the connection. On failure it returns the system's error number, negative: ESRCH if there is no such process, EBADF if it has
/// no such descriptor, or the descriptor is not a TCP socket, EPERM if rights are missing, ENOSYS on an older kernel.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn duplicate_socket(pid: i32, descriptor: i32) -> i32 {
    match tcp_keepalive::duplicate_of(pid, descriptor) {
        Ok(duplicate) if tcp_keepalive::is_tcp(duplicate.as_raw_fd()) => {
            let raw = duplicate.as_raw_fd();
            let mut all = DUPLICATES.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(stale) = place_of(raw, &all) {
                let _ = all.swap_remove(stale).into_raw_fd(); // other code has closed it
            }
            all.push(duplicate);
            raw
        }
        Ok(other) => {
            tcp_keepalive::close_elsewhere(other);
            -EBADF
        }
        Err(error) => -error.raw_os_error().unwrap_or_default(),
    }
}

/// The duplicates that `duplicate_socket` has returned and `close_duplicate` has not closed.
static DUPLICATES: Mutex<Vec<OwnedFd>> = Mutex::new(Vec::new());

fn place_of(raw: RawSocket, all: &[OwnedFd]) -> Option<usize> {
    all.iter().position(|each| each.as_raw_fd() == raw)
}

/// Closes a descriptor that `duplicateSocket` has returned, in a thread. A close with `SO_LINGER` may wait if the other process has
/// closed its own descriptor meanwhile. A descriptor that `duplicateSocket` has not returned stays open. Linux only: elsewhere there is no
/// such function.
///
/// - `duplicate`: the descriptor.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
pub fn close_duplicate(duplicate: i32) {
    let mut all = DUPLICATES.lock().unwrap_or_else(PoisonError::into_inner);
    let own = place_of(duplicate, &all).map(|place| all.swap_remove(place));
    drop(all);
    if let Some(own) = own {
        tcp_keepalive::close_elsewhere(own);
    }
}
