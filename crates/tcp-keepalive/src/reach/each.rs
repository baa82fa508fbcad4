//! Reads something from many descriptors, while their owners may close them.

use std::{
    io,
    mem::replace,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Endpoints, Found, RawSocket, endpoints::Wanted, sys};

/// Reads from one descriptor, and appends the numbers that it has read. If it appends none, the descriptor is left out. An error ends
/// the reading of all descriptors.
///
/// It is neither generic nor returns a type of its own, so that the code around it is compiled once.
pub type Ask = dyn Fn(RawSocket, &mut Vec<i32>) -> io::Result<()> + Send + Sync;

struct Asked {
    /// The number of threads that were started. Only the last one goes on.
    turn: u32,
    /// The index of the next descriptor.
    next: usize,
    /// The numbers of all descriptors so far, or the error.
    answers: io::Result<Vec<i32>>,
}

/// Calls `ask` with every descriptor that this process may have, and returns all numbers. See [`ask_each`].
///
/// # Errors
///
/// The first error of `ask`.
pub fn ask_each_descriptor(ask: &Arc<Ask>) -> io::Result<Vec<i32>> {
    ask_each(sys::own_descriptors().collect(), usize::MAX, ask)
}

/// Calls `ask` with each of `raws`, one after the other, until there are `most` numbers, and returns them.
///
/// If the owner of a socket closes it with `SO_LINGER` during a system call on it, the thread whose call ends last has to wait
/// (`sys/linux_reach.rs`). So does a thread that closes a duplicate of another process's socket. So another thread makes the calls. If it
/// seems to wait, a new thread continues with the same descriptor, which is closed by then, and the answer of the old thread is
/// ignored.
///
/// # Errors
///
/// The first error of `ask`.
#[inline(never)]
pub fn ask_each(raws: Vec<RawSocket>, most: usize, ask: &Arc<Ask>) -> io::Result<Vec<i32>> {
    let raws = Arc::new(raws);
    let asked = Arc::new(Mutex::new(Asked { turn: 0, next: 0, answers: Ok(Vec::new()) }));
    let mut patience = sys::PATIENCE;
    loop {
        let (turn, mut place) = {
            let mut asked = lock(&asked);
            asked.turn += 1;
            (asked.turn, asked.next)
        };
        let (shared, all, asks) = (Arc::clone(&asked), Arc::clone(&raws), Arc::clone(ask));
        let Ok(end) = sys::ask(move |answer| {
            go_on(&shared, turn, &all, most, &*asks);
            answer(Ok(()));
        }) else {
            // No thread can be started.
            go_on(&asked, turn, &raws, most, &**ask);
            return answers_of(&asked);
        };
        loop {
            if end.wait(patience).is_some() {
                return answers_of(&asked);
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
fn go_on(asked: &Mutex<Asked>, turn: u32, raws: &[RawSocket], most: usize, ask: &Ask) {
    let begin = lock(asked).next;
    let mut numbers = Vec::new();
    for (place, &raw) in raws.iter().enumerate().skip(begin) {
        numbers.clear();
        let result = ask(raw, &mut numbers);
        let mut asked = lock(asked);
        if asked.turn != turn {
            return;
        }
        asked.next = place + 1;
        if let Err(error) = result {
            asked.answers = Err(error);
            return;
        }
        let Ok(answers) = &mut asked.answers else { return };
        answers.extend_from_slice(&numbers);
        if answers.len() >= most {
            return;
        }
    }
}

fn answers_of(asked: &Mutex<Asked>) -> io::Result<Vec<i32>> {
    replace(&mut lock(asked).answers, Ok(Vec::new()))
}

fn lock(asked: &Mutex<Asked>) -> MutexGuard<'_, Asked> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Like [`find`](crate::find) among all descriptors of this process. Other threads may own them, so it uses [`ask_each`].
#[inline] // compiled where it is called, for size: Cargo.toml
#[must_use]
pub fn find_in_process(wanted: &Endpoints) -> Found {
    let wanted = Wanted::from(wanted);
    let most = if wanted.may_be_shared() { 2 } else { 1 };
    let raws = sys::own_descriptors().collect();
    let ask: Arc<Ask> = Arc::new(move |raw, found| {
        if wanted.is(raw) {
            found.push(raw);
        }
        Ok(())
    });
    // The function never returns an error.
    match *ask_each(raws, most, &ask).unwrap_or_default() {
        [] => Found::None,
        [one] => Found::One(one),
        _ => Found::Several,
    }
}
