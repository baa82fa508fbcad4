//! The binding of crates/node, plus functions that panic and misuse memory on purpose, built in the same way.
//!
//! The panic is for the test that Node gets an error and goes on. The misuse of memory shows that sanitizers and valgrind find such
//! errors in a binary that is built like this one.

#[cfg(not(test))]
#[path = "../../node/src/lib.rs"]
mod binding;
#[cfg(all(not(test), target_os = "linux"))]
mod disturb;
mod memory;

/// Panics, for the test that a panic becomes a JavaScript error and does not end the process.
///
/// # Panics
///
/// Always.
#[cfg(not(test))]
#[napi_derive::napi(catch_unwind)]
pub fn panic_on_purpose() {
    panic!("on purpose: panic_on_purpose was called");
}

/// Reads past the end of an allocation, to show that a tool finds it.
#[cfg(not(test))]
#[napi_derive::napi(catch_unwind)]
#[must_use]
pub fn overflow_on_purpose() -> u32 {
    memory::overflow_on_purpose().into()
}

/// Leaks an allocation, to show that a tool finds it.
#[cfg(not(test))]
#[napi_derive::napi(catch_unwind)]
pub fn leak_on_purpose() {
    memory::leak_on_purpose();
}

/// Sets values in the way of Windows before 10 1709, for the test that it works there: the usual function would use the newer options.
/// Returns whether it succeeded.
#[cfg(all(windows, not(test)))]
#[napi_derive::napi(catch_unwind)]
#[must_use]
pub fn set_as_older_windows(descriptor: f64, time_seconds: u32, interval_seconds: u32, retries: u32) -> bool {
    let seconds = |count: u32| Some(std::time::Duration::from_secs(count.into()));
    let settings = tcp_keepalive::Settings {
        enabled: true,
        time: seconds(time_seconds),
        interval: seconds(interval_seconds),
        retries: (retries > 0).then_some(retries),
        user_timeout: None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a SOCKET is a small whole number"
    )]
    let raw = descriptor as tcp_keepalive::RawSocket;
    tcp_keepalive::set_as_older_windows(raw, &settings).is_ok()
}

/// Starts threads that open, lock, close and reopen files and sockets, to show that a look at all descriptors harms none.
///
/// - `meant`, `other`, `stuck`: ports on this machine. Connections to them may be changed, must not be changed, and are never read.
/// - `folder`: where the files are made.
#[cfg(all(not(test), target_os = "linux"))]
#[napi_derive::napi(catch_unwind)]
pub fn start_disturbing(meant: u32, other: u32, stuck: u32, folder: String) {
    let [meant, other, stuck] = [meant, other, stuck].map(|port| u16::try_from(port).unwrap_or_default());
    disturb::start(disturb::Ports { meant, other, stuck }, folder);
}

/// Ends what `startDisturbing` began.
///
/// Returns the counts of files, sockets, lingering closes, lost locks, other sockets that were changed, and sockets that were changed
/// as they may be.
#[cfg(all(not(test), target_os = "linux"))]
#[napi_derive::napi(catch_unwind)]
#[must_use]
pub fn stop_disturbing() -> Vec<u32> {
    disturb::stop().to_vec()
}
