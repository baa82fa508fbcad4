//! Looks at all sockets of this process, and changes them, without the knowledge of their owners.
//!
//! The owner of a descriptor, in another thread, may close it between two calls and open something else under its number. So
//! changes are made through a duplicate. But a duplicate has two dangers:
//!
//! - Closing a duplicate of a *file* releases every POSIX lock that the process holds on that file (`F_SETLK` in `fcntl(2)`).
//! - Closing the last duplicate of a socket with `SO_LINGER` waits for the linger time, even if the socket is non-blocking.
//!
//! The linger wait may also hit any other thread whose system call on the socket ends last, even a `getsockopt` (`fput()` in
//! `fs/file_table.c`). So reading is also done in a thread of its own, and callers wait for that thread only for a moment.
//!
//! Both dangers depend on the descriptor table in which the duplicate is closed. The kernel identifies the owner of a POSIX lock by
//! that table (`struct files_struct`, which a close passes on: fs/open.c), and the closing thread is the one that waits. So duplicates
//! are made and closed in a thread with its own descriptor table, and are never in the table of the process.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

use libc::{c_int, c_long, c_uint};

use super::{PATIENCE, RawSocket, ask, leading_number};

/// `include/uapi/linux/close_range.h`
const CLOSE_RANGE_UNSHARE: c_uint = 1 << 1;

/// Lends duplicates of the descriptors `raws` of this process to `call`, in a thread with its own descriptor table. For a descriptor
/// that cannot be duplicated, `call` gets -1.
///
/// Returns when `call` does, before the duplicates are closed.
///
/// # Errors
///
/// `EAGAIN` if no thread can be started; the kernel's error if the table cannot be unshared.
pub fn with_duplicates<T: Send + 'static>(
    raws: Vec<RawSocket>,
    call: impl FnOnce(&[RawSocket]) -> T + Send + 'static,
) -> io::Result<T> {
    lend(Way::here(), raws, call)
}

fn lend<T: Send + 'static>(
    way: Way,
    raws: Vec<RawSocket>,
    call: impl FnOnce(&[RawSocket]) -> T + Send + 'static,
) -> io::Result<T> {
    let result = Arc::new(Mutex::new(None));
    let place = Arc::clone(&result);
    let call = move |duplicates: &[RawSocket]| {
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(call(duplicates));
        Ok(())
    };
    lend_to(&taking(way, raws), Box::new(call))?;
    take_out(&result).ok_or_else(|| io::ErrorKind::Other.into())
}

/// Makes the duplicates, in the thread that calls it.
type Take = Arc<dyn Fn() -> io::Result<Duplicates> + Send + Sync>;

/// What is done with the duplicates. It is not generic, so that the code around it is compiled once.
type Call = Box<dyn FnOnce(&[RawSocket]) -> io::Result<()> + Send>;

fn taking(way: Way, raws: Vec<RawSocket>) -> Take {
    Arc::new(move || Duplicates::take(way, &raws))
}

/// A thread may even wait before it has its own table. To make an empty table, the kernel copies up to 64 descriptors and closes the
/// copies (`dup_fd()` in fs/file.c), and one of these may be the last close of a socket with `SO_LINGER`. Then another thread takes
/// over, and the first one finds nothing left to do.
fn lend_to(take: &Take, mut call: Call) -> io::Result<()> {
    let mut patience = PATIENCE;
    loop {
        let place = Arc::new(Mutex::new(Some(call)));
        let (take, shared) = (Arc::clone(take), Arc::clone(&place));
        let answer = ask(move |answer| {
            let duplicates = take();
            let Some(call) = take_out(&shared) else { return };
            answer(match &duplicates {
                Ok(duplicates) => call(&duplicates.raws),
                Err(error) => Err(io::Error::from_raw_os_error(error.raw_os_error().unwrap_or_default())),
            });
            drop(duplicates); // may wait, as described above, but no caller waits for this thread any more
        })?;
        if let Some(answer) = answer.wait(patience) {
            return answer;
        }
        let Some(untouched) = take_out(&place) else { return answer.wait_for_ever() };
        call = untouched;
        patience = patience.saturating_mul(2);
    }
}

fn take_out<F>(place: &Mutex<Option<F>>) -> Option<F> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Whether [`with_duplicates`] is possible in this process.
///
/// # Errors
///
/// As [`with_duplicates`].
pub fn can_duplicate() -> io::Result<()> {
    lend_to(&taking(Way::here(), Vec::new()), Box::new(|_| Ok(())))
}

/// How a thread gets duplicates into its own descriptor table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It makes an empty table and fetches them one by one: `pidfd_getfd(2)`, Linux 5.6. A process may always do this to itself, but
    /// the seccomp profile of Docker forbids it. It is not tried where a seccomp filter is in force.
    Fetch,
    /// It copies the table of the process, as fork(2) does.
    Copy,
}

