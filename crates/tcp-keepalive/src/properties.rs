//! Properties that hold for all settings, all descriptor numbers and all descriptor tables, tested on real sockets.

use std::{
    fs::File,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::{
        fd::{AsRawFd, BorrowedFd},
        unix::net::UnixStream,
    },
    time::Duration,
};

use proptest::{
    option,
    prelude::*,
    sample::{Index, select},
    test_runner::TestRunner,
};
use socket2::SockRef;

use super::*;

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() })
}

fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// macOS and FreeBSD take a zero for the system's default, and no more probes than fit into a signed number.
const IS_BSD: bool = cfg!(not(any(target_os = "linux", target_os = "android")));
const LEAST: u8 = if IS_BSD { 1 } else { 0 };
const MOST_RETRIES: u32 = if IS_BSD { i32::MAX.unsigned_abs() } else { u32::MAX };

/// macOS and FreeBSD count the user timeout in seconds.
fn counted(user_timeout: Duration) -> Duration {
    let begun = u64::from(IS_BSD && user_timeout.subsec_nanos() > 0);
    if IS_BSD { Duration::from_secs(user_timeout.as_secs() + begun) } else { user_timeout }
}

/// What the socket holds after `settings`, if the system takes them all.
fn after(before: &Current, settings: &Settings) -> Current {
    Current {
        enabled: settings.enabled,
        time: settings.time.or(before.time),
        interval: settings.interval.or(before.interval),
        retries: settings.retries.or(before.retries),
        user_timeout: settings.user_timeout.map(counted).or(before.user_timeout),
    }
}

/// Random settings: any of these numbers, or none, for each option.
fn settings(
    seconds: impl Strategy<Value = u64> + Clone,
    retries: impl Strategy<Value = u32>,
    millis: impl Strategy<Value = u64>,
) -> impl Strategy<Value = Settings> {
    let duration = option::of(seconds.prop_map(Duration::from_secs));
    (
        any::<bool>(),
        duration.clone(),
        duration,
        option::of(retries),
        option::of(millis.prop_map(Duration::from_millis)),
    )
        .prop_map(|(enabled, time, interval, retries, user_timeout)| Settings {
            enabled,
            time,
            interval,
            retries,
            user_timeout,
        })
}

/// The limits are those of Linux (tcp(7)).
#[test]
#[cfg(target_os = "linux")]
fn any_settings_within_the_limits_read_back_exactly_and_missing_ones_stay_unchanged() {
    let (client, server) = connected();
    let raw = client.as_raw_fd();
    let other = get(server.as_raw_fd()).unwrap();
    let within = settings(1..=32_767_u64, 1..=127_u32, 0..=u64::from(i32::MAX.unsigned_abs()));
    let property = |asked: Settings| {
        let before = get(raw).unwrap();
        set(raw, &asked).unwrap();
        prop_assert_eq!(get(raw).unwrap(), after(&before, &asked));
        prop_assert_eq!(get(server.as_raw_fd()).unwrap(), other);
        Ok(())
    };
    runner(2000).run(&within, property).unwrap();
}

#[test]
fn any_settings_at_all_are_held_exactly_or_refused_by_the_name_of_one_that_was_asked_for() {
    let (client, _server) = connected();
    let raw = client.as_raw_fd();
    let whatever = settings(
        prop_oneof![LEAST.into()..40_000_u64, LEAST.into()..=u64::MAX],
        prop_oneof![LEAST.into()..200_u32, LEAST.into()..=MOST_RETRIES],
        any::<u64>(),
    );
    let property = |asked: Settings| {
        let before = get(raw).unwrap();
        let Err(error) = set(raw, &asked) else {
            prop_assert_eq!(get(raw).unwrap(), after(&before, &asked));
            return Ok(());
        };
        let Error::System { option, .. } = error else {
            return Err(TestCaseError::fail(format!("{error}")));
        };
        let was_asked_for = match option {
            SocketOption::Time => asked.time.is_some(),
            SocketOption::Interval => asked.interval.is_some(),
            SocketOption::Retries => asked.retries.is_some(),
            SocketOption::UserTimeout => asked.user_timeout.is_some(),
            SocketOption::Protocol
            | SocketOption::Enabled
            | SocketOption::TcpInfo
            | SocketOption::RtoMax
            | SocketOption::ConnectTimeout => false,
            #[cfg(target_os = "linux")]
            SocketOption::MinTtl | SocketOption::MinHopCount | SocketOption::Cookie => false,
        };
        prop_assert!(was_asked_for, "{option:?} was refused");
        if option == SocketOption::UserTimeout {
            prop_assert_eq!(get(raw).unwrap(), before, "it goes first");
        }
        Ok(())
    };
    runner(2000).run(&whatever, property).unwrap();
}

#[test]
fn any_number_that_cannot_be_open_is_refused_as_a_closed_descriptor() {
    // More than the kernel lets any process have (fs.nr_open).
    let closed = prop_oneof![RawSocket::MIN..0, (1 << 30)..=RawSocket::MAX];
    let errno = |result: Result<(), Error>| match result {
        Err(Error::System { option: SocketOption::Protocol | SocketOption::TcpInfo, source }) => {
            source.raw_os_error()
        }
        _ => None,
    };
    let property = |raw: RawSocket| {
        let asked = Settings { enabled: true, time: Some(Duration::from_secs(9)), ..Settings::default() };
        prop_assert_eq!(errno(set(raw, &asked)), Some(libc::EBADF));
        prop_assert_eq!(errno(get(raw).map(drop)), Some(libc::EBADF));
        prop_assert_eq!(errno(tcp_info(raw).map(drop)), Some(libc::EBADF));
        prop_assert_eq!(errno(inspect(raw).map(drop)), Some(libc::EBADF));
        prop_assert!(!is_tcp(raw));
        Ok(())
    };
    runner(1000).run(&closed, property).unwrap();
}

