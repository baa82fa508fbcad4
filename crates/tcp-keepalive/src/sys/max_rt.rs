//! Converts values of Windows's `TCP_MAXRTMS` and `TCP_MAXRT`. Pure, so that it is tested on every system.
//!
//! Microsoft's "`IPPROTO_TCP` socket options" describes `TCP_MAXRT`: 0 or a positive number is the timeout in seconds, and -1
//! makes the system retransmit for ever. `TCP_MAXRTMS` is in ws2ipdef.h without a description. Cygwin uses it as the same option in
//! milliseconds, from Windows 10 1607 on (winsup/cygwin/net.cc and wincap.cc). No number is documented for the system's own
//! rules, so the value of a new socket stands for them.

use std::time::Duration;

/// How this system's option counts.
#[derive(Clone, Copy)]
pub struct MaxRt {
    /// The option's unit, in milliseconds.
    pub unit: i64,
    /// The value of a new socket: the system's own rules.
    pub untouched: i32,
}

impl MaxRt {
    /// Zero: the system's own rules. `None`: the system retransmits for ever, which no duration can express.
    pub fn timeout(self, held: i32) -> Option<Duration> {
        if held == self.untouched {
            return Some(Duration::ZERO);
        }
        u64::try_from(i64::from(held) * self.unit).ok().map(Duration::from_millis)
    }

    /// Rounded up to the option's unit; zero stands for the system's own rules.
    pub fn asked(self, timeout: Duration) -> i32 {
        if timeout.is_zero() {
            return self.untouched;
        }
        let millis = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        let counted = millis.div_euclid(self.unit) + i64::from(millis.rem_euclid(self.unit) > 0);
        i32::try_from(counted).unwrap_or(i32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLIS: MaxRt = MaxRt { unit: 1, untouched: 0 };
    const SECONDS: MaxRt = MaxRt { unit: 1000, untouched: 0 };

    #[test]
    fn a_timeout_is_rounded_up_to_the_unit_of_the_option() {
        let asked = Duration::from_millis(25_500);
        assert_eq!((MILLIS.asked(asked), SECONDS.asked(asked)), (25_500, 26));
        assert_eq!(SECONDS.asked(Duration::from_millis(1)), 1);
        assert_eq!(SECONDS.timeout(26), Some(Duration::from_secs(26)));
        assert_eq!(MILLIS.timeout(25_500), Some(asked));
    }

    #[test]
    fn zero_restores_the_value_of_a_new_socket() {
        for untouched in [0, -1, 21] {
            let option = MaxRt { untouched, ..SECONDS };
            assert_eq!(option.asked(Duration::ZERO), untouched);
            assert_eq!(option.timeout(untouched), Some(Duration::ZERO));
        }
    }

    #[test]
    fn retransmitting_for_ever_is_no_timeout_and_not_the_systems_rules() {
        assert_eq!(SECONDS.timeout(-1), None);
        assert_eq!(MILLIS.timeout(-1), None);
        assert_eq!(MaxRt { untouched: -1, ..MILLIS }.timeout(0), Some(Duration::ZERO));
    }
}
