//! Reads the state of sockets into an array of JavaScript.

#[cfg(target_os = "linux")]
use std::sync::Arc;
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use napi::{Env, bindgen_prelude::Int32ArraySlice};
use napi_derive::napi;
use tcp_keepalive::{Inspection, RawSocket, TcpInfo};

#[cfg(not(target_os = "linux"))]
use super::candidates;
use super::{VALUES, millis, number, numbers, raw_socket, status, write};

/// The number of values in a [`TcpInfo`].
const INFO: usize = 10;

/// Where the parts of a row begin. After the descriptor come the five values, the information, and the two ends, each as four
/// words of its address and its port.
const VALUES_BEGIN: usize = 1;
const VALUES_END: usize = VALUES_BEGIN + VALUES;
const LOCAL: usize = VALUES_END + INFO;
const REMOTE: usize = LOCAL + 5;
pub(super) const ROW: usize = REMOTE + 5;

/// The length of a row, plus one number for whether `adoptConnections` has set values on the socket.
const OWN_ROW: usize = ROW + 1;

/// Reads what the kernel knows about a TCP connection. If it succeeds, it makes one system call.
///
/// - `descriptor`: the raw descriptor (on Windows, the SOCKET). Borrowed for the call, never closed.
/// - `values`: at least ten long. It gets the state (0 closed, 1 listen, 2 SYN sent, 3 SYN received, 4 established,
///   5 FIN wait 1, 6 FIN wait 2, 7 close wait, 8 closing, 9 last ACK, 10 time wait), the milliseconds since the peer was
///   heard, unanswered probes, consecutive retransmissions, all retransmissions, unacknowledged data, the round trip, its
///   variance and the retransmission timeout in microseconds, and the unsent bytes; -1 for a value that the system cannot
///   report.
///
/// Returns a status, as `setKeepAlive` does.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn get_tcp_info(descriptor: f64, mut values: Int32ArraySlice<'_>) -> i32 {
    status(tcp_keepalive::tcp_info(raw_socket(descriptor)).map(|info| {
        write(&mut values, info_numbers(&info));
    }))
}

/// Reads all that can be read from a TCP socket.
///
/// - `descriptor`: as for `getTcpInfo`.
/// - `row`: 27 long. It gets the descriptor, the five values of `getKeepAlive`, the ten of `getTcpInfo` (all -1 if the
///   system does not report them), and both ends, this one first. Each end is the address as four words of 32 bits, the most
///   significant first, IPv4 in its IPv6 form, and the port, or -1 if there is no such end. The last number is 1 if
///   `adoptConnections` has set values on the socket, in any thread of this process, otherwise 0.
///
/// Returns a status, as `setKeepAlive` does.
#[napi(catch_unwind)]
#[must_use]
pub fn inspect_socket(descriptor: f64, mut row: Int32ArraySlice<'_>) -> i32 {
    let raw = raw_socket(descriptor);
    status(tcp_keepalive::inspect(raw).map(|inspection| {
        write(&mut row, own_row(raw, &inspection));
    }))
}

/// Reads all that can be read from every TCP socket of this process; on Windows, from those of the calling thread's event
/// loop. It opens, closes and changes none. On Linux it reads them in another thread, because the reading thread may have to wait
/// for a close with `SO_LINGER`.
///
/// - `rows`: gets a row for each socket, as `inspectSocket` writes it, until it is full.
///
/// Returns the number of sockets, which may be larger than the number of written rows.
#[napi(catch_unwind)]
#[must_use]
pub fn inspect_sockets(env: Env, mut rows: Int32ArraySlice<'_>) -> u32 {
    let found = inspect_all(&env);
    // SAFETY: as in `write`.
    let (rows, _) = unsafe { rows.as_mut() }.as_chunks_mut::<OWN_ROW>();
    let (found, _) = found.as_chunks::<OWN_ROW>();
    for (row, numbers) in rows.iter_mut().zip(found) {
        *row = *numbers;
    }
    found.len().try_into().unwrap_or(u32::MAX)
}

#[cfg(target_os = "linux")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "Windows needs it")]
fn inspect_all(_: &Env) -> Vec<i32> {
    let ask: Arc<tcp_keepalive::Ask> = Arc::new(|raw, rows| {
        inspect_one(raw, rows);
        Ok(())
    });
    // The function never returns an error.
    tcp_keepalive::ask_each_descriptor(&ask).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn inspect_all(env: &Env) -> Vec<i32> {
    let mut rows = Vec::new();
    for raw in candidates::all(env) {
        inspect_one(raw, &mut rows);
    }
    rows
}

/// Appends a row, unless the descriptor is not a TCP socket, or no longer one.
fn inspect_one(raw: RawSocket, rows: &mut Vec<i32>) {
    if let Ok(inspection) = tcp_keepalive::inspect(raw) {
        rows.extend_from_slice(&own_row(raw, &inspection));
    }
}

#[inline(never)]
fn own_row(raw: RawSocket, inspection: &Inspection) -> [i32; OWN_ROW] {
    let mut row = [0; OWN_ROW];
    fill(&mut row, &row_numbers(raw, inspection));
    #[cfg(target_os = "linux")]
    {
        row[ROW] = super::reach::is_adopted(raw).into();
    }
    row
}

fn fill(places: &mut [i32], numbers: &[i32]) {
    for (place, number) in places.iter_mut().zip(numbers) {
        *place = *number;
    }
}

#[inline(never)]
pub(super) fn row_numbers(raw: RawSocket, inspection: &Inspection) -> [i32; ROW] {
    let mut row = [-1; ROW];
    row[0] = number(Some(raw));
    fill(&mut row[VALUES_BEGIN..], &numbers(&inspection.current));
    if let Some(info) = &inspection.info {
        fill(&mut row[VALUES_END..], &info_numbers(info));
    }
    put_endpoint(&mut row[LOCAL..], inspection.local);
    put_endpoint(&mut row[REMOTE..], inspection.remote);
    row
}

fn info_numbers(info: &TcpInfo) -> [i32; INFO] {
    let micros = |value: Option<Duration>| number(value.map(|value| value.as_micros()));
    [
        i32::from(info.state as u8),
        millis(info.silence),
        number(info.unanswered_probes),
        number(info.retransmits),
        number(info.total_retransmits),
        number(info.unacknowledged),
        micros(info.round_trip),
        micros(info.round_trip_variance),
        micros(info.retransmission_timeout),
        number(info.unsent),
    ]
}

/// Leaves the places at -1 if there is no such end.
pub(super) fn put_endpoint(places: &mut [i32], address: Option<SocketAddr>) {
    let Some(address) = address else { return };
    let bits = match address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    #[expect(clippy::cast_possible_truncation, reason = "a word is cut out of them")]
    let word = |shift: u32| (bits >> shift) as i32;
    fill(places, &[word(96), word(64), word(32), word(0), address.port().into()]);
}