/// Everything that a table of descriptors may hold.
struct Sockets {
    connections: Vec<TcpStream>,
    listeners: Vec<TcpListener>,
    datagrams: UdpSocket,
    file: File,
    unix: (UnixStream, UnixStream),
}

impl Sockets {
    /// Connections over IPv4, over IPv6, and over IPv4 with an IPv6 socket. Each is in the table twice, because a duplicate has the same
    /// addresses.
    fn open() -> Self {
        let mut connections = Vec::new();
        let mut listeners = Vec::new();
        for address in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into(), Ipv6Addr::UNSPECIFIED.into()]
        {
            let address: std::net::IpAddr = address;
            // This machine may have no IPv6.
            let Ok(listener) = TcpListener::bind((address, 0)) else { continue };
            let port = listener.local_addr().unwrap().port();
            let to = if address.is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { address };
            for _ in 0..3 {
                let client = TcpStream::connect((to, port)).unwrap();
                let accepted = listener.accept().unwrap().0;
                let duplicate = accepted.try_clone().unwrap();
                connections.extend([client, accepted, duplicate]);
            }
            let duplicate = listener.try_clone().unwrap();
            listeners.extend([listener, duplicate]);
        }
        let datagrams = UdpSocket::bind(listeners[0].local_addr().unwrap()).unwrap();
        let file = File::open("/dev/null").unwrap();
        Self { connections, listeners, datagrams, file, unix: UnixStream::pair().unwrap() }
    }

    fn numbers(&self) -> Vec<RawSocket> {
        let mut numbers = vec![-1, RawSocket::MAX, RawSocket::MIN];
        numbers.extend(self.connections.iter().map(AsRawFd::as_raw_fd));
        numbers.extend(self.listeners.iter().map(AsRawFd::as_raw_fd));
        numbers.extend([
            self.datagrams.as_raw_fd(),
            self.file.as_raw_fd(),
            self.unix.0.as_raw_fd(),
            self.unix.1.as_raw_fd(),
        ]);
        numbers
    }

    fn endpoints(&self) -> Vec<Endpoints> {
        let of = |socket: &TcpStream| Endpoints {
            local: socket.local_addr().unwrap(),
            remote: Some(socket.peer_addr().unwrap()),
        };
        let mut all: Vec<_> = self.connections.iter().map(of).collect();
        all.extend(
            self.listeners
                .iter()
                .map(|listener| Endpoints { local: listener.local_addr().unwrap(), remote: None }),
        );
        all
    }
}

/// Addresses are compared in their IPv6 form.
fn ipv6_form(address: SocketAddr) -> (Ipv6Addr, u16) {
    let ip = match address {
        SocketAddr::V4(address) => address.ip().to_ipv6_mapped(),
        SocketAddr::V6(address) => *address.ip(),
    };
    (ip, address.port())
}

/// Reads everything from each candidate first, and then compares.
fn find_naively(candidates: &[RawSocket], wanted: &Endpoints) -> Found {
    let names = |&raw: &RawSocket| {
        if raw < 0 {
            return None;
        }
        // SAFETY: it is not -1, and the system checks what else it may be.
        let borrowed = unsafe { BorrowedFd::borrow_raw(raw) };
        let socket = SockRef::from(&borrowed);
        let local = socket.local_addr().ok()?.as_socket()?;
        let remote = socket.peer_addr().ok().and_then(|address| address.as_socket());
        (is_tcp(raw) && crate::sys::is_listener(&socket).ok()? == remote.is_none())
            .then_some((raw, local, remote))
    };
    let matching: Vec<_> = candidates
        .iter()
        .filter_map(names)
        .filter(|(_, local, remote)| {
            ipv6_form(*local) == ipv6_form(wanted.local)
                && remote.map(ipv6_form) == wanted.remote.map(ipv6_form)
        })
        .collect();
    match matching[..] {
        [] => Found::None,
        [(raw, ..)] => Found::One(raw),
        [..] if wanted.remote.is_none() => Found::Several,
        [(raw, ..), ..] => Found::One(raw),
    }
}

#[test]
fn in_any_table_of_descriptors_the_search_finds_what_a_naive_one_finds() {
    let sockets = Sockets::open();
    let (numbers, endpoints) = (sockets.numbers(), sockets.endpoints());
    let table = prop::collection::vec(select(numbers), 0..40);
    let wanted =
        (any::<Index>(), any::<Index>(), 0..8_u8, any::<u16>()).prop_map(|(one, other, kind, port)| {
            let (one, other) = (one.get(&endpoints), other.get(&endpoints));
            match kind {
                // The ends of two connections, or a port that nobody has.
                0 => Endpoints { local: one.local, remote: other.remote },
                1 => Endpoints { local: SocketAddr::new(one.local.ip(), port), remote: one.remote },
                2 => {
                    let as_ipv6 = |address| {
                        let (ip, port) = ipv6_form(address);
                        SocketAddr::from((ip, port))
                    };
                    Endpoints { local: as_ipv6(one.local), remote: one.remote.map(as_ipv6) }
                }
                _ => *one,
            }
        });
    let property = |(table, wanted): (Vec<RawSocket>, Endpoints)| {
        prop_assert_eq!(find(table.iter().copied(), &wanted), find_naively(&table, &wanted));
        Ok(())
    };
    runner(3000).run(&(table, wanted), property).unwrap();
}
