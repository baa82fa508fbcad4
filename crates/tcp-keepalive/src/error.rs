use std::{fmt, io};

use crate::sys;

/// The socket options that this crate reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SocketOption {
    /// Which protocol the socket speaks.
    Protocol = 1,
    /// See [`Settings::enabled`](crate::Settings::enabled).
    Enabled,
    /// See [`Settings::time`](crate::Settings::time).
    Time,
    /// See [`Settings::interval`](crate::Settings::interval).
    Interval,
    /// See [`Settings::retries`](crate::Settings::retries).
    Retries,
    /// See [`Settings::user_timeout`](crate::Settings::user_timeout).
    UserTimeout,
    /// See [`TcpInfo`](crate::TcpInfo).
    TcpInfo,
    /// See [`Deadline::rto_max`](crate::Deadline::rto_max).
    RtoMax,
    /// See [`set_connect_timeout`](crate::set_connect_timeout).
    ConnectTimeout,
    /// See [`HopMinimum::v4`](crate::HopMinimum::v4).
    #[cfg(target_os = "linux")]
    MinTtl,
    /// See [`HopMinimum::v6`](crate::HopMinimum::v6).
    #[cfg(target_os = "linux")]
    MinHopCount,
    /// The kernel's unique number of a socket.
    #[cfg(target_os = "linux")]
    Cookie,
}

impl SocketOption {
    /// All of them, in the order of their numbers, which start at 1.
    pub const ALL: &'static [Self] = &[
        Self::Protocol,
        Self::Enabled,
        Self::Time,
        Self::Interval,
        Self::Retries,
        Self::UserTimeout,
        Self::TcpInfo,
        Self::RtoMax,
        Self::ConnectTimeout,
        #[cfg(target_os = "linux")]
        Self::MinTtl,
        #[cfg(target_os = "linux")]
        Self::MinHopCount,
        #[cfg(target_os = "linux")]
        Self::Cookie,
    ];

    /// The name that this system's headers give the option, such as `TCP_KEEPIDLE`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Protocol => sys::PROTOCOL_NAME,
            Self::Enabled => "SO_KEEPALIVE",
            Self::Time => sys::TIME_NAME,
            Self::Interval => "TCP_KEEPINTVL",
            Self::Retries => "TCP_KEEPCNT",
            Self::UserTimeout => sys::USER_TIMEOUT_NAME,
            Self::TcpInfo => sys::TCP_INFO_NAME,
            Self::RtoMax => "TCP_RTO_MAX_MS",
            Self::ConnectTimeout => sys::CONNECT_TIMEOUT_NAME,
            #[cfg(target_os = "linux")]
            Self::MinTtl => "IP_MINTTL",
            #[cfg(target_os = "linux")]
            Self::MinHopCount => "IPV6_MINHOPCOUNT",
            #[cfg(target_os = "linux")]
            Self::Cookie => "SO_COOKIE",
        }
    }
}

/// Why a socket was not set or read.
#[derive(Debug)]
pub enum Error {
    /// The descriptor is a socket, but not a TCP one.
    NotTcp,
    /// The system refused an option.
    System {
        /// The option it refused.
        option: SocketOption,
        /// The system's error.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: makes an error of the system's error for `option`.
    pub(crate) fn of(option: SocketOption) -> impl Fn(io::Error) -> Self {
        move |source| Self::System { option, source }
    }

    /// The system took a value for `option`, but holds another one. There is no error number for that.
    pub(crate) fn differs(option: SocketOption) -> Self {
        Self::System { option, source: io::ErrorKind::Other.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTcp => f.write_str("not a TCP socket"),
            Self::System { option, source } => write!(f, "{}: {source}", option.name()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotTcp => None,
            Self::System { source, .. } => Some(source),
        }
    }
}
