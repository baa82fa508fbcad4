//! Starts xnu's keepalive timer correctly. Pure, so that it is tested on every system.
//!
//! xnu starts the timer when `TCP_KEEPALIVE` is written. It uses the socket's own time if `SO_KEEPALIVE` is already on, and the
//! system's two hours if it is off (`tcp_ctloutput()` in `bsd/netinet/tcp_usrreq.c`, `TCP_CONN_KEEPIDLE` in `tcp_timer.h`).
//! Turning `SO_KEEPALIVE` on does not start it (`sosetoptlock()` in `bsd/kern/uipc_socket.c`). xnu-7195.50.7 to xnu-11417.121.6.

use std::{io, time::Duration};

/// The longest time, interval and timeout. The kernel stores the rest of a timer as a signed 32-bit number of milliseconds, so a longer
/// timer fires at once (`timer_diff()` in `bsd/netinet/tcp_timer.c`). The option itself accepts twice that.
pub const LONGEST: Duration = Duration::from_secs(2_147_483);

/// The options of a socket that are set and read here.
pub trait Keepalive {
    fn enabled(&self) -> io::Result<bool>;
    fn set_enabled(&self, enabled: bool) -> io::Result<()>;
    fn time(&self) -> io::Result<Duration>;
    fn set_time(&self, time: Duration) -> io::Result<()>;
}

/// Turns keepalive on or off. When it turns keepalive on, it writes the socket's time again, which starts the timer with it. If other code
/// has set a time that is too long, it writes the longest one.
pub fn set_enabled(socket: &impl Keepalive, enabled: bool) -> io::Result<()> {
    let begins = enabled && !socket.enabled()?;
    socket.set_enabled(enabled)?;
    if begins { socket.set_time(socket.time()?.min(LONGEST)) } else { Ok(()) }
}

/// Refuses times that the timer cannot hold, as other systems do themselves.
pub fn within(duration: Duration) -> io::Result<Duration> {
    if duration > LONGEST { Err(io::Error::from_raw_os_error(libc::EINVAL)) } else { Ok(duration) }
}

/// Whether a time ends a listener on this release of Darwin, as `uname()` reports it. Up to macOS 13 (Darwin 22), the timer is started
/// in every state, and when it fires it ends a socket that is not connected (`tcp_ctloutput()` and `tcp_timers()`, xnu-7195.50.7 to
/// xnu-8796.141.3). From macOS 14 on (xnu-10002.1.13), it is started only on a connection.
pub fn ends_listeners(release: impl IntoIterator<Item = u8>) -> bool {
    let digits = release.into_iter().take_while(u8::is_ascii_digit);
    digits.fold(0_u32, |major, digit| major.saturating_mul(10).saturating_add((digit - b'0').into())) < 23
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    /// `net.inet.tcp.keepidle`.
    const DEFAULT: Duration = Duration::from_secs(7200);

    /// A connection as xnu keeps it: `so_options`, `t_keepidle` and `t_timer[TCPT_KEEP]`.
    struct Connection {
        enabled: Cell<bool>,
        keepidle: Cell<Option<Duration>>,
        timer: Cell<Duration>,
    }

    impl Connection {
        fn established() -> Self {
            Self { enabled: Cell::new(false), keepidle: Cell::new(None), timer: Cell::new(DEFAULT) }
        }
    }

    impl Keepalive for Connection {
        fn enabled(&self) -> io::Result<bool> {
            Ok(self.enabled.get())
        }

        fn set_enabled(&self, enabled: bool) -> io::Result<()> {
            self.enabled.set(enabled);
            Ok(())
        }

        fn time(&self) -> io::Result<Duration> {
            Ok(self.keepidle.get().unwrap_or(DEFAULT))
        }

        fn set_time(&self, time: Duration) -> io::Result<()> {
            self.keepidle.set(Some(time));
            // TCP_CONN_KEEPIDLE
            self.timer.set(if self.enabled.get() { time } else { DEFAULT });
            Ok(())
        }
    }

    #[test]
    fn the_flag_alone_would_leave_the_timer_at_two_hours() {
        let own = Duration::from_secs(10);
        let connection = Connection::established();
        connection.set_time(own).unwrap();
        connection.set_enabled(true).unwrap();
        assert_eq!(connection.timer.get(), DEFAULT);
        connection.set_enabled(false).unwrap();
        set_enabled(&connection, true).unwrap();
        assert_eq!(connection.timer.get(), own);
    }

    #[test]
    fn whatever_is_set_in_whatever_order_the_timer_has_the_sockets_own_time_while_keepalive_is_on() {
        let step = (option::of(1..=LONGEST.as_secs()), option::of(any::<bool>()), any::<bool>());
        proptest!(|(steps in vec(step, 0..12))| {
            let connection = Connection::established();
            for (time, enabled, is_time_first) in steps {
                let put_time = || time.map_or(Ok(()), |time| connection.set_time(Duration::from_secs(time)));
                if is_time_first { put_time().unwrap(); }
                if let Some(enabled) = enabled { set_enabled(&connection, enabled).unwrap(); }
                if !is_time_first { put_time().unwrap(); }
                if connection.enabled.get() {
                    prop_assert_eq!(connection.timer.get(), connection.time().unwrap());
                }
            }
        });
    }

    #[test]
    fn a_time_that_the_timer_does_not_hold_does_not_fire_at_once() {
        let connection = Connection::established();
        connection.set_time(LONGEST * 2).unwrap();
        set_enabled(&connection, true).unwrap();
        assert_eq!(connection.timer.get(), LONGEST);
    }

    #[test]
    fn keepalive_that_is_on_already_is_left_to_its_timer() {
        let connection = Connection::established();
        set_enabled(&connection, true).unwrap();
        connection.timer.set(Duration::from_secs(3)); // so much is left of it
        set_enabled(&connection, true).unwrap();
        assert_eq!(connection.timer.get(), Duration::from_secs(3));
    }

    #[test]
    fn a_time_ends_a_listener_up_to_macos_13() {
        for (release, ends) in [("20.1.0", true), ("22.6.0", true), ("23.0.0", false), ("24.6.0", false)] {
            assert_eq!(ends_listeners(release.bytes()), ends, "{release}");
        }
        assert!(ends_listeners("".bytes()) && ends_listeners([0; 256]), "unknown release");
    }

    #[test]
    fn the_longest_time_is_the_last_whose_milliseconds_the_timer_holds() {
        let fits = |time: Duration| i32::try_from(time.as_millis()).is_ok();
        let more = LONGEST + Duration::from_secs(1);
        assert!(fits(LONGEST) && !fits(more));
        assert_eq!(within(LONGEST).unwrap(), LONGEST);
        assert_eq!(within(more).unwrap_err().raw_os_error(), Some(libc::EINVAL));
        // Which the option would have taken: UINT32_MAX / TCP_RETRANSHZ.
        assert!(more.as_secs() <= u64::from(u32::MAX / 1000));
    }
}
