//! Memory errors on purpose.

use std::{hint::black_box, mem::forget};

/// Reads one byte past the end of what it allocated.
#[must_use]
pub fn overflow_on_purpose() -> u8 {
    let bytes = black_box(vec![1_u8; 16]);
    let past_the_end = bytes.as_ptr().wrapping_add(bytes.len());
    // SAFETY: it is not safe: this is the error that is to be found, in no build that is published.
    unsafe { past_the_end.read_volatile() }
}

/// Leaks ten allocations, because a pointer to the last one may still be on the stack.
pub fn leak_on_purpose() {
    for _ in 0..10 {
        forget(black_box(vec![1_u8; 1000]));
    }
}

#[cfg(test)]
mod tests {
    use super::{leak_on_purpose, overflow_on_purpose};

    #[test]
    #[ignore = "reads what it may not; run by `npm run reliability`, under a tool that finds it"]
    fn an_overflow_on_purpose() {
        let _ = overflow_on_purpose();
    }

    #[test]
    #[ignore = "run by `npm run reliability`, under a tool that finds it"]
    fn a_leak_on_purpose() {
        leak_on_purpose();
    }
}
