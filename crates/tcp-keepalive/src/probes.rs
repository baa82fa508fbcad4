//! Time, interval and retries together, as `socket2::TcpKeepalive` takes them.

use socket2::{SockRef, TcpKeepalive};

use crate::{Error, Settings, SocketOption, interval, retries, sys, time};

/// Writes those of the three values that are given.
pub fn set(socket: &SockRef<'_>, settings: &Settings) -> Result<(), Error> {
    let mut probes = TcpKeepalive::new();
    if let Some(time) = settings.time {
        probes = probes.with_time(time);
    }
    if let Some(interval) = settings.interval {
        probes = probes.with_interval(interval);
    }
    if let Some(retries) = settings.retries {
        probes = probes.with_retries(retries);
    }
    sys::set_probes(socket, &probes, settings)
        .map_err(|source| Error::System { option: refused(socket, settings), source })
}

/// The option that the system refused. `TcpKeepalive` does not say, but it writes them in this order and stops
/// at the first refusal, so that one is the first to differ from what was asked for.
fn refused(socket: &SockRef<'_>, settings: &Settings) -> SocketOption {
    let stays = |option: Result<bool, Error>| option.unwrap_or(false);
    if settings.time.is_some() && !stays(time::get(socket).map(|held| held == settings.time)) {
        SocketOption::Time
    } else if settings.interval.is_some()
        && !stays(interval::get(socket).map(|held| held == settings.interval))
    {
        SocketOption::Interval
    } else if settings.retries.is_some() && !stays(retries::get(socket).map(|held| held == settings.retries))
    {
        SocketOption::Retries
    } else {
        SocketOption::Enabled
    }
}
