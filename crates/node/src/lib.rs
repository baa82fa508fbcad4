//! The Node-API binding: plain numbers in, one core call, plain numbers out.
//!
//! This crate makes no decisions. The TypeScript that calls it checks options and makes messages. Every function has
//! `catch_unwind`, so that a panic becomes a JavaScript error and does not end the process.

use std::{
    iter,
    net::{Ipv6Addr, SocketAddr},
    time::Duration,
};

use napi::{Env, bindgen_prelude::Int32ArraySlice};
use napi_derive::napi;
use tcp_keepalive::{Current, Endpoints, Error, Found, RawSocket, Settings, SocketOption};

#[cfg_attr(windows, path = "candidates/event_loop.rs")]
#[cfg_attr(unix, path = "candidates/process.rs")]
mod candidates;
pub mod deadline;
#[cfg(target_os = "linux")]
pub mod drill;
pub mod inspect;
#[cfg(target_os = "linux")]
pub mod process;
#[cfg(target_os = "linux")]
pub mod reach;

/// The number of values in a [`Current`].
const VALUES: usize = 5;

/// The status of a socket of another kind than TCP.
const NOT_TCP: i32 = -1;

/// Bits of a status that hold the system's error number; the option's number is above them.
const ERRNO_BITS: u32 = 16;

/// Sets values on a TCP socket. Checks only that it is a TCP socket.
///
/// - `descriptor`: the raw descriptor (on Windows, the SOCKET). Borrowed for the call, never closed.
/// - `enabled`: `SO_KEEPALIVE`.
/// - `timeSeconds`: `TCP_KEEPIDLE`, silence before the first probe.
/// - `intervalSeconds`: `TCP_KEEPINTVL`, between unanswered probes.
/// - `retries`: `TCP_KEEPCNT`, unanswered probes before the kernel gives up.
/// - `userTimeoutMs`: `TCP_USER_TIMEOUT`, how long sent data may stay unacknowledged; 0: the system's own rules.
///
/// A negative value leaves that option as it is in the kernel.
///
/// Returns a status: 0 for success, -1 for a socket that is not TCP (nothing was changed), otherwise
/// `option * 65536 + errno`: the number of the refused option (see `optionName`), and the system's error number.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn set_keep_alive(
    descriptor: f64,
    enabled: bool,
    time_seconds: i32,
    interval_seconds: i32,
    retries: i32,
    user_timeout_ms: i32,
) -> i32 {
    let settings = settings(enabled, time_seconds, interval_seconds, retries, user_timeout_ms);
    status(tcp_keepalive::set(raw_socket(descriptor), &settings))
}

/// Sets values as `setKeepAlive` does, but goes on if the system refuses an option. Without a refusal it costs the same.
///
/// - `refusals`: at least five long. It gets the status of each refused option, and 0 in the places that remain. All other
///   options were set.
///
/// The other parameters are those of `setKeepAlive`.
///
/// Returns a status, as `setKeepAlive` does: 0 if every option was set, otherwise the first refusal. If the status is not 0 but the
/// first of `refusals` is, `descriptor` is not a TCP socket, and nothing was set.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn set_what_is_taken(
    descriptor: f64,
    enabled: bool,
    time_seconds: i32,
    interval_seconds: i32,
    retries: i32,
    user_timeout_ms: i32,
    mut refusals: Int32ArraySlice<'_>,
) -> i32 {
    let settings = settings(enabled, time_seconds, interval_seconds, retries, user_timeout_ms);
    // SAFETY: as in `write`.
    let places = unsafe { refusals.as_mut() };
    places.fill(0);
    let mut places = places.iter_mut();
    let mut first = 0;
    let result = tcp_keepalive::set_what_is_taken(raw_socket(descriptor), &settings, &mut |refusal| {
        let refused = status_of(refusal);
        if first == 0 {
            first = refused;
        }
        if let Some(place) = places.next() {
            *place = refused;
        }
    });
    result.map_or_else(|reason| status_of(&reason), |()| first)
}

