use std::time::Duration;

/// The values to set on a socket. `None` leaves an option unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether the kernel probes at all.
    pub enabled: bool,
    /// Silence before the first probe, in whole seconds.
    pub time: Option<Duration>,
    /// From one unanswered probe to the next, in whole seconds.
    pub interval: Option<Duration>,
    /// Unanswered probes before the kernel gives the connection up.
    pub retries: Option<u32>,
    /// How long sent data may stay unacknowledged, in milliseconds (on macOS, FreeBSD and older Windows in whole
    /// seconds); zero for the system's own rules.
    pub user_timeout: Option<Duration>,
}

/// What a socket holds. `None`: this system, or this kind of TCP socket, cannot tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    /// Whether the kernel probes at all.
    pub enabled: bool,
    /// Silence before the first probe.
    pub time: Option<Duration>,
    /// From one unanswered probe to the next.
    pub interval: Option<Duration>,
    /// Unanswered probes before the kernel gives the connection up.
    pub retries: Option<u32>,
    /// How long sent data may stay unacknowledged; zero means the system's own rules.
    pub user_timeout: Option<Duration>,
}
