//! The binding of crates/node, and beside it functions that panic and misuse memory on purpose, compiled alike.
//!
//! The panic is for the test that Node gets an error and goes on; the misuse of memory is for the proof that sanitizers
//! and valgrind find such errors in a binary that is built like this one.

#[cfg(not(test))]
#[path = "../../node/src/lib.rs"]
mod binding;
mod memory;

/// Panics, for the test that a panic is a JavaScript error and not the end of the process.
///
/// # Panics
///
/// Always.
#[cfg(not(test))]
#[napi_derive::napi(catch_unwind)]
pub fn panic_on_purpose() {
    panic!("on purpose: panic_on_purpose was called");
}

/// Reads past the end of an allocation, for the proof that a tool finds it.
#[cfg(not(test))]
#[napi_derive::napi(catch_unwind)]
#[must_use]
pub fn overflow_on_purpose() -> u32 {
    memory::overflow_on_purpose().into()
}

/// Loses an allocation, for the proof that a tool finds it.
#[cfg(not(test))]
#[napi_derive::napi(catch_unwind)]
pub fn leak_on_purpose() {
    memory::leak_on_purpose();
}
