//! Reads the sockets of another process. Linux only.

use std::sync::Arc;

use napi::bindgen_prelude::Int32ArraySlice;
use napi_derive::napi;
use tcp_keepalive::{Ask, Process, RawSocket, TcpTimer};

use super::{inspect, millis, number};

/// The length of a row: that of `inspectSocket`, the longest time between retransmissions, and the inode.
const ROW: usize = inspect::ROW + 2;

/// The length of a row of timers.
const TIMER_ROW: usize = 3;

/// Reads all that can be read from the TCP sockets of another process. Linux only, from 5.6 on.
///
/// A thread duplicates each socket (`pidfd_getfd`), reads it, and closes the duplicate immediately. A close with `SO_LINGER` may wait,
/// so the calling thread does not make it. Nothing is changed.
///
/// - `listed`: the PID of the process in /proc.
/// - `pid`: its PID for system calls, which differs if /proc is of another PID namespace. Not this process.
/// - `rows`: 28 numbers for each socket: those of `inspectSocket`, with the descriptor of the other process, then `TCP_RTO_MAX_MS` in
///   milliseconds, or -1 if the system has no such option, and the 32 bits of the inode.
///
/// Returns the number of written rows. If the process has more sockets, of any kind, than there are rows, it writes nothing and
/// returns their number. On failure it returns the system's error number, negative: `ENOENT` or `ESRCH` if there is no such process,
/// `EACCES` or `EPERM` without the rights of ptrace, `ENOSYS` if the system does not have the call.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn inspect_process(listed: u32, pid: u32, mut rows: Int32ArraySlice<'_>) -> i32 {
    // SAFETY: as in `write`.
    let (rows, _) = unsafe { rows.as_mut() }.as_chunks_mut::<ROW>();
    inspected(listed, pid, rows).unwrap_or_else(|error| negative(&error))
}

fn inspected(listed: u32, pid: u32, rows: &mut [[i32; ROW]]) -> std::io::Result<i32> {
    /// The descriptor was closed meanwhile.
    const EBADF: i32 = 9;
    let process = Process::open(pid)?;
    let descriptors = tcp_keepalive::socket_descriptors(listed)?;
    if descriptors.len() > rows.len() {
        return Ok(number(Some(descriptors.len())));
    }
    let ask: Arc<Ask> = Arc::new(move |raw, found| {
        match process.lend(raw, |duplicate, inode| put_row(raw, duplicate, inode, found)) {
            Err(error) if error.raw_os_error() != Some(EBADF) => Err(error),
            _ => Ok(()),
        }
    });
    let found = tcp_keepalive::ask_each(descriptors, usize::MAX, &ask)?;
    let (found, _) = found.as_chunks::<ROW>();
    for (place, row) in rows.iter_mut().zip(found) {
        *place = *row;
    }
    Ok(number(Some(found.len())))
}

/// Appends a row, unless it is not a TCP socket.
fn put_row(raw: RawSocket, duplicate: RawSocket, inode: u64, found: &mut Vec<i32>) {
    let Ok(inspection) = tcp_keepalive::inspect(duplicate) else { return };
    let Ok(rto_max) = tcp_keepalive::rto_max(duplicate) else { return };
    found.extend_from_slice(&inspect::row_numbers(raw, &inspection));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the kernel counts the inodes of sockets in 32 bits"
    )]
    found.extend_from_slice(&[millis(rto_max), inode as i32]);
}

/// Reads which timer runs for each connection in the calling thread's network namespace, of any process. Linux only.
///
/// - `rows`: 3 numbers for each connection: the 32 bits of its inode; the timer (0 none, 1 retransmission, 2 keepalive, 3 time wait,
///   4 probes of a closed window); the milliseconds until it fires.
///
/// Returns the number of connections, which may be larger than the number of written rows. If the system does not report them
/// (`NETLINK_SOCK_DIAG`), it returns its error number, negative.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn tcp_timers(mut rows: Int32ArraySlice<'_>) -> i32 {
    // SAFETY: as in `write`.
    let (rows, _) = unsafe { rows.as_mut() }.as_chunks_mut::<TIMER_ROW>();
    let mut places = rows.iter_mut();
    let mut count = 0;
    let read = tcp_keepalive::tcp_timers(|TcpTimer { inode, which, expires }| {
        if let Some(place) = places.next() {
            *place = [inode.cast_signed(), which.into(), millis(Some(expires))];
        }
        count += 1;
    });
    read.map_or_else(|error| negative(&error), |()| count)
}

fn negative(error: &std::io::Error) -> i32 {
    const EIO: i32 = 5;
    error.raw_os_error().unwrap_or(EIO).wrapping_neg()
}
