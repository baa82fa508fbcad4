//! Against real descriptors of this process, read back by socket2's own getters.

use std::{
    fs::File,
    io::Read,
    net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicI32, AtomicU32, Ordering::Relaxed},
        mpsc,
    },
    time::{Duration, Instant},
};

use super::*;
use crate::Settings;

fn alone() -> MutexGuard<'static, ()> {
    sys::ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const ASKED: Settings = Settings {
    enabled: true,
    time: Some(Duration::from_secs(11)),
    interval: Some(Duration::from_secs(3)),
    retries: Some(5),
    user_timeout: None,
};

fn look(known: &Arc<KnownSockets>, room: usize) -> Looked {
    loop {
        if let Some(looked) = known.look(room, Duration::from_millis(50)).unwrap() {
            return looked;
        }
    }
}

fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

fn connect(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// Those of other tests, which run beside this one, are not meant.
fn found(known: &Arc<KnownSockets>, sockets: &[&TcpStream]) -> Vec<Outgoing> {
    let (found, count) = look(known, usize::MAX);
    assert_eq!(found.len(), count);
    found.into_iter().filter(|found| sockets.iter().any(|socket| socket.as_raw_fd() == found.raw)).collect()
}

#[test]
fn an_outgoing_connection_is_found_once_and_an_accepted_one_never() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let (client, accepted) = connect(&listener);
    let first = found(&known, &[&client, &accepted]);
    assert_eq!(first.len(), 1);
    assert_eq!((first[0].raw, first[0].remote), (client.as_raw_fd(), listener.local_addr().unwrap()));
    assert!(!first[0].is_recheck);
    assert_eq!(found(&known, &[&client, &accepted]), []);
}

#[test]
fn an_accepted_connection_is_not_found_after_its_listener_was_closed() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let (client, accepted) = connect(&listener);
    let _ = found(&known, &[]);
    let (late, accepted_late) = connect(&listener);
    drop(listener);
    let second = found(&known, &[&client, &accepted, &late, &accepted_late]);
    assert_eq!(second.iter().map(|found| found.raw).collect::<Vec<_>>(), [late.as_raw_fd()]);
}

#[test]
fn another_descriptor_of_a_known_socket_is_known() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let (client, _accepted) = connect(&listener);
    assert_eq!(found(&known, &[&client]).len(), 1);
    let other = client.try_clone().unwrap();
    assert_eq!(found(&known, &[&other]), []);
    drop(client);
    assert_eq!(found(&known, &[&other]), []);
}

#[test]
fn another_socket_under_the_number_of_a_known_one_is_found() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let (client, _accepted) = connect(&listener);
    assert_eq!(found(&known, &[&client]).len(), 1);
    let (other, _accepted) = connect(&listener);
    // SAFETY: both are sockets of this test.
    assert!(unsafe { libc::dup2(other.as_raw_fd(), client.as_raw_fd()) } >= 0);
    let again = found(&known, &[&client, &other]);
    assert_eq!(again.len(), 2, "under both descriptors, because it was not found before: {again:?}");
    assert_eq!(again[0].cookie, again[1].cookie);
    // Only the first of the two is adopted: the second holds the values by then.
    assert!(matches!(known.adopt(&again, &ASKED).0[..], [Adoption::Put { .. }, Adoption::Unchanged]));
}

/// The descriptors before it are closed. The look skips most of them.
#[test]
fn a_connection_under_a_far_number_is_found() {
    let _alone = alone();
    let listener = listener();
    let (client, _accepted) = connect(&listener);
    for far in [700, 1023] {
        // SAFETY: the first is a socket of this test.
        let raw = unsafe { libc::fcntl(client.as_raw_fd(), libc::F_DUPFD_CLOEXEC, far) };
        // SAFETY: it was made for this test.
        let duplicate = TcpStream::from(unsafe { OwnedFd::from_raw_fd(raw) });
        let found = found(&Arc::new(KnownSockets::default()), &[&duplicate]);
        assert_eq!(found.iter().map(|found| found.raw).collect::<Vec<_>>(), [raw]);
    }
    drop(client);
}

#[test]
fn a_socket_is_found_only_after_it_has_connected() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let socket = crate::socket::fresh_tcp().unwrap();
    let _ = found(&known, &[]);
    socket.connect(&listener.local_addr().unwrap().into()).unwrap();
    let stream = TcpStream::from(OwnedFd::from(socket));
    assert_eq!(found(&known, &[&stream]).len(), 1);
}

#[test]
fn an_excluded_socket_is_not_found() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let (client, _accepted) = connect(&listener);
    known.exclude(client.as_raw_fd());
    assert_eq!(found(&known, &[&client]), []);
    assert!(!known.has_adopted(client.as_raw_fd()));
}