impl Way {
    /// Found out once, because a kernel or a sandbox does not allow more later.
    fn here() -> Self {
        static HERE: AtomicU8 = AtomicU8::new(UNKNOWN);
        const UNKNOWN: u8 = 0;
        const FETCH: u8 = 1;
        const COPY: u8 = 2;
        let known = HERE.load(Relaxed);
        if known != UNKNOWN {
            return if known == FETCH { Self::Fetch } else { Self::Copy };
        }
        let can_fetch = || lend_to(&taking(Self::Fetch, Vec::new()), Box::new(|_| fetch_nothing())).is_ok();
        let (way, number) =
            if !is_filtered() && can_fetch() { (Self::Fetch, FETCH) } else { (Self::Copy, COPY) };
        HERE.store(number, Relaxed);
        way
    }
}

/// Whether a seccomp filter is in force. It may end the process at a call that it does not allow, so the call cannot be tried: the
/// filter of systemd's `SystemCallFilter=@system-service` does so at `pidfd_getfd(2)`.
fn is_filtered() -> bool {
    const SECCOMP_MODE_FILTER: c_int = 2; // include/uapi/linux/seccomp.h
    // SAFETY: it takes a number only, and changes nothing.
    unsafe { libc::prctl(libc::PR_GET_SECCOMP) == SECCOMP_MODE_FILTER }
}

/// The duplicates in this thread's own table. Fetched ones are closed when this is dropped, copied ones when the thread ends.
struct Duplicates {
    raws: Vec<RawSocket>,
    _fetched: Vec<OwnedFd>,
}

impl Duplicates {
    #[inline(never)]
    fn take(way: Way, raws: &[RawSocket]) -> io::Result<Self> {
        if way == Way::Copy {
            copy_table()?;
            return Ok(Self { raws: raws.to_vec(), _fetched: Vec::new() });
        }
        empty_table()?;
        let process = open_this_process()?;
        let mut fetched = Vec::new();
        let mut numbers = Vec::new();
        for &raw in raws {
            let duplicate = fetch(&process, raw).ok();
            numbers.push(duplicate.as_ref().map_or(-1, AsRawFd::as_raw_fd));
            fetched.extend(duplicate);
        }
        Ok(Self { raws: numbers, _fetched: fetched })
    }
}

/// Gives this thread its own, empty descriptor table. Linux 5.9.
fn empty_table() -> io::Result<()> {
    close_range(0)
}

/// Gives this thread a copy of the table of the process.
fn copy_table() -> io::Result<()> {
    // Closes a range in which nothing is open. Docker allows this call, but not unshare(2), which is the fallback for older kernels.
    close_range(c_uint::MAX).or_else(|_| {
        // SAFETY: it takes a number, and changes nothing but which table this thread uses.
        done(unsafe { libc::syscall(libc::SYS_unshare, libc::CLONE_FILES) })
    })
}

fn close_range(from: c_uint) -> io::Result<()> {
    // SAFETY: it takes numbers. With this flag it closes nothing in the table that other threads use.
    done(unsafe { libc::syscall(libc::SYS_close_range, from, c_uint::MAX, CLOSE_RANGE_UNSHARE) })
}

