//! Threads that open, lock, close and reopen files and sockets as fast as they can, while other code looks at the descriptors of
//! the process. They show that a look releases no lock, changes no other socket, and does not wait for a close.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    mem::zeroed,
    net::{Ipv4Addr, TcpStream},
    os::fd::{AsRawFd, RawFd},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use socket2::SockRef;

/// The counts of what happened.
#[derive(Default)]
struct Counts {
    files: AtomicU32,
    sockets: AtomicU32,
    lingering: AtomicU32,
    locks_lost: AtomicU32,
    others_changed: AtomicU32,
    adopted: AtomicU32,
}

/// The ports to connect to.
#[derive(Clone, Copy)]
pub struct Ports {
    /// Connections to this port may be changed.
    pub meant: u16,
    /// Connections to this port must not be changed.
    pub other: u16,
    /// The peer at this port does not read, so that a close with `SO_LINGER` waits. Connections to it may be changed.
    pub stuck: u16,
}

struct Disturbance {
    is_over: Arc<AtomicBool>,
    counts: Arc<Counts>,
    threads: Vec<JoinHandle<()>>,
}

static RUNNING: Mutex<Option<Disturbance>> = Mutex::new(None);

/// How long a close lingers.
pub const LINGER: Duration = Duration::from_secs(4);

/// Starts the threads. Files are made in `folder`.
pub fn start(ports: Ports, folder: String) {
    let folder = PathBuf::from(folder);
    let is_over = Arc::new(AtomicBool::new(false));
    let counts = Arc::new(Counts::default());
    let mut threads = Vec::new();
    for number in 0..2 {
        let (is_over, counts, folder) = (Arc::clone(&is_over), Arc::clone(&counts), folder.clone());
        threads.push(thread::spawn(move || {
            while !is_over.load(Relaxed) {
                disturb(ports, &folder.join(format!("locked-{number}")), &counts);
            }
        }));
    }
    let (lingering_is_over, lingering) = (Arc::clone(&is_over), Arc::clone(&counts));
    threads.push(thread::spawn(move || {
        while !lingering_is_over.load(Relaxed) {
            linger(ports.stuck, &lingering);
        }
    }));
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(Disturbance { is_over, counts, threads });
}

/// Ends the threads. Returns the counts of files, sockets, lingering closes, lost locks, other sockets that were changed, and sockets
/// that were changed as they should be.
pub fn stop() -> [u32; 6] {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Disturbance { is_over, counts, threads }) = running else { return [0; 6] };
    is_over.store(true, Relaxed);
    for thread in threads {
        let _ = thread.join();
    }
    let Counts { files, sockets, lingering, locks_lost, others_changed, adopted } = &*counts;
    [files, sockets, lingering, locks_lost, others_changed, adopted].map(|count| count.load(Relaxed))
}

/// A socket that may be changed, then a file with a lock under its number, then a socket that may not be changed.
fn disturb(ports: Ports, path: &PathBuf, counts: &Counts) {
    if let Ok(meant) = connect(ports.meant) {
        for _ in 0..50 {
            thread::yield_now();
        }
        if is_on(&meant) {
            counts.adopted.fetch_add(1, Relaxed);
        }
        let _ = SockRef::from(&meant).set_linger(Some(LINGER)); // with nothing unsent, so that close does not wait
    }
    if let Ok(file) = OpenOptions::new().create(true).truncate(false).write(true).open(path) {
        counts.files.fetch_add(1, Relaxed);
        lock(&file);
        for _ in 0..20 {
            thread::yield_now();
        }
        if !is_locked(&file) {
            counts.locks_lost.fetch_add(1, Relaxed);
        }
    }
    if let Ok(other) = connect(ports.other) {
        counts.sockets.fetch_add(2, Relaxed);
        thread::yield_now();
        if is_on(&other) {
            counts.others_changed.fetch_add(1, Relaxed);
        }
    }
}

/// A socket with more unsent than both ends hold, whose close waits; while it does, its number is free already.
fn linger(port: u16, counts: &Counts) {
    let Ok(mut socket) = connect(port) else { return };
    let _ = socket.set_nonblocking(true);
    let _ = SockRef::from(&socket).set_linger(Some(LINGER));
    while socket.write(&[0; 8192]).is_ok() {}
    counts.lingering.fetch_add(1, Relaxed);
    thread::spawn(move || drop(socket));
    thread::sleep(Duration::from_millis(50));
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    if connected.is_err() {
        thread::sleep(Duration::from_millis(5)); // the ports of this end are used up for a moment
    }
    connected
}

fn is_on(socket: &TcpStream) -> bool {
    SockRef::from(socket).keepalive().unwrap_or(false)
}

fn lock(file: &File) {
    control(file.as_raw_fd(), libc::F_SETLK);
}

/// Asks whether another owner could lock it: a lock by open file description has another owner than the process.
fn is_locked(file: &File) -> bool {
    i32::from(control(file.as_raw_fd(), libc::F_OFD_GETLK).l_type) != libc::F_UNLCK
}

fn control(raw: RawFd, command: libc::c_int) -> libc::flock {
    // SAFETY: it holds integers only.
    let mut range = unsafe { zeroed::<libc::flock>() };
    range.l_type = libc::F_WRLCK.try_into().unwrap_or_default();
    // SAFETY: `range` lives over the call.
    unsafe { libc::fcntl(raw, command, &raw mut range) };
    range
}
