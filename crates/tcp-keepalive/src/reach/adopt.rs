//! Sets values on connections that other code owns: only values that detect a dead peer sooner, never later.

use std::{io, sync::Arc, time::Duration};

use super::{KnownSockets, Outgoing, cookie_of};
use crate::{Current, Error, Settings, get, set_what_is_taken, sys};

/// The outcome of a connection.
#[derive(Debug)]
pub enum Adoption {
    /// It no longer exists.
    Gone,
    /// Its owner's values detect a dead peer as soon, or sooner. Or its owner has set them through this package since it was found. Or
    /// a single lost probe would end it because of its owner's user timeout.
    Unchanged,
    /// Values were set.
    Put {
        /// The values that were set, because the owner's own were missing or slower; all others are `None`.
        settings: Settings,
        /// The first option that the system refused. All others were set.
        refusal: Option<Error>,
    },
}

/// The most duplicates that exist at a time. While they exist, the kernel does not end a connection that its owner closes.
const AT_ONCE: usize = 256;

impl KnownSockets {
    /// Sets on each of `found` those values of `asked` that detect a dead peer sooner than its owner's values. Each is changed through
    /// a verified duplicate, because the descriptor may belong to another socket by now.
    ///
    /// # Errors
    ///
    /// As [`can_duplicate`](crate::can_duplicate). The outcomes of connections that were not reached are then missing at the end.
    #[inline] // compiled where it is called, for size: Cargo.toml
    pub fn adopt(self: &Arc<Self>, found: &[Outgoing], asked: &Settings) -> (Vec<Adoption>, io::Result<()>) {
        let mut adoptions = Vec::with_capacity(found.len());
        for some in found.chunks(AT_ONCE) {
            let raws = some.iter().map(|found| found.raw).collect();
            let (known, some, asked) = (Arc::clone(self), some.to_vec(), *asked);
            let done = sys::with_duplicates(raws, move |duplicates| {
                let each = duplicates.iter().zip(&some);
                each.map(|(&duplicate, outgoing)| known.adopt_one(duplicate, outgoing, &asked))
                    .collect::<Vec<_>>()
            });
            match done {
                Ok(done) => adoptions.extend(done),
                Err(error) => return (adoptions, Err(error)),
            }
        }
        (adoptions, Ok(()))
    }

    fn adopt_one(&self, duplicate: sys::RawSocket, outgoing: &Outgoing, asked: &Settings) -> Adoption {
        if cookie_of(duplicate) != Some(outgoing.cookie) {
            return Adoption::Gone;
        }
        let Ok(current) = get(duplicate) else { return Adoption::Gone };
        match sooner(&current, asked) {
            Some(settings) if !self.is_excluded(outgoing) => put(duplicate, settings),
            _ => Adoption::Unchanged,
        }
    }
}

fn put(duplicate: sys::RawSocket, settings: Settings) -> Adoption {
    let mut refusal = None;
    for part in in_order(&settings) {
        let mut refused = None;
        let result = set_what_is_taken(duplicate, &part, &mut |error| {
            if let Error::System { option, source } = error {
                let source = io::Error::from_raw_os_error(source.raw_os_error().unwrap_or_default());
                refused = refused.take().or(Some(Error::System { option: *option, source }));
            }
        });
        refusal = refusal.or(refused).or(result.err());
    }
    Adoption::Put { settings, refusal }
}

/// Sets the time last: it may make the kernel probe at once, and the other values must be in force by then.
fn in_order(settings: &Settings) -> impl Iterator<Item = Settings> {
    let last = settings.time.map(|time| Settings {
        enabled: settings.enabled,
        time: Some(time),
        ..Settings::default()
    });
    [Some(Settings { time: None, ..*settings }), last].into_iter().flatten()
}

/// The values of `asked` that detect a dead peer sooner than `current`; `None` if there are none.
///
/// Keepalive is never turned off, and a user timeout is never removed or lengthened, because the owner has set them.
fn sooner(current: &Current, asked: &Settings) -> Option<Settings> {
    let user_timeout = asked.user_timeout.filter(|asked| {
        let is_shorter = |now: Duration| now.is_zero() || *asked < now;
        !asked.is_zero() && current.user_timeout.is_some_and(is_shorter)
    });
    let with_timeout = Current { user_timeout: user_timeout.or(current.user_timeout), ..*current };
    let owners_timeout = if user_timeout.is_none() { current.user_timeout } else { None };
    let probes = within(owners_timeout, asked, current).filter(|probes| {
        let with_probes = Current {
            enabled: true,
            time: probes.time.or(current.time),
            interval: probes.interval.or(current.interval),
            retries: probes.retries.or(current.retries),
            ..with_timeout
        };
        asked.enabled && noticed_after(&with_probes) < noticed_after(&with_timeout)
    });
    match (probes, user_timeout) {
        (Some(probes), user_timeout) => Some(Settings { user_timeout, ..probes }),
        (None, Some(_)) => Some(Settings { enabled: current.enabled, user_timeout, ..Settings::default() }),
        (None, None) => None,
    }
}

/// A user timeout is divided into so many parts: the time before the first probe, and the intervals after it.
const PARTS: u64 = 4;

/// The probes of `asked`, or faster ones so that the third is sent before the owner's user timeout is over. With a user timeout the
/// kernel ignores the retries, and one lost packet must not end a living connection. `None` if that is impossible.
fn within(owners_timeout: Option<Duration>, asked: &Settings, current: &Current) -> Option<Settings> {
    let user_timeout = owners_timeout.unwrap_or_default();
    let (time, interval) = (asked.time.or(current.time)?, asked.interval.or(current.interval)?);
    if user_timeout.is_zero() || time.saturating_add(interval.saturating_mul(2)) < user_timeout {
        return Some(*asked);
    }
    // The kernel counts whole seconds.
    let part = Duration::from_secs(user_timeout.as_secs() / PARTS);
    let faster = |asked: Option<Duration>| asked.map(|asked| asked.min(part)).filter(|time| !time.is_zero());
    Some(Settings { time: Some(faster(asked.time)?), interval: Some(faster(asked.interval)?), ..*asked })
}

