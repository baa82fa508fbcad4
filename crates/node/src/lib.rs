//! The Node-API binding: plain numbers in, one core call, plain numbers out.
//!
//! Nothing here decides anything. Options are checked and messages are made by the TypeScript that calls this.
//! `catch_unwind` stands on every function, so that a panic would be a JavaScript error and not the end of the
//! process.

use std::{
    net::{Ipv6Addr, SocketAddr},
    time::Duration,
};

use napi::{Env, bindgen_prelude::Int32ArraySlice};
use napi_derive::napi;
use tcp_keepalive::{Current, Endpoints, Error, Found, RawSocket, Settings, SocketOption};

#[cfg_attr(windows, path = "candidates/event_loop.rs")]
#[cfg_attr(unix, path = "candidates/process.rs")]
mod candidates;
pub mod inspect;

/// The status of a socket of another kind than TCP.
const NOT_TCP: i32 = -1;

/// Bits of a status that hold the system's error number; the option's number is above them.
const ERRNO_BITS: u32 = 16;

/// Puts values into a TCP socket; nothing is checked but that it is one.
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
/// Returns a status: 0 when all went well, -1 for a socket that is not TCP (nothing was changed), else
/// `option * 65536 + errno`: the number of the option that the system refused (see `optionName`) and its error
/// number.
///
/// Throws an error, whose `code` names the type that was expected, where an argument is not of its type.
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
    let settings = Settings {
        enabled,
        time: given(time_seconds).map(Duration::from_secs),
        interval: given(interval_seconds).map(Duration::from_secs),
        retries: given(retries),
        user_timeout: given(user_timeout_ms).map(Duration::from_millis),
    };
    status(tcp_keepalive::set(raw_socket(descriptor), &settings))
}

/// Reads what the kernel holds for a TCP socket.
///
/// - `descriptor`: the raw descriptor (on Windows, the SOCKET). Borrowed for the call, never closed.
/// - `values`: at least five long; it gets enabled (0 or 1), time in seconds, interval in seconds, retries and the
///   user timeout in milliseconds, -1 where the system cannot tell.
///
/// Returns a status, as `setKeepAlive` does.
///
/// Throws an error, whose `code` names the type that was expected, where an argument is not of its type.
#[napi(catch_unwind)]
#[must_use]
pub fn get_keep_alive(descriptor: f64, mut values: Int32ArraySlice<'_>) -> i32 {
    status(tcp_keepalive::get(raw_socket(descriptor)).map(|current| report(&current, &mut values)))
}

/// Reads the system's defaults, from a fresh TCP socket that is closed again.
///
/// - `values`: as for `getKeepAlive`.
///
/// Returns a status, as `setKeepAlive` does.
#[napi(catch_unwind)]
#[must_use]
pub fn system_keep_alive(mut values: Int32ArraySlice<'_>) -> i32 {
    status(tcp_keepalive::system().map(|current| report(&current, &mut values)))
}

/// The name of the option in a status: 1 the protocol, 2 `SO_KEEPALIVE`, 3 the time, 4 the interval, 5 the retries,
/// 6 the user timeout, 7 the TCP information, as this system's headers call it. `undefined` for any other number.
#[napi(catch_unwind)]
#[must_use]
pub fn option_name(option: u32) -> Option<&'static str> {
    let index = usize::try_from(option).ok()?.checked_sub(1)?;
    Some(SocketOption::ALL.get(index)?.name())
}

/// Finds the descriptor of a TCP socket by its endpoints, for the runtimes whose sockets do not say it: Deno, some
/// sockets of Bun, and Node on Windows. Nothing but names is asked of any descriptor, and none is opened or closed.
///
/// - `endpoints`: ten numbers: this end's address as four words of 32 bits, the first being the most significant, and
///   its port; the same of the other end, whose port is -1 for a listener. An IPv4 address takes its IPv6 form
///   (`::ffff:127.0.0.1`).
/// - `hint`: a descriptor that is asked before all others; -1 for none.
///
/// On Windows the TCP handles of the calling thread's event loop are searched, elsewhere all descriptors of the
/// process.
///
/// Returns the descriptor (on Windows, the SOCKET); -1 where there is none, -2 where several sockets have these
/// endpoints.
///
/// Throws an error, whose `code` names the type that was expected, where an argument is not of its type.
#[napi(catch_unwind)]
#[must_use]
pub fn find_descriptor(env: Env, endpoints: Int32ArraySlice<'_>, hint: f64) -> f64 {
    const NONE: f64 = -1.0;
    const SEVERAL: f64 = -2.0;
    let ([local, remote], []) = endpoints.as_ref().as_chunks() else { return NONE };
    let Some(local) = endpoint(*local) else { return NONE };
    let wanted = Endpoints { local, remote: endpoint(*remote) };
    let found = match tcp_keepalive::find([raw_socket(hint)], &wanted) {
        Found::None => tcp_keepalive::find(candidates::all(&env), &wanted),
        at_once => at_once,
    };
    match found {
        Found::None => NONE,
        Found::Several => SEVERAL,
        // Of a SOCKET too only 32 bits are in use ("Interprocess Communication Between 32-bit and 64-bit Applications").
        Found::One(raw) => u32::try_from(raw).map_or(NONE, f64::from),
    }
}

/// Makes the core panic, for the test that a panic is a JavaScript error and not the end of the process.
#[cfg(feature = "panic-on-purpose")]
#[napi(catch_unwind)]
pub fn panic_on_purpose() {
    tcp_keepalive::panic_on_purpose("panic_on_purpose was called");
}

/// Makes the core read past the end of an allocation, for the proof that a tool finds it.
#[cfg(feature = "misbehave-on-purpose")]
#[napi(catch_unwind)]
#[must_use]
pub fn overflow_on_purpose() -> u32 {
    tcp_keepalive::overflow_on_purpose().into()
}

/// Makes the core lose an allocation, for the proof that a tool finds it.
#[cfg(feature = "misbehave-on-purpose")]
#[napi(catch_unwind)]
pub fn leak_on_purpose() {
    tcp_keepalive::leak_on_purpose();
}

/// A number of JavaScript as a descriptor; what is none becomes the one value that the system always refuses.
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

/// A negative number stands for "leave it".
fn given<T: TryFrom<i32>>(value: i32) -> Option<T> {
    T::try_from(value).ok()
}

fn status(result: Result<(), Error>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(Error::NotTcp) => NOT_TCP,
        Err(Error::System { option, source }) => {
            let errno = source.raw_os_error().unwrap_or_default();
            (i32::from(option as u8) << ERRNO_BITS) | errno
        }
    }
}

fn report(current: &Current, values: &mut Int32ArraySlice<'_>) {
    let read = numbers(current);
    // SAFETY: the array is JavaScript's own and JavaScript stands still until this call returns; no other reference
    // into it is held here.
    let places = unsafe { values.as_mut() };
    for (place, value) in places.iter_mut().zip(read) {
        *place = value;
    }
}

/// Enabled, seconds, seconds, a count, milliseconds.
fn numbers(current: &Current) -> [i32; 5] {
    let seconds = |value: Option<Duration>| number(value.map(|value| value.as_secs()));
    [
        i32::from(current.enabled),
        seconds(current.time),
        seconds(current.interval),
        number(current.retries),
        number(current.user_timeout.map(|value| value.as_millis())),
    ]
}

/// -1 for what is not known; the largest number for what does not fit.
fn number<T: TryInto<i32>>(value: Option<T>) -> i32 {
    value.map_or(-1, |value| value.try_into().unwrap_or(i32::MAX))
}
