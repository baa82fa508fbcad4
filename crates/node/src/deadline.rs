//! The user timeout of a socket with a deadline: sets and reads it, and reads the state of many sockets in one call.

use std::time::Duration;

use napi::bindgen_prelude::Int32ArraySlice;
use napi_derive::napi;
use tcp_keepalive::{Deadline, TcpInfo};

use super::{given, millis, number, raw_socket, status, status_of, write};

/// The length of a row of `readWindows`: the descriptor and the values.
const ROW: usize = 15;

/// Sets the user timeout, and the longest time between retransmissions and between window probes, on a TCP socket, which may
/// still be connecting. If the system refuses one of the two, it still sets the other.
///
/// - `descriptor`: the raw descriptor (on Windows, the SOCKET). Borrowed for the call, never closed.
/// - `userTimeoutMs`: `TCP_USER_TIMEOUT`, how long sent data may stay unacknowledged, and on Linux how long the peer's window
///   may stay closed and how long connecting may take; 0: the system's own rules.
/// - `rtoMaxMs`: `TCP_RTO_MAX_MS`, 1,000 to 120,000. Linux 6.15; elsewhere ENOPROTOOPT.
///
/// A negative value leaves that option as it is in the kernel.
///
/// Returns a status, as `setKeepAlive` does: that of the first refusal.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn set_user_timeout(descriptor: f64, user_timeout_ms: i32, rto_max_ms: i32) -> i32 {
    let deadline = Deadline {
        user_timeout: given(user_timeout_ms).map(Duration::from_millis),
        rto_max: given(rto_max_ms).map(Duration::from_millis),
    };
    status(tcp_keepalive::set_deadline(raw_socket(descriptor), &deadline))
}

/// Reads what `setUserTimeout` writes.
///
/// - `descriptor`: as for `setUserTimeout`.
/// - `values`: at least two long. It gets the user timeout and the longest time between retransmissions, in milliseconds; -1
///   if the system, or this kind of TCP socket, does not have the option.
///
/// Returns a status, as `setKeepAlive` does.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn get_user_timeout(descriptor: f64, mut values: Int32ArraySlice<'_>) -> i32 {
    status(tcp_keepalive::deadline(raw_socket(descriptor)).map(|deadline| {
        write(&mut values, [millis(deadline.user_timeout), millis(deadline.rto_max)]);
    }))
}

/// Bounds how long a TCP socket may take to connect. It must be set before the socket is connected.
///
/// - `descriptor`: as for `setUserTimeout`.
/// - `timeoutMs`: 0: the system's own rules. Linux (`TCP_USER_TIMEOUT`) and Windows (`TCP_MAXRTMS`) take milliseconds;
///   macOS (`TCP_CONNECTIONTIMEOUT`), FreeBSD (`TCP_KEEPINIT`) and Windows before 10 1607 (`TCP_MAXRT`) take seconds, to which it is
///   rounded up. On Linux and Windows this is the user timeout, which remains in force afterwards. A negative value leaves it
///   as it is.
///
/// Returns a status, as `setKeepAlive` does.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn set_connect_timeout(descriptor: f64, timeout_ms: i32) -> i32 {
    given(timeout_ms).map_or(0, |timeout| {
        let timeout = Duration::from_millis(timeout);
        status(tcp_keepalive::set_connect_timeout(raw_socket(descriptor), timeout))
    })
}

/// Reads for many TCP sockets whether sent data is acknowledged and whether the peer's window is open. It makes one system call for
/// each socket, and allocates nothing.
///
/// - `rows`: fifteen numbers for each socket. The first is its descriptor, which the caller sets. The function writes the others: the
///   state (as in `getTcpInfo`), unacknowledged data (in segments; on macOS and Windows in bytes), unsent bytes, unanswered
///   probes, consecutive retransmissions, the milliseconds since the last acknowledgement, the peer's window in bytes, the total
///   milliseconds for which the window has blocked sending (Linux 4.10), the retransmission timeout in milliseconds, how often
///   the kernel has doubled the wait before its next probe (Linux), the acknowledged bytes modulo 2³¹ (Linux 4.1), the
///   received segments without data modulo 2³¹ (Linux 4.6), 1 while a loss is being repaired, otherwise 0 (Linux), and the smoothed
///   round trip in milliseconds; -1 for a value that the system cannot report. If a descriptor cannot be read, the state is the
///   negative of the status that `getTcpInfo` returns for it, or -1 if it is not a TCP socket, and the others are -1.
/// - `count`: the number of rows to read, at most as many as there are.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
pub fn read_windows(mut rows: Int32ArraySlice<'_>, count: u32) {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    // SAFETY: as in `write`.
    let (rows, _) = unsafe { rows.as_mut() }.as_chunks_mut::<ROW>();
    for row in rows.iter_mut().take(count) {
        let descriptor = row[0];
        *row = match tcp_keepalive::tcp_info(raw_socket(descriptor.into())) {
            Ok(info) => window(descriptor, &info),
            Err(reason) => {
                let mut unknown = [-1; ROW];
                [unknown[0], unknown[1]] = [descriptor, -status_of(&reason).abs()];
                unknown
            }
        };
    }
}

fn window(descriptor: i32, info: &TcpInfo) -> [i32; ROW] {
    [
        descriptor,
        i32::from(info.state as u8),
        number(info.unacknowledged),
        number(info.unsent),
        number(info.unanswered_probes),
        number(info.retransmits),
        millis(info.last_acknowledgement),
        number(info.send_window),
        millis(info.window_limited),
        millis(info.retransmission_timeout),
        number(info.backoff),
        info.acknowledged.map_or(-1, modulo),
        info.empty_segments.map_or(-1, |count| modulo(count.into())),
        info.repairs_loss.map_or(-1, i32::from),
        millis(info.round_trip),
    ]
}

fn modulo(count: u64) -> i32 {
    i32::try_from(count & 0x7fff_ffff).unwrap_or(-1)
}