#[test]
fn a_connection_that_was_excluded_after_it_was_found_is_not_adopted() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let (client, _accepted) = connect(&listener);
    let first = found(&known, &[&client]);
    known.exclude(client.as_raw_fd());
    let (adoptions, result) = known.adopt(&first, &ASKED);
    result.unwrap();
    assert!(matches!(adoptions[..], [Adoption::Unchanged]));
    known.settle(&first[0], Some(&adoptions[0]));
    assert!(!SockRef::from(&client).keepalive().unwrap());
    assert_eq!(found(&known, &[&client]), []);
    // Nor through another descriptor.
    let other = client.try_clone().unwrap();
    assert_eq!(found(&known, &[&other]), []);
}

/// Between looking at the descriptors and asking who listens.
#[test]
fn a_connection_that_is_excluded_during_a_look_is_not_returned() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let ((set, _one), (other_client, _other)) = (connect(&listener), connect(&listener));
    let raws = [set.as_raw_fd(), other_client.as_raw_fd()];
    drop(listener);
    for is_first in [true, false] {
        let news = known.look_over(cookie_of, kind_of);
        if is_first {
            known.exclude(set.as_raw_fd());
        }
        let (outwards, _) = known.hand_over(&mut known.without_accepted(news).unwrap(), usize::MAX);
        let of_these = outwards.iter().map(|found| found.raw).filter(|raw| raws.contains(raw));
        let expected = if is_first { vec![other_client.as_raw_fd()] } else { Vec::new() };
        assert_eq!(of_these.collect::<Vec<_>>(), expected);
    }
}

/// A `getsockopt` of the look may wait for a close with `SO_LINGER`. Callers that set values meanwhile must not wait.
#[test]
fn no_caller_waits_for_a_system_call_of_a_look() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let (client, _accepted) = connect(&listener);
    let asked = std::cell::Cell::new((0, 0));
    let is_free = || assert!(known.marks.try_lock().is_ok());
    let _ = known.look_over(
        |raw| {
            is_free();
            asked.update(|(cookies, kinds)| (cookies + usize::from(raw == client.as_raw_fd()), kinds));
            cookie_of(raw)
        },
        |raw, cookie| {
            is_free();
            asked.update(|(cookies, kinds)| (cookies, kinds + usize::from(raw == client.as_raw_fd())));
            kind_of(raw, cookie)
        },
    );
    assert_eq!(asked.get(), (1, 1));
}

#[test]
fn no_more_are_handed_over_than_there_is_room_for_and_the_others_come_later() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let pairs = (0..5).map(|_| connect(&listener)).collect::<Vec<_>>();
    let mut numbers = Vec::new();
    loop {
        let (found, count) = look(&known, 2);
        assert_eq!(found.len(), count.min(2));
        numbers.extend(found.iter().map(|found| found.raw));
        if count == 0 {
            break;
        }
    }
    for (client, _) in &pairs {
        assert_eq!(numbers.iter().filter(|&&raw| raw == client.as_raw_fd()).count(), 1);
    }
}

#[test]
fn an_adopted_connection_has_the_values_and_is_checked_once_more() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let (client, _accepted) = connect(&listener);
    let socket = SockRef::from(&client);
    assert!(!socket.keepalive().unwrap());
    let adopt_all = |found: &[Outgoing]| {
        let (adoptions, result) = known.adopt(found, &ASKED);
        result.unwrap();
        for (found, adoption) in found.iter().zip(&adoptions) {
            known.settle(found, Some(adoption));
        }
        adoptions
    };
    let first = found(&known, &[&client]);
    assert!(matches!(adopt_all(&first)[..], [Adoption::Put { settings: ASKED, refusal: None }]));
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(11));
    assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(3));
    assert_eq!(socket.tcp_keepalive_retries().unwrap(), 5);
    assert_eq!(socket.tcp_user_timeout().unwrap(), None);
    assert!(known.has_adopted(client.as_raw_fd()));

    // The owner sets its own values right after connecting, as Node does in other threads.
    socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(Duration::from_secs(60))).unwrap();
    let second = found(&known, &[&client]);
    assert!(second[0].is_recheck);
    assert!(matches!(adopt_all(&second)[..], [Adoption::Put { .. }]));
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(11));
    assert!(known.has_adopted(client.as_raw_fd()));
    assert_eq!(found(&known, &[&client]), []);
}

#[test]
fn another_socket_under_the_number_is_not_touched() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let listener = listener();
    let (client, _accepted) = connect(&listener);
    let first = found(&known, &[&client]);
    let (other, _accepted) = connect(&listener);
    // SAFETY: both are sockets of this test.
    assert!(unsafe { libc::dup2(other.as_raw_fd(), client.as_raw_fd()) } >= 0);
    let (adoptions, result) = known.adopt(&first, &ASKED);
    result.unwrap();
    assert!(matches!(adoptions[..], [Adoption::Gone]));
    assert!(!SockRef::from(&other).keepalive().unwrap());
}

/// `F_SETLK` of the whole file.
fn lock(file: &File, kind: libc::c_int) -> bool {
    // SAFETY: it holds integers only.
    let mut range = unsafe { std::mem::zeroed::<libc::flock>() };
    range.l_type = kind.try_into().unwrap();
    // SAFETY: `range` lives over the call.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLK, &raw const range) == 0 }
}

