//! Decides whether a silence that FreeBSD counts as 32 bits of microseconds is known. Pure, so that it is tested on every system.

use std::time::Duration;

/// `tcpi_last_data_recv` wraps around after 71 minutes and 35 seconds (`tcp_fill_info()` in `sys/netinet/tcp_usrreq.c`).
const WRAPS_AFTER: Duration = Duration::from_micros(1 << 32);

/// How late the kernel may be: it counts its ticks in the same 32 bits.
const LATE: Duration = Duration::from_secs(1);

/// Returns the silence in the kernel's `number`, if the number cannot have wrapped around: keepalive must end the connection, after
/// `longest`, before it would. The number itself does not show how often it has wrapped around.
///
/// A number beyond `longest` belongs to a silence that is older than the values, and may have wrapped around. A number below it may
/// have wrapped around too, right after values were set on a connection that had been silent for longer than 71 minutes. That
/// cannot be detected, but the kernel ends such a connection a `time` after the set.
pub fn whole(number: Duration, longest: Option<Duration>) -> Option<Duration> {
    let latest = longest?.checked_add(LATE)?;
    (latest < WRAPS_AFTER && number <= latest).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    #[test]
    fn a_silence_is_known_if_keepalive_ends_the_connection_before_the_number_wraps() {
        let silence = |longest| whole(minutes(1), longest);
        assert_eq!(silence(Some(minutes(1))), Some(minutes(1)));
        assert_eq!(silence(Some(minutes(71))), Some(minutes(1)));
        assert_eq!(silence(Some(minutes(72))), None);
        assert_eq!(silence(Some(minutes(132))), None);
        assert_eq!(silence(Some(WRAPS_AFTER)), None);
        assert_eq!(silence(Some(Duration::MAX)), None);
        assert_eq!(silence(None), None, "no keepalive");
    }

    #[test]
    fn a_silence_that_is_older_than_the_values_is_unknown() {
        // The time was two hours until now, and the peer is silent for 80 minutes. The number has wrapped around to about 8 minutes.
        let number = minutes(80).saturating_sub(WRAPS_AFTER);
        assert_eq!(whole(number, Some(Duration::from_secs(15))), None);
        // Silent for five minutes: the number has not wrapped around yet, but that cannot be known.
        assert_eq!(whole(minutes(5), Some(Duration::from_secs(15))), None);
    }

    #[test]
    fn a_known_silence_is_right_if_the_values_are_older_than_it() {
        proptest!(|(silence in 0_u64..1 << 34, longest in 0_u64..1 << 34)| {
            let number = Duration::from_micros(silence % (1 << 32));
            let (silence, longest) = (Duration::from_micros(silence), Duration::from_micros(longest));
            // The kernel ends the connection no later than that.
            if silence <= longest.saturating_add(LATE) {
                let read = whole(number, Some(longest));
                prop_assert!(read.is_none_or(|read| read == silence), "{read:?} of {silence:?}");
            }
        });
    }
}