/// Tries values on a new TCP socket: sets them, reads them back, and closes the socket.
///
/// The parameters are those of `setKeepAlive`, without the descriptor.
///
/// Returns a status, as `setKeepAlive` does. Its error number is 0 if the system took the value of that option, but
/// another value is read back. Its option is 1, the protocol, if no socket can be created.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn try_keep_alive(
    enabled: bool,
    time_seconds: i32,
    interval_seconds: i32,
    retries: i32,
    user_timeout_ms: i32,
) -> i32 {
    let settings = settings(enabled, time_seconds, interval_seconds, retries, user_timeout_ms);
    status(tcp_keepalive::try_settings(&settings))
}

/// Reads the values that the kernel holds for a TCP socket.
///
/// - `descriptor`: the raw descriptor (on Windows, the SOCKET). Borrowed for the call, never closed.
/// - `values`: at least five long. It gets enabled (0 or 1), time in seconds, interval in seconds, retries and the
///   user timeout in milliseconds; -1 for a value that the system cannot report.
///
/// Returns a status, as `setKeepAlive` does.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn get_keep_alive(descriptor: f64, mut values: Int32ArraySlice<'_>) -> i32 {
    status(tcp_keepalive::get(raw_socket(descriptor)).map(|current| write(&mut values, numbers(&current))))
}

/// Reads the system's defaults from a new TCP socket, which it closes again.
///
/// - `values`: as for `getKeepAlive`. If it is longer than five, the sixth place gets `TCP_RTO_MAX_MS` in milliseconds;
///   -1 if the system has no such option.
///
/// Returns a status, as `setKeepAlive` does.
#[napi(catch_unwind)]
#[must_use]
pub fn system_keep_alive(mut values: Int32ArraySlice<'_>) -> i32 {
    let has_sixth = values.len() > VALUES;
    status(tcp_keepalive::system().and_then(|current| {
        let rto_max = if has_sixth { tcp_keepalive::system_rto_max()? } else { None };
        write(&mut values, numbers(&current).into_iter().chain(iter::once(millis(rto_max))));
        Ok(())
    }))
}

/// The name that this system's headers give the option in a status; `null` for any other number. The numbers are: 1 the
/// protocol, 2 `SO_KEEPALIVE`, 3 the time, 4 the interval, 5 the retries, 6 the user timeout, 7 the TCP information, 8 the
/// longest time between retransmissions, 9 the connect timeout; on Linux also 10 and 11 the minimum TTL over IPv4 and IPv6, and
/// 12 the cookie.
#[napi(catch_unwind)]
#[must_use]
pub fn option_name(option: u32) -> Option<&'static str> {
    let index = usize::try_from(option).ok()?.checked_sub(1)?;
    Some(SocketOption::ALL.get(index)?.name())
}

/// Finds the descriptor of a TCP socket by its endpoints, for runtimes that do not expose it: Deno, some sockets of Bun, and
/// Node on Windows. It only reads the addresses of each descriptor, and opens or closes none.
///
/// - `endpoints`: ten numbers. First the address of this end as four words of 32 bits, the most significant first, and
///   its port. Then the same for the other end, with port -1 for a listener. An IPv4 address is in its IPv6 form
///   (`::ffff:127.0.0.1`).
/// - `hint`: a descriptor that is tried first; -1 for none.
///
/// On Windows it searches the TCP handles of the calling thread's event loop, elsewhere all descriptors of the process. On Linux
/// another thread searches, because a system call on a socket may have to wait for a close with `SO_LINGER`. The calling thread
/// tries the hint itself: usually that is its own socket, which no other thread closes.
///
/// Returns the descriptor (on Windows, the SOCKET); -1 if there is none, -2 if several sockets have these endpoints.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn find_descriptor(env: Env, endpoints: Int32ArraySlice<'_>, hint: f64) -> f64 {
    const NONE: f64 = -1.0;
    const SEVERAL: f64 = -2.0;
    let ([local, remote], []) = endpoints.as_ref().as_chunks() else { return NONE };
    let Some(local) = endpoint(*local) else { return NONE };
    let wanted = Endpoints { local, remote: endpoint(*remote) };
    let found = match tcp_keepalive::find([raw_socket(hint)], &wanted) {
        Found::None => candidates::find(&env, &wanted),
        at_once => at_once,
    };
    match found {
        Found::None => NONE,
        Found::Several => SEVERAL,
        // A SOCKET also uses only 32 bits ("Interprocess Communication Between 32-bit and 64-bit Applications").
        Found::One(raw) => u32::try_from(raw).map_or(NONE, f64::from),
    }
}