fn holds_lock() -> bool {
    let mut locks = String::new();
    File::open("/proc/locks").unwrap().read_to_string(&mut locks).unwrap();
    locks.lines().any(|line| line.contains(&format!(" {} ", std::process::id())))
}

/// The number of a connection is a file's when the duplicate is made: the lock on the file must survive.
#[test]
fn a_file_under_the_number_of_a_connection_keeps_its_posix_locks() {
    let _alone = alone();
    let path = std::env::temp_dir().join(format!("tcp-keepalive-lock-{}", std::process::id()));
    let file = File::create(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(lock(&file, libc::F_WRLCK));
    assert!(holds_lock());
    let remote = (Ipv4Addr::LOCALHOST, 1).into();
    let known = Arc::new(KnownSockets::default());
    let gone = Outgoing { raw: file.as_raw_fd(), cookie: 1, remote, is_recheck: false };
    let (adoptions, result) = known.adopt(&[gone], &ASKED);
    result.unwrap();
    assert!(matches!(adoptions[..], [Adoption::Gone]));
    std::thread::sleep(Duration::from_millis(50)); // for the duplicate to be closed
    assert!(holds_lock());
    // The proof that it would be seen: to close any other duplicate in this table releases it.
    drop(file.try_clone().unwrap());
    assert!(!holds_lock());
}

/// Its owner closes a socket with `SO_LINGER` while its duplicate lives, which then is the last: nobody may wait for that.
#[test]
fn a_close_that_lingers_is_waited_for_by_nobody() {
    let _alone = alone();
    let listener = listener();
    let (client, accepted) = connect(&listener);
    let socket = SockRef::from(&client);
    client.set_nonblocking(true).unwrap();
    socket.set_linger(Some(Duration::from_secs(3))).unwrap();
    // More than both buffers hold, and nobody reads.
    while std::io::Write::write(&mut &client, &[0; 8192]).is_ok() {}
    let begun = Instant::now();
    let raw = client.as_raw_fd();
    let (ask, asked) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let owner = std::thread::spawn(move || {
        asked.recv().unwrap();
        drop(client);
        tell.send(()).unwrap();
    });
    sys::with_duplicates(vec![raw], move |duplicates| {
        assert!(duplicates[0] >= 0);
        ask.send(()).unwrap();
        told.recv().unwrap(); // now the duplicate is the last
    })
    .unwrap();
    owner.join().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(accepted);
}

/// The same where a thread only asks something of all descriptors, and its call is the last to end.
#[test]
fn ask_each_descriptor_does_not_wait_for_a_close_with_linger() {
    static LENT: Mutex<Option<(TcpStream, TcpStream)>> = Mutex::new(None);
    static RAW: AtomicI32 = AtomicI32::new(-1);
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let _alone = alone();
    let listener = listener();
    let (client, accepted) = connect(&listener);
    client.set_nonblocking(true).unwrap();
    SockRef::from(&client).set_linger(Some(Duration::from_secs(3))).unwrap();
    while std::io::Write::write(&mut &client, &[0; 8192]).is_ok() {}
    RAW.store(client.as_raw_fd(), Relaxed);
    // A running system call holds the socket like this second descriptor, which is closed after the owner's.
    let during = client.try_clone().unwrap();
    *LENT.lock().unwrap() = Some((client, during));
    let begun = Instant::now();
    let ask: Arc<Ask> = Arc::new(|raw, seen| {
        if raw == RAW.load(Relaxed) && ASKED.fetch_add(1, Relaxed) == 0 {
            let (client, during) = LENT.lock().unwrap().take().unwrap();
            drop(client);
            drop(during); // this close waits
        }
        seen.extend(cookie_of(raw).map(|_| raw));
        Ok(())
    });
    let seen = ask_each_descriptor(&ask).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(ASKED.load(Relaxed) >= 2, "another thread has asked once more");
    assert!(seen.is_sorted());
    for raw in [listener.as_raw_fd(), accepted.as_raw_fd()] {
        assert_eq!(seen.iter().filter(|&&each| each == raw).count(), 1);
    }
}

#[test]
fn marks_are_sorted() {
    let mut next = 1_u64;
    for length in [0, 1, 2, 3, 10, 1000] {
        let mut marks = (0..length)
            .map(|_| {
                next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                next >> 40
            })
            .collect::<Vec<_>>();
        let mut expected = marks.clone();
        expected.sort_unstable();
        sort(&mut marks);
        assert_eq!(marks, expected);
    }
}

#[test]
fn udp_is_no_connection() {
    let _alone = alone();
    let known = Arc::new(KnownSockets::default());
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect(socket.local_addr().unwrap()).unwrap();
    let (found, _) = look(&known, usize::MAX);
    assert!(found.iter().all(|found| found.raw != socket.as_raw_fd()));
}
