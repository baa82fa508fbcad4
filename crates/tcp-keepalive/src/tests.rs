//! Against real sockets of this machine, read back by socket2's own getters.

#[cfg(unix)]
use std::net::Ipv6Addr;
use std::{
    net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    time::Duration,
};

use socket2::SockRef;

use super::*;

#[cfg(unix)]
fn raw(socket: &impl std::os::fd::AsRawFd) -> RawSocket {
    socket.as_raw_fd()
}

#[cfg(windows)]
fn raw(socket: &impl std::os::windows::io::AsRawSocket) -> RawSocket {
    socket.as_raw_socket()
}

fn seconds(value: u64) -> Duration {
    Duration::from_secs(value)
}

fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

const ALL: Settings = Settings {
    enabled: true,
    time: Some(Duration::from_secs(16)),
    interval: Some(Duration::from_secs(2)),
    retries: Some(5),
    user_timeout: Some(Duration::from_secs(25)),
};

#[test]
fn every_value_reaches_the_kernel() {
    let (client, _server) = connected();
    let socket = SockRef::from(&client);
    assert!(!socket.keepalive().unwrap());
    let before = get(raw(&client)).unwrap();
    assert_ne!((before.time, before.interval, before.retries), (ALL.time, ALL.interval, ALL.retries));
    assert_ne!(before.user_timeout, ALL.user_timeout);

    set(raw(&client), &ALL).unwrap();

    assert!(socket.keepalive().unwrap());
    #[cfg(unix)]
    {
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(16));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(2));
    }
    assert_eq!(socket.tcp_keepalive_retries().unwrap(), 5);
    #[cfg(target_os = "linux")]
    assert_eq!(socket.tcp_user_timeout().unwrap(), Some(seconds(25)));
    assert_eq!(
        get(raw(&client)).unwrap(),
        Current {
            enabled: true,
            time: ALL.time,
            interval: ALL.interval,
            retries: ALL.retries,
            user_timeout: ALL.user_timeout,
        }
    );
}

#[test]
fn options_that_are_not_given_stay_unchanged() {
    let (client, _server) = connected();
    set(raw(&client), &ALL).unwrap();
    let only_time = Settings { enabled: true, time: Some(seconds(9)), ..Settings::default() };
    set(raw(&client), &only_time).unwrap();
    let held = get(raw(&client)).unwrap();
    assert_eq!(held.time, Some(seconds(9)));
    assert_eq!(
        (held.interval, held.retries, held.user_timeout),
        (ALL.interval, ALL.retries, ALL.user_timeout)
    );
}

#[test]
fn off_keeps_the_values_it_is_given() {
    let (client, _server) = connected();
    set(raw(&client), &Settings { enabled: false, ..ALL }).unwrap();
    let held = get(raw(&client)).unwrap();
    assert!(!held.enabled);
    assert_eq!(held.time, ALL.time);
    set(raw(&client), &Settings { enabled: true, ..Settings::default() }).unwrap();
    assert!(get(raw(&client)).unwrap().enabled);
    set(raw(&client), &Settings::default()).unwrap();
    assert!(!get(raw(&client)).unwrap().enabled);
}

/// Whichever option goes first, it must not be one that another kind of socket takes.
fn each_first_option() -> [Settings; 5] {
    let only = Settings { enabled: true, ..Settings::default() };
    [
        ALL,
        Settings { user_timeout: None, ..ALL },
        Settings { time: None, user_timeout: None, ..ALL },
        Settings { retries: ALL.retries, ..only },
        only,
    ]
}

#[test]
fn a_datagram_socket_is_refused_and_unchanged() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for settings in each_first_option() {
        assert!(matches!(set(raw(&socket), &settings), Err(Error::NotTcp)), "{settings:?}");
        assert!(!SockRef::from(&socket).keepalive().unwrap(), "{settings:?}");
    }
    assert!(matches!(get(raw(&socket)), Err(Error::NotTcp)));
}

#[test]
fn the_defaults_come_from_a_fresh_socket() {
    let (client, _server) = connected();
    assert_eq!(system().unwrap(), get(raw(&client)).unwrap());
}

#[cfg(unix)]
mod unix {
    use std::{fs::File, os::unix::net::UnixStream};

    use super::*;

