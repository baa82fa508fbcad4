//! Reads something from many descriptors, while their owners may close them.

use std::{
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Endpoints, Found, RawSocket, endpoints::Wanted, sys};

struct Asked<T> {
    /// The number of threads that were started. Only the last one goes on.
    turn: u32,
    /// The index of the next descriptor.
    next: usize,
    answers: Vec<T>,
}

/// Calls `ask` with every descriptor that this process may have, and returns its answers. See [`ask_each`].
pub fn ask_each_descriptor<T: Send + 'static>(
    ask: impl Fn(RawSocket) -> Option<T> + Clone + Send + 'static,
) -> Vec<T> {
    ask_each(sys::own_descriptors().collect(), usize::MAX, ask)
}

/// Calls `ask` with each of `raws`, one after the other, until there are `most` answers, and returns them.
///
/// If the owner of a socket closes it with `SO_LINGER` during a system call on it, the thread whose call ends last has to wait
/// (`sys/linux_reach.rs`). So does a thread that closes a duplicate of another process's socket. So another thread makes the calls. If it
/// seems to wait, a new thread continues with the same descriptor, which is closed by then, and the answer of the old thread is
/// ignored.
pub fn ask_each<T: Send + 'static>(
    raws: Vec<RawSocket>,
    most: usize,
    ask: impl Fn(RawSocket) -> Option<T> + Clone + Send + 'static,
) -> Vec<T> {
    let raws = Arc::new(raws);
    let asked = Arc::new(Mutex::new(Asked { turn: 0, next: 0, answers: Vec::new() }));
    let mut patience = sys::PATIENCE;
    loop {
        let (turn, mut place) = {
            let mut asked = lock(&asked);
            asked.turn += 1;
            (asked.turn, asked.next)
        };
        let (shared, all, asks) = (Arc::clone(&asked), Arc::clone(&raws), ask.clone());
        let Ok(end) = sys::ask(move |answer| {
            go_on(&shared, turn, &all, most, asks);
            answer(Ok(()));
        }) else {
            // No thread can be started.
            go_on(&asked, turn, &raws, most, ask);
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
fn go_on<T>(
    asked: &Mutex<Asked<T>>,
    turn: u32,
    raws: &[RawSocket],
    most: usize,
    ask: impl Fn(RawSocket) -> Option<T>,
) {
    let begin = lock(asked).next;
    for (place, &raw) in raws.iter().enumerate().skip(begin) {
        let answer = ask(raw);
        let mut asked = lock(asked);
        if asked.turn != turn {
            return;
        }
        asked.answers.extend(answer);
        asked.next = place + 1;
        if asked.answers.len() >= most {
            return;
        }
    }
}

fn lock<T>(asked: &Mutex<Asked<T>>) -> MutexGuard<'_, Asked<T>> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Like [`find`](crate::find) among all descriptors of this process. Other threads may own them, so it uses [`ask_each`].
#[inline] // compiled where it is called, for size: Cargo.toml
#[must_use]
pub fn find_in_process(wanted: &Endpoints) -> Found {
    let wanted = Wanted::from(wanted);
    let most = if wanted.may_be_shared() { 2 } else { 1 };
    let raws = sys::own_descriptors().collect();
    match *ask_each(raws, most, move |raw| wanted.is(raw).then_some(raw)) {
        [] => Found::None,
        [one] => Found::One(one),
        _ => Found::Several,
    }
}
