//! Finds connections of this process that other code owns, and sets values on them. Linux only: the functions are missing elsewhere.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use napi::{Env, bindgen_prelude::Int32ArraySlice};
use napi_derive::napi;
use tcp_keepalive::{Adoption, KnownSockets, Outgoing, RawSocket, Settings};

use super::{inspect, millis, number, raw_socket, settings, status_of};

/// The length of a row: descriptor, cookie, whether it is a recheck, and the other end; then the outcome.
const ROW: usize = 16;
const COOKIE: usize = 1;
const RECHECK: usize = 3;
const REMOTE: usize = 4;
const OUTCOME: usize = 9;
const REFUSAL: usize = 10;
const PUT: usize = 11;

/// The outcome of a connection.
const UNCHANGED: i32 = 0;
const ADOPTED: i32 = 1;
const GONE: i32 = -1;

/// Another thread of this process already looks for the same.
const NOT_MY_TURN: i32 = -1;

/// The look is not finished within the wait.
const NOT_READY: i32 = -2;

/// For errors without a number. `include/uapi/asm-generic/errno-base.h`; the same on every processor.
const EIO: i32 = 5;

/// The search of one install, in one thread.
struct Search {
    id: u32,
    /// Identifies what is looked for, and which values are set.
    purpose: Vec<i32>,
    known: Arc<KnownSockets>,
    /// Whether it, or another search with its purpose, has found a match.
    has_matched: bool,
}

impl Search {
    fn shares_with(&self, other: &Self) -> bool {
        self.id == other.id || !self.purpose.is_empty() && self.purpose == other.purpose
    }
}

/// The searches of all threads of this process, the oldest first.
static SEARCHES: Mutex<Vec<Search>> = Mutex::new(Vec::new());

fn searches() -> MutexGuard<'static, Vec<Search>> {
    SEARCHES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to look for connections of this process. Linux only: elsewhere there is no such function.
///
/// - `purpose`: identifies what is looked for and which values are set; empty if the caller shares with no other thread. If several
///   threads have the same purpose, the one that began first does the work. When it ends, the next one takes over.
///
/// Returns an id for the other functions. It is valid until `endLooking`, or until the thread ends. If the system does not let this
/// process duplicate descriptors, it returns the system's error number, negative; `EAGAIN` if no thread can be started.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
pub fn begin_looking(env: Env, purpose: Int32ArraySlice<'_>) -> i32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    if let Err(error) = tcp_keepalive::can_duplicate() {
        return -error.raw_os_error().unwrap_or(EIO);
    }
    let id = LAST.fetch_add(1, Relaxed).wrapping_add(1);
    // A thread may end without a call of `endLooking`.
    if env.add_env_cleanup_hook(id, end_looking).is_err() {
        return -EIO;
    }
    let mut own = Search { id, purpose: purpose.to_vec(), known: Arc::default(), has_matched: false };
    let mut searches = searches();
    own.has_matched = searches.iter().any(|search| search.has_matched && search.shares_with(&own));
    searches.push(own);
    number(Some(id))
}

/// Ends what `beginLooking` began. Linux only.
///
/// - `id`: what that returned.
#[napi(catch_unwind)]
pub fn end_looking(id: u32) {
    searches().retain(|search| search.id != id);
}

/// Returns whether a match was found so far, by any thread with the same purpose. Linux only.
///
/// - `id`: what `beginLooking` returned.
/// - `is_found`: whether the caller has found one now.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn share_match(id: u32, is_found: bool) -> bool {
    let mut searches = searches();
    let Some(own) = searches.iter().position(|search| search.id == id) else { return is_found };
    let has_matched = is_found || searches[own].has_matched;
    for place in 0..searches.len() {
        if searches[place].shares_with(&searches[own]) {
            searches[place].has_matched = has_matched;
        }
    }
    has_matched
}

/// Looks at all descriptors of this process, in another thread. It makes at most one system call for each descriptor that is known,
/// closed or not a socket. Linux only.
///
/// - `id`: what `beginLooking` returned.
/// - `rows`: 16 numbers for each outgoing connection that was not returned before. They are the descriptor, the upper and the lower
///   half of `SO_COOKIE`, 1 if the connection was adopted before and this is the recheck, otherwise 0, and the other end: four
///   words of its address, as `inspectSocket` writes them, and its port.
/// - `wait_ms`: the longest time that the caller waits for the look.
///
/// Returns the number of connections. Those that do not fit come with the next call. Returns -1 if another thread does the work, and
/// -2 if the look is not finished by then; the caller must ask again. If the system's list of listeners cannot be read, it returns
/// the error number plus two, negative; `EAGAIN` if no thread can be started.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn look_for_connections(id: u32, mut rows: Int32ArraySlice<'_>, wait_ms: u32) -> i32 {
    let Some(known) = whose_turn(id) else { return NOT_MY_TURN };
    // SAFETY: as in `write`.
    let (rows, _) = unsafe { rows.as_mut() }.as_chunks_mut::<ROW>();
    match known.look(rows.len(), Duration::from_millis(wait_ms.into())) {
        Ok(None) => NOT_READY,
        Ok(Some((found, count))) => {
            for (row, outgoing) in rows.iter_mut().zip(&found) {
                *row = row_of(outgoing);
            }
            number(Some(count))
        }
        Err(error) => NOT_READY - error.raw_os_error().unwrap_or(EIO),
    }
}

