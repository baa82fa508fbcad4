//! Reads something from all descriptors of this process, while their owners may close them.

use std::{
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{RawSocket, sys};

struct Asked<T> {
    /// The number of threads that were started. Only the last one goes on.
    turn: u32,
    next: RawSocket,
    answers: Vec<T>,
}

/// Calls `ask` with every descriptor that this process may have, and returns its answers.
///
/// If the owner of a socket closes it with `SO_LINGER` during a system call on it, the thread whose call ends last has to wait
/// (`sys/linux_reach.rs`). So another thread makes the calls. If it seems to wait, a new thread continues with the same descriptor,
/// which is closed by then, and the answer of the old thread is ignored.
pub fn ask_each_descriptor<T: Send + 'static>(
    ask: impl Fn(RawSocket) -> Option<T> + Copy + Send + 'static,
) -> Vec<T> {
    let asked = Arc::new(Mutex::new(Asked { turn: 0, next: 0, answers: Vec::new() }));
    let mut patience = sys::PATIENCE;
    loop {
        let (turn, mut place) = {
            let mut asked = lock(&asked);
            asked.turn += 1;
            (asked.turn, asked.next)
        };
        let shared = Arc::clone(&asked);
        let Ok(end) = sys::ask(move |answer| {
            go_on(&shared, turn, ask);
            answer(Ok(()));
        }) else {
            // No thread can be started.
            go_on(&asked, turn, ask);
            return take(&mut lock(&asked).answers);
        };
        loop {
            if end.wait(patience).is_some() {
                return take(&mut lock(&asked).answers);
            }
            let now = lock(&asked).next;
            if now == place {
                break;
            }
            place = now;
        }
        patience = patience.saturating_mul(2);
    }
}

/// Not inlined, because it is called twice: also if no thread can be started.
#[inline(never)]
fn go_on<T>(asked: &Mutex<Asked<T>>, turn: u32, ask: impl Fn(RawSocket) -> Option<T>) {
    let begin = lock(asked).next;
    for raw in begin..sys::own_descriptors().end {
        let answer = ask(raw);
        let mut asked = lock(asked);
        if asked.turn != turn {
            return;
        }
        asked.answers.extend(answer);
        asked.next = raw + 1;
    }
}

fn lock<T>(asked: &Mutex<Asked<T>>) -> MutexGuard<'_, Asked<T>> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}