fn done(answer: c_long) -> io::Result<()> {
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether the kernel lets this thread fetch descriptors. The kernel checks the right before it looks up the descriptor.
fn fetch_nothing() -> io::Result<()> {
    let process = open_this_process()?;
    match fetch(&process, RawFd::MAX) {
        Err(error) if error.raw_os_error() == Some(libc::EBADF) => Ok(()),
        other => other.map(drop),
    }
}

fn open_this_process() -> io::Result<OwnedFd> {
    // A PID fits, because the kernel stores it as a signed number.
    let own = c_int::try_from(std::process::id()).unwrap_or_default();
    // SAFETY: it takes numbers only.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_open, own, 0) })
}

/// Duplicates the descriptor `raw` of the process into this thread's table.
fn fetch(process: &OwnedFd, raw: RawSocket) -> io::Result<OwnedFd> {
    // SAFETY: it takes numbers; the first is open.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), raw, 0) })
}

/// Takes ownership of a descriptor that a system call has just opened in this thread's table.
fn owned(answer: c_long) -> io::Result<OwnedFd> {
    let Ok(raw @ 0..) = RawFd::try_from(answer) else { return Err(io::Error::last_os_error()) };
    // SAFETY: the kernel has made it for this call, so nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// The first open descriptor of this process, starting at `from`; `end` if there is none, and `from` if the system does not report it.
/// It costs as much as reading from about ten closed descriptors, so it pays off only before a gap.
pub fn next_open(from: RawSocket, end: RawSocket) -> RawSocket {
    let next = || {
        let folder = File::open("/proc/self/fd")?;
        // This is the descriptor of the folder itself.
        let own = folder.as_raw_fd();
        match next_entry(&folder, from)? {
            Some(raw) if raw == own => next_entry(&folder, raw + 1),
            next => Ok(next),
        }
    };
    next().map_or(from, |next: Option<RawSocket>| next.unwrap_or(end))
}

/// `proc_readfd_common()` in fs/proc/fd.c: a descriptor's place in the folder is its number, after two entries for `.` and `..`.
fn next_entry(mut folder: &File, from: RawSocket) -> io::Result<Option<RawSocket>> {
    /// Of `struct linux_dirent64` in `getdents(2)`.
    const NAME: usize = 19;
    folder.seek(SeekFrom::Start(u64::try_from(from).unwrap_or_default() + 2))?;
    // Room for one entry, because each entry costs the kernel an inode.
    let mut entry = [0_u8; 32];
    let (raw, place) = (folder.as_raw_fd(), entry.as_mut_ptr());
    // SAFETY: `entry` lives over the call, which is told how large it is.
    let length = unsafe { libc::syscall(libc::SYS_getdents64, raw, place, entry.len()) };
    let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
    let name = entry.get(NAME..length).unwrap_or_default();
    Ok(if name.is_empty() { None } else { leading_number(name) })
}

/// Every descriptor of the process is looked at or copied, so one test at a time counts them, or waits for their ends.
#[cfg(test)]
pub static ALONE: Mutex<()> = Mutex::new(());

#[cfg(test)]
mod tests {
    use std::{
        mem::MaybeUninit,
        net::{Ipv4Addr, TcpListener},
        ptr,
        time::Duration,
    };

    use super::*;

    const BOTH: [Way; 2] = [Way::Fetch, Way::Copy];

    fn cookie(raw: RawSocket) -> u64 {
        let borrowed = super::super::borrow(raw).unwrap();
        super::super::cookie(&socket2::SockRef::from(&borrowed)).unwrap()
    }

    #[test]
    fn a_duplicate_refers_to_the_same_socket_and_a_closed_descriptor_has_none() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let raw = listener.as_raw_fd();
        let own = cookie(raw);
        for way in BOTH {
            let lent = lend(way, vec![raw, 1 << 20], |duplicates| {
                (cookie(duplicates[0]), crate::is_tcp(duplicates[0]), crate::is_tcp(duplicates[1]))
            });
            assert_eq!(lent.unwrap(), (own, true, false), "{way:?}");
        }
    }

    /// The first thread may wait before it has its own table, because the kernel closes copies of descriptors.
    #[test]
    fn another_thread_takes_over_from_one_that_waits() {
        static TAKEN: AtomicU8 = AtomicU8::new(0);
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let _accepted = listener.accept().unwrap();
        client.set_nonblocking(true).unwrap();
        socket2::SockRef::from(&client).set_linger(Some(Duration::from_secs(3))).unwrap();
        while std::io::Write::write(&mut &client, &[0; 8192]).is_ok() {}
        let client = Arc::new(Mutex::new(Some(client)));
        let begun = std::time::Instant::now();
        let raw = listener.as_raw_fd();
        let take = move || {
            TAKEN.fetch_add(1, Relaxed);
            let lingering = client.lock().unwrap().take();
            drop(lingering); // in the first thread, this close waits
            Duplicates::take(Way::Fetch, &[raw])
        };
        let calls = Arc::new(Mutex::new(Vec::new()));
        let called = Arc::clone(&calls);
        let take: Take = Arc::new(take);
        let lent = lend_to(
            &take,
            Box::new(move |duplicates| {
                called.lock().unwrap().push(crate::is_tcp(duplicates[0]));
                Ok(())
            }),
        );
        lent.unwrap();
        assert_eq!(*calls.lock().unwrap(), [true]);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert!(TAKEN.load(Relaxed) >= 2);
    }

    /// The locks on the file stay too (see `reach/tests.rs`).
    #[test]
    fn closing_a_duplicate_leaves_the_descriptor_of_the_process_open() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        for way in BOTH {
            let file = File::open("/proc/self/status").unwrap();
            let raw = file.as_raw_fd();
            lend(way, vec![raw], |_| ()).unwrap();
            std::thread::sleep(Duration::from_millis(20)); // the thread closes its duplicate meanwhile
            assert!(io::Read::read(&mut &file, &mut [0]).unwrap() > 0, "{way:?}");
        }
    }

    #[test]
    fn no_signal_is_handled_there() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let blocked = lend(Way::Fetch, Vec::new(), |_| {
            let mut mask = MaybeUninit::<libc::sigset_t>::zeroed();
            // SAFETY: it takes no new mask, and writes the one in force.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, ptr::null(), mask.as_mut_ptr()) };
            // SAFETY: it was written above.
            unsafe { libc::sigismember(mask.as_ptr(), libc::SIGTERM) }
        });
        assert_eq!(blocked.unwrap(), 1);
    }

    #[test]
    fn next_open_skips_a_gap() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let file = File::open("/proc/self/status").unwrap();
        // SAFETY: they take numbers; the second is open.
        let last = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) }.min(1 << 16);
        let far = RawFd::try_from(last - 1).unwrap();
        // SAFETY: as above.
        let duplicate = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_DUPFD_CLOEXEC, far) };
        assert_eq!(next_open(0, RawFd::MAX), 0);
        assert_eq!(next_open(far - 500, RawFd::MAX), far);
        assert_eq!(next_open(far, RawFd::MAX), far);
        assert_eq!(next_open(far + 1, RawFd::MAX), RawFd::MAX);
        // SAFETY: this test made it.
        drop(unsafe { OwnedFd::from_raw_fd(duplicate) });
        assert_eq!(next_open(far - 500, RawFd::MAX), RawFd::MAX);
    }
}