    #[test]
    fn a_connection_is_found_by_its_four_numbers_from_either_end() {
        let (client, server) = connected();
        for socket in [&client, &server] {
            let wanted =
                Endpoints { local: socket.local_addr().unwrap(), remote: Some(socket.peer_addr().unwrap()) };
            assert_eq!(find(own_descriptors(), &wanted), Found::One(raw(socket)));
            let duplicate = socket.try_clone().unwrap();
            assert!(matches!(find([raw(&duplicate), raw(socket)], &wanted), Found::One(_)));
        }
    }

    /// Read from the sources of macOS and FreeBSD, and shown where this is run.
    #[test]
    fn an_accepted_socket_has_its_listeners_values_on_macos_without_the_time() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        set(raw(&listener), &Settings { user_timeout: None, ..ALL }).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let held = get(raw(&accepted)).unwrap();
        assert_eq!((held.enabled, held.interval, held.retries), (true, ALL.interval, ALL.retries));
        assert_eq!(held.time == ALL.time, !cfg!(target_vendor = "apple"), "{held:?}");
    }

    #[test]
    fn a_connection_of_an_ipv6_socket_is_found_by_its_ipv4_addresses() {
        let Ok(listener) = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)) else {
            eprintln!("left out: this machine has no IPv6");
            return;
        };
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        assert!(accepted.peer_addr().unwrap().is_ipv6());
        let wanted =
            Endpoints { local: client.peer_addr().unwrap(), remote: Some(client.local_addr().unwrap()) };
        assert_eq!(find(own_descriptors(), &wanted), Found::One(raw(&accepted)));
    }

    #[test]
    fn a_listener_is_distinguished_from_its_accepted_connections_and_from_datagram_sockets() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let local = listener.local_addr().unwrap();
        let _datagrams = UdpSocket::bind(local).unwrap();
        let _client = TcpStream::connect(local).unwrap();
        let _accepted = listener.accept().unwrap();
        let wanted = Endpoints { local, remote: None };
        assert_eq!(find(own_descriptors(), &wanted), Found::One(raw(&listener)));
        let second = listener.try_clone().unwrap();
        assert_eq!(find(own_descriptors(), &wanted), Found::Several);
        drop((listener, second));
        assert_eq!(find(own_descriptors(), &wanted), Found::None);
    }

    #[test]
    fn files_and_closed_descriptors_are_passed_over() {
        let file = File::open("/dev/null").unwrap();
        let (client, _server) = connected();
        let wanted =
            Endpoints { local: client.local_addr().unwrap(), remote: Some(client.peer_addr().unwrap()) };
        let candidates = [-1, RawSocket::MAX, raw(&file), raw(&client)];
        assert_eq!(find(candidates, &wanted), Found::One(raw(&client)));
        assert_eq!(find(candidates.into_iter().take(3), &wanted), Found::None);
    }

    fn refusal(result: Result<(), Error>) -> (SocketOption, i32) {
        match result {
            Err(Error::System { option, source }) => (option, source.raw_os_error().unwrap()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_descriptor_and_no_socket_are_errors_not_panics() {
        assert_eq!(refusal(set(-1, &ALL)), (SocketOption::Protocol, libc::EBADF));
        assert_eq!(refusal(set(RawSocket::MIN, &ALL)), (SocketOption::Protocol, libc::EBADF));
        assert_eq!(refusal(set(RawSocket::MAX, &ALL)), (SocketOption::Protocol, libc::EBADF));
        let file = File::open("/dev/null").unwrap();
        assert_eq!(refusal(set(raw(&file), &ALL)), (SocketOption::Protocol, libc::ENOTSOCK));
    }

    #[test]
    fn a_unix_socket_is_refused_and_unchanged() {
        let (one, _other) = UnixStream::pair().unwrap();
        for settings in each_first_option() {
            assert!(set(raw(&one), &settings).is_err(), "{settings:?}");
            assert!(!SockRef::from(&one).keepalive().unwrap(), "{settings:?}");
        }
    }

    /// A family, a type and a protocol, and whether any system makes such a socket for anybody.
    #[cfg(target_os = "linux")]
    const OTHER_SOCKETS: [(libc::c_int, libc::c_int, libc::c_int, bool); 12] = [
        (libc::AF_UNIX, libc::SOCK_STREAM, 0, true),
        (libc::AF_UNIX, libc::SOCK_DGRAM, 0, true),
        (libc::AF_UNIX, libc::SOCK_SEQPACKET, 0, true),
        (libc::AF_INET, libc::SOCK_DGRAM, 0, true),
        (libc::AF_INET6, libc::SOCK_DGRAM, 0, false),
        (libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_UDPLITE, false),
        (libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_SCTP, false),
        (libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP, false),
        (libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE, true),
        (libc::AF_PACKET, libc::SOCK_RAW, 0, false),
        (libc::AF_VSOCK, libc::SOCK_STREAM, 0, false),
        (libc::AF_XDP, libc::SOCK_RAW, 0, false),
    ];

    #[test]
    #[cfg(target_os = "linux")]
    fn a_socket_of_another_kind_is_refused_and_unchanged_whichever_option_goes_first() {
        use socket2::Socket;

        for (family, kind, protocol, is_everywhere) in OTHER_SOCKETS {
            let name = format!("family {family}, type {kind}, protocol {protocol}");
            let socket = match Socket::new(family.into(), kind.into(), Some(protocol.into())) {
                Ok(socket) => socket,
                Err(error) => {
                    assert!(!is_everywhere, "{name}: {error}");
                    continue;
                }
            };
            for settings in each_first_option() {
                assert!(matches!(set(raw(&socket), &settings), Err(Error::NotTcp)), "{name}: {settings:?}");
                assert!(!socket.keepalive().unwrap(), "{name}: {settings:?}");
            }
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_descriptor_that_is_not_a_socket_is_refused_whichever_option_is_set_first() {
        let (pipe, _writer) = std::io::pipe().unwrap();
        let terminal = File::open("/dev/ptmx").unwrap();
        let folder = File::open("/").unwrap();
        for fd in [raw(&pipe), raw(&terminal), raw(&folder)] {
            for settings in each_first_option() {
                assert_eq!(refusal(set(fd, &settings)), (SocketOption::Protocol, libc::ENOTSOCK));
            }
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_multipath_socket_lacks_the_user_timeout_and_nothing_is_changed() {
        use socket2::{Domain, Protocol, Socket, Type};

        let Ok(socket) = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)) else {
            assert!(std::env::var_os("CI").is_none(), "this kernel has no Multipath TCP");
            return;
        };
        let before = get(raw(&socket)).unwrap();
        assert_eq!(before.user_timeout, None);
        assert_eq!(refusal(set(raw(&socket), &ALL)), (SocketOption::UserTimeout, libc::ENOPROTOOPT));
        assert_eq!(get(raw(&socket)).unwrap(), before);
        set(raw(&socket), &Settings { user_timeout: None, ..ALL }).unwrap();
        assert_eq!(get(raw(&socket)).unwrap().time, ALL.time);
    }

    #[test]
    fn the_refused_option_is_named() {
        let (client, _server) = connected();
        for (settings, option) in [
            (Settings { time: Some(seconds(32_768)), ..ALL }, SocketOption::Time),
            (Settings { interval: Some(seconds(32_768)), ..ALL }, SocketOption::Interval),
            (Settings { retries: Some(128), ..ALL }, SocketOption::Retries),
        ] {
            let result = set(raw(&client), &settings);
            // Other systems have other limits.
            #[cfg(target_os = "linux")]
            assert_eq!(refusal(result), (option, libc::EINVAL));
            #[cfg(not(target_os = "linux"))]
            let _ = (result, option);
        }
    }
    /// A listener whose queue is full, so that the kernel drops each further SYN, and what fills it.
    #[cfg(target_os = "linux")]
    fn deaf_listener() -> (socket2::Socket, Vec<socket2::Socket>) {
        let listener = socket::fresh_tcp().unwrap();
        let address: std::net::SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        listener.bind(&address.into()).unwrap();
        listener.listen(0).unwrap();
        let mut waiting = Vec::new();
        loop {
            let socket = connecting(&listener);
            // Where nothing is lost on the way, one that is not connected by then will not be.
            std::thread::sleep(Duration::from_millis(100));
            if tcp_info(raw(&socket)).unwrap().state == State::SynSent {
                return (listener, waiting);
            }
            waiting.push(socket);
        }
    }

    #[cfg(target_os = "linux")]
    fn connecting(listener: &socket2::Socket) -> socket2::Socket {
        let socket = socket::fresh_tcp().unwrap();
        socket.set_nonblocking(true).unwrap();
        let error = socket.connect(&listener.local_addr().unwrap()).err();
        assert!(error.is_none_or(|error| error.raw_os_error() == Some(libc::EINPROGRESS)));
        socket
    }

    /// Without a bound it is 130 s.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_socket_that_is_connecting_gives_up_when_its_timeout_is_over() {
        let bound = Duration::from_millis(1500);
        let (listener, _waiting) = deaf_listener();
        let by_connect_timeout = connecting(&listener);
        set_connect_timeout(raw(&by_connect_timeout), bound).unwrap();
        let by_user_timeout = connecting(&listener);
        let deadline = Deadline { user_timeout: Some(bound), rto_max: None };
        set_deadline(raw(&by_user_timeout), &deadline).unwrap();
        let unbounded = connecting(&listener);
        for socket in [by_connect_timeout, by_user_timeout] {
            assert_eq!(connect_timeout(raw(&socket)).unwrap(), Some(bound));
            let begin = std::time::Instant::now();
            let error = loop {
                if let Some(error) = socket.take_error().unwrap() {
                    break error;
                }
                assert!(begin.elapsed() < seconds(60), "it goes on");
                std::thread::sleep(Duration::from_millis(20));
            };
            assert_eq!(error.raw_os_error(), Some(libc::ETIMEDOUT));
        }
        assert_eq!(tcp_info(raw(&unbounded)).unwrap().state, State::SynSent);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_deadline_reads_back_and_each_of_its_options_can_be_set_alone() {
        let (client, _server) = connected();
        let before = deadline(raw(&client)).unwrap();
        assert_eq!(
            before,
            Deadline { user_timeout: Some(Duration::ZERO), rto_max: system_rto_max().unwrap() }
        );
        let asked = Deadline { user_timeout: Some(Duration::from_millis(7001)), rto_max: Some(seconds(6)) };
        let result = set_deadline(raw(&client), &asked);
        let held = deadline(raw(&client)).unwrap();
        assert_eq!(held.user_timeout, asked.user_timeout);
        if before.rto_max.is_some() {
            result.unwrap();
            assert_eq!(held, asked);
        } else {
            assert_eq!(refusal(result), (SocketOption::RtoMax, libc::ENOPROTOOPT)); // before Linux 6.15
        }
        let far_too_long = Deadline { user_timeout: None, rto_max: Some(Duration::MAX) };
        assert_eq!(refusal(set_deadline(raw(&client), &far_too_long)).0, SocketOption::RtoMax);
        assert_eq!(deadline(raw(&client)).unwrap(), held);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_deadline_is_refused_for_other_kinds_of_sockets() {
        let datagrams = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let asked = Deadline { user_timeout: Some(seconds(6)), rto_max: Some(seconds(6)) };
        assert!(matches!(set_deadline(raw(&datagrams), &asked), Err(Error::NotTcp)));
        assert!(matches!(deadline(raw(&datagrams)), Err(Error::NotTcp)));
        assert!(matches!(set_connect_timeout(raw(&datagrams), seconds(6)), Err(Error::NotTcp)));
        assert!(matches!(set_what_is_taken(raw(&datagrams), &ALL, &mut |_| {}), Err(Error::NotTcp)));
        assert!(!SockRef::from(&datagrams).keepalive().unwrap());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_refused_option_does_not_prevent_the_others() {
        let (client, _server) = connected();
        let asked = Settings { interval: Some(seconds(40_000)), ..ALL };
        let mut refused = Vec::new();
        set_what_is_taken(raw(&client), &asked, &mut |refusal| refused.push(refusal.to_string())).unwrap();
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].starts_with("TCP_KEEPINTVL: "), "{refused:?}");
        let held = get(raw(&client)).unwrap();
        assert_eq!((held.enabled, held.time, held.retries), (true, ALL.time, ALL.retries));
        assert_eq!(held.user_timeout, ALL.user_timeout);
        set_what_is_taken(raw(&client), &ALL, &mut |refusal| panic!("{refusal}")).unwrap();
        assert_eq!(get(raw(&client)).unwrap().interval, ALL.interval);
    }

    #[test]
    fn values_are_tried_on_a_socket_of_our_own() {
        try_settings(&ALL).unwrap();
        try_settings(&Settings::default()).unwrap();
        #[cfg(target_os = "linux")]
        assert_eq!(
            refusal(try_settings(&Settings { retries: Some(128), ..ALL })),
            (SocketOption::Retries, libc::EINVAL)
        );
    }
}