fn whose_turn(id: u32) -> Option<Arc<KnownSockets>> {
    let searches = searches();
    let own = searches.iter().find(|search| search.id == id)?;
    let first = searches.iter().find(|search| search.shares_with(own))?;
    (first.id == id).then(|| Arc::clone(&own.known))
}

fn row_of(outgoing: &Outgoing) -> [i32; ROW] {
    let mut row = [-1; ROW];
    row[0] = outgoing.raw;
    #[expect(clippy::cast_possible_truncation, reason = "a half is cut out of it")]
    let half = |shift: u32| (outgoing.cookie >> shift) as i32;
    row[COOKIE] = half(32);
    row[COOKIE + 1] = half(0);
    row[RECHECK] = i32::from(outgoing.is_recheck);
    inspect::put_endpoint(&mut row[REMOTE..OUTCOME], Some(outgoing.remote));
    row
}

/// Sets values on connections that `lookForConnections` has found. It changes each through a verified duplicate, in a thread that has
/// its own descriptor table. It sets no value that would delay the detection of a dead peer. Linux only.
///
/// - `id`: what `beginLooking` returned.
/// - `rows`: as `lookForConnections` has written them. After the other end, each row gets the outcome: -1 if the connection is gone, 0
///   if it was not changed, 1 if values were set. Then it gets the status of the first refused option, or 0, and the values that were
///   set: enabled, time, interval, retries, user timeout; -1 for those that were left alone.
/// - `count`: the number of rows to use, at most as many as there are.
/// - `values`: five numbers: enabled, and the other parameters of `setKeepAlive`. Keepalive is never turned off, and a user timeout is
///   never lengthened or removed.
///
/// Returns 0. If descriptors cannot be duplicated, it returns the system's error number, negative. Rows that were not reached then
/// have -1, and those connections are found again.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
#[must_use]
pub fn adopt_connections(
    id: u32,
    mut rows: Int32ArraySlice<'_>,
    count: u32,
    values: Int32ArraySlice<'_>,
) -> i32 {
    let Some(known) = whose_turn(id) else { return 0 };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    // SAFETY: as in `write`.
    let (rows, _) = unsafe { rows.as_mut() }.as_chunks_mut::<ROW>();
    let count = count.min(rows.len());
    let all = rows[..count].iter().map(outgoing_in).collect::<Vec<_>>();
    let &[enabled, time, interval, retries, user_timeout] = values.as_ref() else { return 0 };
    let asked = settings(enabled != 0, time, interval, retries, user_timeout);
    let (adoptions, result) = known.adopt(&all, &asked);
    let mut adoptions = adoptions.into_iter();
    for (row, outgoing) in rows.iter_mut().zip(&all) {
        let adoption = adoptions.next();
        known.settle(outgoing, adoption.as_ref());
        row[OUTCOME..].copy_from_slice(&outcome_numbers(adoption));
    }
    result.map_or_else(|error| -error.raw_os_error().unwrap_or(EIO), |()| 0)
}

fn outgoing_in(row: &[i32; ROW]) -> Outgoing {
    let half = |place: usize| u64::from(row[place].cast_unsigned());
    Outgoing {
        raw: row[0],
        cookie: half(COOKIE) << 32 | half(COOKIE + 1),
        is_recheck: row[RECHECK] == 1,
        // Not used here.
        remote: (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
    }
}

fn outcome_numbers(adoption: Option<Adoption>) -> [i32; ROW - OUTCOME] {
    let mut numbers = [-1; ROW - OUTCOME];
    let (outcome, refusal) = match adoption {
        None | Some(Adoption::Gone) => (GONE, 0),
        Some(Adoption::Unchanged) => (UNCHANGED, 0),
        Some(Adoption::Put { settings, refusal }) => {
            numbers[PUT - OUTCOME..].copy_from_slice(&put_numbers(&settings));
            (ADOPTED, refusal.as_ref().map_or(0, status_of))
        }
    };
    numbers[0] = outcome;
    numbers[REFUSAL - OUTCOME] = refusal;
    numbers
}

fn put_numbers(settings: &Settings) -> [i32; ROW - PUT] {
    let seconds = |value: Option<Duration>| number(value.map(|value| value.as_secs()));
    [
        i32::from(settings.enabled),
        seconds(settings.time),
        seconds(settings.interval),
        number(settings.retries),
        millis(settings.user_timeout),
    ]
}

/// Excludes a socket of this process from the looks of all threads. It is called if values are held on the socket, or if the socket was
/// accepted elsewhere and came from another process. While no thread looks, it makes no system call. Linux only.
///
/// - `descriptor`: the raw descriptor.
///
/// Throws an error if an argument has the wrong type; its `code` names the expected type.
#[napi(catch_unwind)]
pub fn exclude_from_reach(descriptor: f64) {
    let raw = raw_socket(descriptor);
    for known in all_known() {
        known.exclude(raw);
    }
}

/// Whether `adoptConnections` has set values on the socket, in any thread of this process.
#[must_use]
pub fn is_adopted(raw: RawSocket) -> bool {
    all_known().iter().any(|known| known.has_adopted(raw))
}

fn all_known() -> Vec<Arc<KnownSockets>> {
    searches().iter().map(|search| Arc::clone(&search.known)).collect()
}
