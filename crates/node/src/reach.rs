//! Looking over the connections of this process that others own. Linux only: the functions are missing elsewhere.

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

/// Numbers of a row: descriptor, cookie, whether it is a recheck, the other end; then what became of it.
const ROW: usize = 16;
const COOKIE: usize = 1;
const RECHECK: usize = 3;
const REMOTE: usize = 4;
const OUTCOME: usize = 9;
const REFUSAL: usize = 10;
const PUT: usize = 11;

/// What became of a connection.
const UNCHANGED: i32 = 0;
const ADOPTED: i32 = 1;
const GONE: i32 = -1;

/// Another thread of this process looks for the same.
const NOT_MY_TURN: i32 = -1;

/// The look takes longer than anybody waits for it.
const NOT_READY: i32 = -2;

/// For what has no number of its own. `include/uapi/asm-generic/errno-base.h`; the same on every processor.
const EIO: i32 = 5;

/// What one install of a thread wants.
struct Claim {
    id: u32,
    /// What is looked for, and what is put in.
    purpose: Vec<i32>,
    known: Arc<KnownSockets>,
    /// Whether it, or another with its purpose, has found what it looks for.
    has_matched: bool,
}

impl Claim {
    fn shares_with(&self, other: &Self) -> bool {
        self.id == other.id || !self.purpose.is_empty() && self.purpose == other.purpose
    }
}

/// Those of all threads of this process, the oldest first.
static CLAIMS: Mutex<Vec<Claim>> = Mutex::new(Vec::new());

fn claims() -> MutexGuard<'static, Vec<Claim>> {
    CLAIMS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to look over the connections of this process. Linux only: elsewhere there is no such function.
///
/// - `purpose`: the same numbers where the same is looked for and put in; none where it is alone. Of several threads with the same purpose the one that
///   began first does the work, and the next one when that one has ended.
///
/// Returns the number by which the other functions know it; it ends with `endLooking`, or with the thread. Where the system
/// does not let this process duplicate descriptors, its error number, negative; `EAGAIN` where it lets no thread be started.
///
/// Throws an error, whose `code` names the type that was expected, where an argument is not of its type.
#[napi(catch_unwind)]
pub fn begin_looking(env: Env, purpose: Int32ArraySlice<'_>) -> i32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    if let Err(error) = tcp_keepalive::can_duplicate() {
        return -error.raw_os_error().unwrap_or(EIO);
    }
    let id = LAST.fetch_add(1, Relaxed).wrapping_add(1);
    // A thread may end without ending what it began.
    if env.add_env_cleanup_hook(id, end_looking).is_err() {
        return -EIO;
    }
    let mut own = Claim { id, purpose: purpose.to_vec(), known: Arc::default(), has_matched: false };
    let mut claims = claims();
    own.has_matched = claims.iter().any(|claim| claim.has_matched && claim.shares_with(&own));
    claims.push(own);
    number(Some(id))
}

/// Ends what `beginLooking` began. Linux only.
///
/// - `id`: what that returned.
#[napi(catch_unwind)]
pub fn end_looking(id: u32) {
    claims().retain(|claim| claim.id != id);
}

/// Tells whether anything that is looked for was found so far, by whichever thread with the same purpose. Linux only.
///
/// - `id`: what `beginLooking` returned.
/// - `is_found`: whether something is found now.
///
/// Throws an error, whose `code` names the type that was expected, where an argument is not of its type.
#[napi(catch_unwind)]
#[must_use]
pub fn share_match(id: u32, is_found: bool) -> bool {
    let mut claims = claims();
    let Some(own) = claims.iter().position(|claim| claim.id == id) else { return is_found };
    let has_matched = is_found || claims[own].has_matched;
    for place in 0..claims.len() {
        if claims[place].shares_with(&claims[own]) {
            claims[place].has_matched = has_matched;
        }
    }
    has_matched
}