/// Converts a number of JavaScript to a descriptor. An invalid number becomes a value that the system always refuses.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "what does not come back as it was is no descriptor: a fraction, NaN, or too large for i64"
)]
fn raw_socket(descriptor: f64) -> RawSocket {
    const NONE: RawSocket = !0;
    let whole = descriptor as i64;
    if whole as f64 != descriptor {
        return NONE;
    }
    RawSocket::try_from(whole).unwrap_or(NONE)
}

fn endpoint([a, b, c, d, port]: [i32; 5]) -> Option<SocketAddr> {
    let bits = [a, b, c, d].into_iter().fold(0, |bits, word| bits << 32 | u128::from(word.cast_unsigned()));
    Some(SocketAddr::new(Ipv6Addr::from_bits(bits).into(), u16::try_from(port).ok()?))
}

/// `None` for a negative number, which leaves the option unchanged.
fn given<T: TryFrom<i32>>(value: i32) -> Option<T> {
    T::try_from(value).ok()
}

fn settings(
    enabled: bool,
    time_seconds: i32,
    interval_seconds: i32,
    retries: i32,
    user_timeout_ms: i32,
) -> Settings {
    Settings {
        enabled,
        time: given(time_seconds).map(Duration::from_secs),
        interval: given(interval_seconds).map(Duration::from_secs),
        retries: given(retries),
        user_timeout: given(user_timeout_ms).map(Duration::from_millis),
    }
}

fn status(result: Result<(), Error>) -> i32 {
    result.map_or_else(|error| status_of(&error), |()| 0)
}

fn status_of(error: &Error) -> i32 {
    match error {
        Error::NotTcp => NOT_TCP,
        Error::System { option, source } => {
            let errno = source.raw_os_error().unwrap_or_default();
            (i32::from(*option as u8) << ERRNO_BITS) | errno
        }
    }
}

/// Writes as many numbers as the array can hold.
fn write(array: &mut Int32ArraySlice<'_>, numbers: impl IntoIterator<Item = i32>) {
    // SAFETY: an ordinary array belongs to this thread, which waits for this call, and no other reference into it is held here.
    // This package never passes an array over a SharedArrayBuffer, which another thread could write to meanwhile.
    let places = unsafe { array.as_mut() };
    for (place, number) in places.iter_mut().zip(numbers) {
        *place = number;
    }
}

/// Enabled, seconds, seconds, a count, milliseconds.
fn numbers(current: &Current) -> [i32; VALUES] {
    let seconds = |value: Option<Duration>| number(value.map(|value| value.as_secs()));
    [
        i32::from(current.enabled),
        seconds(current.time),
        seconds(current.interval),
        number(current.retries),
        millis(current.user_timeout),
    ]
}

fn millis(value: Option<Duration>) -> i32 {
    number(value.map(|value| value.as_millis()))
}

/// -1 if the value is not known; the largest number if it does not fit.
fn number<T: TryInto<i32>>(value: Option<T>) -> i32 {
    value.map_or(-1, |value| value.try_into().unwrap_or(i32::MAX))
}
