//! Whether a silence that FreeBSD counts in 32 bits of microseconds can be told: pure, so that it is tested on every system.

use std::time::Duration;

/// `tcpi_last_data_recv` begins again at 0 after 71 minutes and 35 seconds (`tcp_fill_info()` in `sys/netinet/tcp_usrreq.c`).
const WRAPS_AFTER: Duration = Duration::from_micros(1 << 32);

/// How much later than due the kernel may be: its ticks are counted in the same 32 bits.
const LATE: Duration = Duration::from_secs(1);

/// Whether the number is the whole silence: where keepalive ends the connection before it begins again. The number itself
/// does not say how often it did.
pub fn is_whole(longest_silence: Option<Duration>) -> bool {
    longest_silence.is_some_and(|longest| longest < WRAPS_AFTER.saturating_sub(LATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_told_where_keepalive_ends_the_connection_before_the_number_begins_again() {
        let minutes = |count: u64| Some(Duration::from_secs(60 * count));
        assert!(is_whole(minutes(1)) && is_whole(minutes(71)));
        assert!(!is_whole(minutes(72)) && !is_whole(minutes(132)));
        assert!(!is_whole(None), "no keepalive");
        assert!(!is_whole(Some(WRAPS_AFTER)));
    }
}
