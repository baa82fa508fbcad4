//! Looking at the sockets of another process; Linux only.

use napi::bindgen_prelude::Int32ArraySlice;
use napi_derive::napi;
use tcp_keepalive::Process;

use super::{inspect, millis, raw_socket};

/// Numbers of a row: those of `inspectSocket`, and the longest time between retransmissions.
const ROW: usize = inspect::ROW + 1;

/// Reads all that can be read from TCP sockets of another process. Linux only, from 5.6 on.
///
/// Each is duplicated (`pidfd_getfd`), asked, and the duplicate is closed at once. Nothing is changed.
///
/// - `pid`: the process; not this one.
/// - `rows`: 27 numbers a socket. The first is its descriptor in that process, which is read and stays. The others are
///   written: those of `inspectSocket`, and the milliseconds of `TCP_RTO_MAX_MS`, -1 where the system has no such option. Where
///   a descriptor is no TCP socket (any more), or may not be looked at, all others are -1.
///
/// Returns 0, or the last of the system's error numbers because of which a descriptor, or the process as a whole, could not be
/// looked at: `EPERM` without the rights of ptrace, `ENOSYS` where the system does not have the call.
///
/// Throws an error, whose `code` names the type that was expected, where an argument is not of its type.
#[napi(catch_unwind)]
#[must_use]
pub fn inspect_process(pid: u32, mut rows: Int32ArraySlice<'_>) -> i32 {
    // SAFETY: as in `write`.
    let (rows, _) = unsafe { rows.as_mut() }.as_chunks_mut::<ROW>();
    let process = Process::open(pid);
    let mut refusal = 0;
    for row in rows {
        let [descriptor, rest @ ..] = row;
        rest.fill(-1);
        let raw = raw_socket((*descriptor).into());
        let read = match &process {
            Ok(process) => process.lend(raw, |duplicate| {
                Some((tcp_keepalive::inspect(duplicate).ok()?, tcp_keepalive::deadline(duplicate).ok()?))
            }),
            Err(error) => Err(std::io::Error::from_raw_os_error(error.raw_os_error().unwrap_or_default())),
        };
        match read {
            Ok(Some((inspection, deadline))) => {
                let [.., rto_max] = rest;
                *rto_max = millis(deadline.rto_max);
                for (place, number) in row.iter_mut().zip(inspect::row_numbers(raw, &inspection)) {
                    *place = number;
                }
            }
            Ok(None) => {}
            Err(error) => refusal = error.raw_os_error().unwrap_or_default(),
        }
    }
    refusal
}
