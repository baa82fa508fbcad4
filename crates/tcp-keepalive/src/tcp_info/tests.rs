//! Against connections of this machine.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    os::fd::AsRawFd,
    thread::sleep,
};

use super::*;
use crate::tcp_info;

#[test]
fn tcp_info_reports_how_long_the_peer_is_silent() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    assert_eq!(tcp_info(listener.as_raw_fd()).unwrap().state, State::Listen);
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut server = listener.accept().unwrap().0;
    sleep(Duration::from_millis(300));
    let silent = tcp_info(client.as_raw_fd()).unwrap();
    assert_eq!(silent.state, State::Established);
    server.write_all(b"!").unwrap();
    client.read_exact(&mut [0]).unwrap();
    let heard = tcp_info(client.as_raw_fd()).unwrap();
    #[cfg(target_os = "linux")]
    {
        assert!(silent.silence.unwrap() >= Duration::from_millis(250));
        assert!(heard.silence < silent.silence);
        assert_eq!((heard.unanswered_probes, heard.unacknowledged), (Some(0), Some(0)));
        assert!(heard.round_trip.unwrap() > Duration::ZERO);
        assert!(heard.retransmission_timeout.unwrap() >= Duration::from_millis(200));
    }
    drop(server);
    sleep(Duration::from_millis(50));
    assert_eq!(tcp_info(client.as_raw_fd()).unwrap().state, State::CloseWait, "{heard:?}");
}

#[test]
fn tcp_info_refuses_other_kinds_of_sockets() {
    let datagrams = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    assert!(matches!(tcp_info(datagrams.as_raw_fd()), Err(Error::NotTcp)));
    assert!(matches!(tcp_info(-1), Err(Error::System { option: SocketOption::Protocol, .. })));
}

/// Against what the libc crate reads under the same names.
#[cfg(all(target_os = "linux", any(target_env = "gnu", target_env = "musl")))]
mod linux {
    use std::{mem::MaybeUninit, ptr, time::Instant};

    use libc::{c_int, socklen_t};

    use super::*;
    use crate::RawSocket;

    fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    /// From now on the kernel drops whatever comes for this end and has a lower TTL, before TCP sees it (RFC 5082). What
    /// comes over the loopback interface has 64.
    fn set_lowest_ttl(socket: &TcpStream, ttl: c_int) {
        const IP_MINTTL: c_int = 21;
        let size = socklen_t::try_from(size_of_val(&ttl)).unwrap();
        let value = ptr::from_ref(&ttl).cast();
        // SAFETY: `ttl` lives over the call, and `size` says how large it is.
        let result =
            unsafe { libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_IP, IP_MINTTL, value, size) };
        assert_eq!(result, 0);
    }

    fn by_libc(raw: RawSocket) -> libc::tcp_info {
        let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
        let mut size = socklen_t::try_from(size_of_val(&info)).unwrap();
        let place = info.as_mut_ptr().cast();
        // SAFETY: `info` and `size` live over the call, and `size` says how large `info` is.
        let result =
            unsafe { libc::getsockopt(raw, libc::IPPROTO_TCP, libc::TCP_INFO, place, &raw mut size) };
        assert_eq!(result, 0);
        // SAFETY: every byte was zeroed, and it holds integers only.
        unsafe { info.assume_init() }
    }

    /// The kernel's own timers decide when it is so.
    fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !is_so() {
            assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
            sleep(Duration::from_millis(5));
        }
    }

    /// What does not go on by itself between two readings.
    fn counts(info: &libc::tcp_info) -> [u32; 11] {
        [
            info.tcpi_ca_state.into(),
            info.tcpi_retransmits.into(),
            info.tcpi_backoff.into(),
            info.tcpi_total_retrans,
            info.tcpi_unacked,
            info.tcpi_notsent_bytes,
            info.tcpi_snd_wnd,
            info.tcpi_segs_in,
            info.tcpi_rtt,
            info.tcpi_rttvar,
            info.tcpi_rto,
        ]
    }

    /// Ours between two readings of libc's that say the same, and libc's.
    fn read_both(raw: RawSocket) -> (TcpInfo, libc::tcp_info) {
        loop {
            let before = by_libc(raw);
            let ours = tcp_info(raw).unwrap();
            if counts(&before) == counts(&by_libc(raw)) {
                return (ours, before);
            }
        }
    }

    fn assert_same(raw: RawSocket) -> TcpInfo {
        let (ours, libc) = read_both(raw);
        assert_eq!(ours.retransmits, Some(libc.tcpi_retransmits.into()));
        assert_eq!(ours.repairs_loss, Some(libc.tcpi_ca_state >= 3));
        assert_eq!(ours.total_retransmits, Some(libc.tcpi_total_retrans.into()));
        assert_eq!(ours.unacknowledged, Some(libc.tcpi_unacked));
        assert_eq!(ours.acknowledged, Some(libc.tcpi_bytes_acked));
        assert_eq!(ours.unsent, Some(libc.tcpi_notsent_bytes));
        assert_eq!(ours.empty_segments, Some(libc.tcpi_segs_in - libc.tcpi_data_segs_in));
        assert_eq!(ours.send_window, Some(libc.tcpi_snd_wnd));
        assert_eq!(ours.round_trip, Some(Duration::from_micros(libc.tcpi_rtt.into())));
        assert_eq!(ours.round_trip_variance, Some(Duration::from_micros(libc.tcpi_rttvar.into())));
        assert_eq!(ours.retransmission_timeout, Some(Duration::from_micros(libc.tcpi_rto.into())));
        assert_eq!(ours.backoff, Some(libc.tcpi_backoff.into()));
        let millis = |value: u32| Duration::from_millis(value.into());
        assert!(ours.last_acknowledgement.unwrap() >= millis(libc.tcpi_last_ack_recv));
        assert!(ours.silence.unwrap() >= millis(libc.tcpi_last_data_recv.min(libc.tcpi_last_ack_recv)));
        ours
    }

    #[test]
    fn retransmissions_are_counted_as_libc_reads_them() {
        let (mut client, server) = connected();
        let raw = client.as_raw_fd();
        client.set_nonblocking(true).unwrap();
        assert_eq!(assert_same(raw).total_retransmits, Some(0));
        set_lowest_ttl(&server, 255);
        // More than the peer's window, so that some is in flight and some is not sent.
        while client.write(&[0; 16_384]).is_ok() {}
        wait_until("three retransmissions", || tcp_info(raw).unwrap().total_retransmits >= Some(3));
        let cut = assert_same(raw);
        assert!(cut.retransmits > Some(0) && cut.unacknowledged > Some(0) && cut.unsent > Some(0), "{cut:?}");
        assert!(cut.backoff > Some(0), "{cut:?}");
        // The first retransmission alone comes after 0.2 s.
        assert!(cut.last_acknowledgement.unwrap() >= Duration::from_millis(200), "{cut:?}");
        assert!(cut.silence <= cut.last_acknowledgement, "{cut:?}");

        let begin = Instant::now();
        set_lowest_ttl(&server, 0);
        wait_until("an acknowledgement", || tcp_info(raw).unwrap().retransmits == Some(0));
        let healed = assert_same(raw);
        assert!(healed.total_retransmits >= cut.total_retransmits, "{healed:?}");
        // The kernel counts it in its ticks.
        assert!(
            healed.last_acknowledgement.unwrap() <= begin.elapsed() + Duration::from_millis(20),
            "{healed:?}"
        );
    }

    #[test]
    fn a_closed_window_of_the_peer_is_reported() {
        let (mut client, server) = connected();
        let raw = client.as_raw_fd();
        client.set_nonblocking(true).unwrap();
        let open = assert_same(raw);
        wait_until("a closed window", || {
            let _ = client.write(&[0; 16_384]);
            let info = tcp_info(raw).unwrap();
            info.unacknowledged == Some(0) && info.unsent > Some(0)
        });
        // It is closed when it has no room for a segment, and need not be 0.
        let closed = assert_same(raw);
        assert!(closed.send_window < open.send_window && closed.send_window < closed.unsent, "{closed:?}");
        drop(server);
    }

    #[test]
    fn probes_that_go_unanswered_are_counted() {
        let (client, server) = connected();
        let raw = client.as_raw_fd();
        set_lowest_ttl(&server, 255);
        let each_second = crate::Settings {
            enabled: true,
            time: Some(Duration::from_secs(1)),
            interval: Some(Duration::from_secs(1)),
            retries: Some(100),
            user_timeout: None,
        };
        crate::set(raw, &each_second).unwrap();
        wait_until("two probes", || tcp_info(raw).unwrap().unanswered_probes >= Some(2));
        let info = tcp_info(raw).unwrap();
        assert_eq!(
            (info.retransmits, info.total_retransmits, info.unacknowledged),
            (Some(0), Some(0), Some(0))
        );
        set_lowest_ttl(&server, 0);
        wait_until("an answer", || tcp_info(raw).unwrap().unanswered_probes == Some(0));
    }
}
