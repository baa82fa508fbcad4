//! A thread that may have to wait, such as for the linger time of a socket that it closes. The caller waits for its answer only for a
//! moment.

use std::{
    io,
    mem::MaybeUninit,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use libc::{c_int, c_void};

/// The thread needs little. glibc's default is 8 MB, and the kernel counts each page as committed.
const STACK_BYTES: usize = 256 * 1024;

/// The first time after which a thread is assumed to wait for a close. On a busy machine other threads may also take this long.
pub const PATIENCE: Duration = Duration::from_millis(50);

/// The place where a thread puts its answer, and where the caller waits for it.
#[derive(Debug)]
pub struct Answer<T> {
    place: Mutex<Option<io::Result<T>>>,
    put: Condvar,
}

impl<T> Answer<T> {
    fn give(&self, answer: io::Result<T>) {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.get_or_insert(answer); // the first counts
        self.put.notify_one();
    }

    /// Returns `None` if there is no answer in time. Call it again until there is one.
    pub fn wait(&self, longest: Duration) -> Option<io::Result<T>> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.put.wait_timeout_while(place, longest, |place| place.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.take()
    }

    /// Waits as long as it takes.
    pub fn wait_for_ever(&self) -> io::Result<T> {
        loop {
            if let Some(answer) = self.wait(Duration::MAX) {
                return answer;
            }
        }
    }
}

/// Starts a detached thread and does not wait for its answer. The thread blocks all signals, because a handler writes to a pipe that may
/// be missing in the thread's table, and then aborts (`uv__signal_handler()` in src/unix/signal.c of libuv).
///
/// `std::thread` is not used, because it makes the binary 100 KB larger.
pub fn ask<T: Send + 'static>(
    work: impl FnOnce(&dyn Fn(io::Result<T>)) + Send + 'static,
) -> io::Result<Arc<Answer<T>>> {
    let asked = Arc::new(Answer { place: Mutex::new(None), put: Condvar::new() });
    let answer = Arc::clone(&asked);
    start(Box::new(move || {
        block_signals();
        let worked = catch_unwind(AssertUnwindSafe(|| work(&|given| answer.give(given))));
        if worked.is_err() {
            answer.give(Err(io::ErrorKind::Other.into()));
        }
    }))?;
    Ok(asked)
}

type Work = Box<dyn FnOnce() + Send>;

/// Starts a detached thread.
fn start(work: Work) -> io::Result<()> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let attributes = attributes.as_mut_ptr();
    // SAFETY: it fills what it is given, which is large enough.
    checked(unsafe { libc::pthread_attr_init(attributes) })?;
    // SAFETY: it was filled above.
    unsafe { libc::pthread_attr_setdetachstate(attributes, libc::PTHREAD_CREATE_DETACHED) };
    // SAFETY: as above.
    unsafe { libc::pthread_attr_setstacksize(attributes, STACK_BYTES) };
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    let work = Box::into_raw(Box::new(work));
    // SAFETY: what is pointed to lives until `run` takes it, and is `Send`; the attributes were filled above.
    let started = unsafe { libc::pthread_create(thread.as_mut_ptr(), attributes, run, work.cast()) };
    // SAFETY: as above, and nothing uses them any more.
    unsafe { libc::pthread_attr_destroy(attributes) };
    checked(started).inspect_err(|_| {
        // SAFETY: no thread was started, so nobody else takes it.
        drop(unsafe { Box::from_raw(work) });
    })
}

/// The functions of pthreads return the error's number.
fn checked(error: c_int) -> io::Result<()> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

extern "C" fn run(work: *mut c_void) -> *mut c_void {
    // SAFETY: it is what `start` has made, for this thread alone.
    let work = unsafe { Box::from_raw(work.cast::<Work>()) };
    work();
    ptr::null_mut()
}

fn block_signals() {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: it fills what it is given, which is large enough.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: the set was filled above, and nothing is written where the old one would be.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), ptr::null_mut()) };
}