/// The silence after which Linux gives up an idle connection; `Duration::MAX` for never. `tcp_keepalive_timer()` in
/// `net/ipv4/tcp_timer.c`: with a user timeout, at the first timer tick after the first probe at which the timeout has passed;
/// otherwise when the retries are used up.
fn noticed_after(current: &Current) -> Duration {
    let (true, Some(time), Some(interval), Some(retries)) =
        (current.enabled, current.time, current.interval, current.retries)
    else {
        return Duration::MAX;
    };
    let user_timeout = current.user_timeout.unwrap_or_default();
    if user_timeout.is_zero() {
        return time.saturating_add(interval.saturating_mul(retries));
    }
    let after_time = user_timeout.saturating_sub(time).as_millis();
    let probes = after_time.div_ceil(interval.as_millis().max(1)).max(1);
    time.saturating_add(interval.saturating_mul(u32::try_from(probes).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn current(enabled: bool, time: u32, interval: u32, retries: u32, user_timeout_ms: u64) -> Current {
        Current {
            enabled,
            time: Some(SECOND * time),
            interval: Some(SECOND * interval),
            retries: Some(retries),
            user_timeout: Some(Duration::from_millis(user_timeout_ms)),
        }
    }

    fn asked(user_timeout_ms: Option<u64>) -> Settings {
        Settings {
            enabled: true,
            time: Some(SECOND * 11),
            interval: Some(SECOND * 3),
            retries: Some(5),
            user_timeout: user_timeout_ms.map(Duration::from_millis),
        }
    }

    #[test]
    fn values_that_detect_later_or_never_are_replaced() {
        for owners in [
            current(false, 7200, 75, 9, 0),
            current(false, 1, 1, 1, 0),
            current(true, 7200, 75, 9, 0),
            current(true, 60, 1, 10, 0),
            current(true, 60, 1, 10, 17_001),
        ] {
            assert_eq!(sooner(&owners, &asked(None)), Some(asked(None)), "{owners:?}");
        }
    }

    #[test]
    fn values_that_detect_as_soon_stay_unchanged() {
        for owners in [
            current(true, 11, 3, 5, 0),
            current(true, 5, 1, 3, 0),
            current(true, 1, 25, 1, 0),
            current(true, 5, 1, 99, 10_000),
        ] {
            assert_eq!(sooner(&owners, &asked(None)), None, "{owners:?}");
        }
    }

    #[test]
    fn three_probes_fit_into_the_user_timeout_of_an_owner() {
        let put = |owners: Current| {
            sooner(&owners, &asked(None))
                .map(|put| (put.time.unwrap().as_secs(), put.interval.unwrap().as_secs()))
        };
        assert_eq!(put(current(true, 7200, 75, 9, 17_000)), Some((4, 3)));
        for enabled in [true, false] {
            assert_eq!(put(current(enabled, 7200, 75, 9, 5000)), Some((1, 1)));
            assert_eq!(put(current(enabled, 7200, 75, 9, 4000)), Some((1, 1)));
            assert_eq!(put(current(enabled, 7200, 75, 9, 3999)), None);
        }
        // A time or an interval that is not asked for leaves the owner's unchanged.
        let alone = Settings { enabled: true, ..Settings::default() };
        assert_eq!(sooner(&current(false, 7200, 75, 9, 5000), &alone), None);
        assert_eq!(sooner(&current(false, 3, 1, 9, 6000), &alone), Some(alone));
    }

    #[test]
    fn a_user_timeout_is_set_if_there_is_none_or_a_longer_one() {
        let put = |owners: Current, asked_ms| sooner(&owners, &asked(Some(asked_ms)));
        let of = |settings: Option<Settings>| settings.and_then(|settings| settings.user_timeout);
        assert_eq!(of(put(current(false, 7200, 75, 9, 0), 20_000)), Some(SECOND * 20));
        assert_eq!(of(put(current(false, 7200, 75, 9, 25_000), 20_000)), Some(SECOND * 20));
        assert_eq!(of(put(current(false, 7200, 75, 9, 5000), 20_000)), None);
        assert_eq!(of(put(current(false, 7200, 75, 9, 5000), 0)), None);
        // An owner's faster probes stay unchanged, also if the user timeout is set.
        let timeout_alone =
            Settings { enabled: true, user_timeout: Some(SECOND * 20), ..Settings::default() };
        assert_eq!(put(current(true, 5, 1, 3, 0), 20_000), Some(timeout_alone));
    }

    #[test]
    fn keepalive_is_never_turned_off() {
        let off = Settings { enabled: false, ..asked(None) };
        assert_eq!(sooner(&current(true, 7200, 75, 9, 0), &off), None);
    }

    #[test]
    fn noticed_after_counts_as_linux_does() {
        assert_eq!(noticed_after(&current(true, 11, 3, 5, 0)), SECOND * 26);
        assert_eq!(noticed_after(&current(true, 11, 3, 5, 25_500)), SECOND * 26);
        assert_eq!(noticed_after(&current(true, 11, 3, 5, 5000)), SECOND * 14);
        assert_eq!(noticed_after(&current(true, 14, 5, 3, 29_500)), SECOND * 34);
        assert_eq!(noticed_after(&current(false, 1, 1, 1, 1)), Duration::MAX);
    }
}