/// Looks over all descriptors of this process, in a thread: one system call at most for each that is known, closed or no socket. Linux only.
///
/// - `id`: what `beginLooking` returned.
/// - `rows`: 16 numbers a connection. For each outgoing one that was not handed over before it gets the descriptor, the upper
///   and the lower half of `SO_COOKIE`, 1 where it was adopted before and this is the recheck, else 0, and the other
///   end: four words of its address, as `inspectSocket` writes them, and its port.
/// - `wait_ms`: how long the caller waits for the look at most.
///
/// Returns how many there are; those for which there was no room come with the next call. -1 where another thread does the
/// work; -2 where the look is not ready by then, and is to be asked for again. Else, where the system does not tell who
/// listens, its error number, plus two, negative; `EAGAIN` where it lets no thread be started.
///
/// Throws an error, whose `code` names the type that was expected, where an argument is not of its type.
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
    let claims = claims();
    let own = claims.iter().find(|claim| claim.id == id)?;
    let first = claims.iter().find(|claim| claim.shares_with(own))?;
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

/// Puts values into connections that `lookForConnections` has found, each through a duplicate that is verified and closed by a
/// thread with a table of descriptors of its own. Nothing is put in that would make a dead peer known later. Linux only.
///
/// - `id`: what `beginLooking` returned.
/// - `rows`: as `lookForConnections` has written them. Behind each other end it gets -1 where the connection is there no more, 0 where it
///   was left as it is, 1 where values were put in; the status of the first option that was refused, or 0; and what was put
///   in: enabled, time, interval, retries, user timeout, -1 for what was left.
/// - `count`: how many rows are meant; no more than there are.
/// - `values`: five numbers: enabled, and the other parameters of `setKeepAlive`. Keepalive is never turned off, a user timeout never
///   made longer or lifted.
///
/// Returns 0, or the system's error number, negative, where descriptors cannot be duplicated: those that were not reached have -1,
/// and are found again.
///
/// Throws an error, whose `code` names the type that was expected, where an argument is not of its type.
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
        row[OUTCOME..].copy_from_slice(&told(adoption));
    }
    result.map_or_else(|error| -error.raw_os_error().unwrap_or(EIO), |()| 0)
}

fn outgoing_in(row: &[i32; ROW]) -> Outgoing {
    let half = |place: usize| u64::from(row[place].cast_unsigned());
    Outgoing {
        raw: row[0],
        cookie: half(COOKIE) << 32 | half(COOKIE + 1),
        is_recheck: row[RECHECK] == 1,
        // Which is not asked for.
        remote: (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
    }
}

fn told(adoption: Option<Adoption>) -> [i32; ROW - OUTCOME] {
    let mut told = [-1; ROW - OUTCOME];
    let (outcome, refusal) = match adoption {
        None | Some(Adoption::Gone) => (GONE, 0),
        Some(Adoption::Unchanged) => (UNCHANGED, 0),
        Some(Adoption::Put { settings, refusal }) => {
            told[PUT - OUTCOME..].copy_from_slice(&put_numbers(&settings));
            (ADOPTED, refusal.as_ref().map_or(0, status_of))
        }
    };
    told[0] = outcome;
    told[REFUSAL - OUTCOME] = refusal;
    told
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

/// Says that somebody holds values on a socket of this process, or that it was accepted elsewhere and came from another
/// process: no look of any thread changes it. Costs no system call where nobody looks. Linux only.
///
/// - `descriptor`: the raw descriptor.
///
/// Throws an error, whose `code` names the type that was expected, where an argument is not of its type.
#[napi(catch_unwind)]
pub fn exclude_from_reach(descriptor: f64) {
    let raw = raw_socket(descriptor);
    for known in all_known() {
        known.exclude(raw);
    }
}

/// Whether `adoptConnections` has put values into the socket, in any thread of this process.
#[must_use]
pub fn is_adopted(raw: RawSocket) -> bool {
    all_known().iter().any(|known| known.has_adopted(raw))
}

fn all_known() -> Vec<Arc<KnownSockets>> {
    claims().iter().map(|claim| Arc::clone(&claim.known)).collect()
}
