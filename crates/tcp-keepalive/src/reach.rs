//! Finds the outgoing connections of this process that were not seen before, and sets values on them, whoever opened them.
//! Linux only.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socket2::SockRef;

use crate::{
    RawSocket,
    sys::{self, Answer, Ports},
};

mod adopt;
mod each;
pub use adopt::Adoption;
pub use each::{Ask, ask_each, ask_each_descriptor, find_in_process};

/// An outgoing connection that is seen for the first time, or checked a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its descriptor at the time of the look. Other code owns it.
    pub raw: RawSocket,
    /// Its `SO_COOKIE`.
    pub cookie: u64,
    /// The other end.
    pub remote: SocketAddr,
    /// Whether it was adopted before, and this is its second and last check.
    pub is_recheck: bool,
}

/// What is known about the sockets of this process. A socket is identified by its cookie, which no other socket ever gets. Its
/// descriptor is only the index at which the cookie is stored.
///
/// Any thread may call any function at any time.
#[derive(Debug, Default)]
pub struct KnownSockets {
    /// For each descriptor the cookie of its last known socket, with the flags below; 0 for none. JavaScript waits for this lock. So
    /// no system call is made while it is held, because even a `getsockopt` may wait for a close with `SO_LINGER`.
    marks: Mutex<Vec<u64>>,
    /// The listening ports at the last look. A connection that a listener accepted just before it was closed is still not an
    /// outgoing one.
    listened: Mutex<Option<Ports>>,
    looking: Mutex<Looking>,
}

#[derive(Debug, Default)]
struct Looking {
    /// The look that runs in a thread.
    asked: Option<Arc<Answer<Vec<Outgoing>>>>,
    /// The connections that the last look found and that were not returned yet.
    found: Vec<Outgoing>,
}

/// The returned connections, and the number of all that were found.
pub type Looked = (Vec<Outgoing>, usize);

/// A mark is a cookie with these flags in its low bits, so that marks have the same order as cookies.
const FLAGS: u32 = 3;
/// This package has set values on it.
const ADOPTED: u64 = 1;
/// It is checked again at the next look, because its owner may have set its own values right after connecting.
const RECHECK: u64 = 2;
/// Values are held on it, or were set on purpose. No look ever changes it.
const EXCLUDED: u64 = 4;

fn mark_of(cookie: u64) -> u64 {
    cookie << FLAGS
}

fn cookie_in(mark: u64) -> u64 {
    mark >> FLAGS
}

/// The number of descriptors that are looked at before another thread can take the lock, to exclude a socket.
const AT_ONCE: usize = 256;

impl KnownSockets {
    /// Looks at all descriptors of this process, in another thread. It makes one `getsockopt` for each descriptor that is closed, not a
    /// socket, or known, and skips wide gaps.
    ///
    /// Returns the new outgoing connections and marks them as known: at most `room` of them, and the number of all. Returns `None` if
    /// the look is not finished after `longest`; call it again then.
    ///
    /// A look takes about a microsecond per descriptor. But if an owner closes its socket meanwhile, with `SO_LINGER`, the looking thread
    /// may be the one that waits for the peer.
    ///
    /// # Errors
    ///
    /// `EAGAIN` if no thread can be started. The system's error if the listeners cannot be read, because without them an outgoing
    /// connection cannot be distinguished from an accepted one. Nothing was marked then.
    #[inline] // compiled where it is called, for size: Cargo.toml
    pub fn look(self: &Arc<Self>, room: usize, longest: Duration) -> io::Result<Option<Looked>> {
        let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        if looking.found.is_empty() {
            let answer = if let Some(answer) = &looking.asked {
                answer
            } else {
                let known = Arc::clone(self);
                let work = move || known.without_accepted(known.look_over(cookie_of, kind_of));
                looking.asked.insert(sys::ask(move |answer| answer(work()))?)
            };
            let Some(found) = answer.wait(longest) else { return Ok(None) };
            looking.asked = None;
            looking.found = found?;
        }
        Ok(Some(self.hand_over(&mut looking.found, room)))
    }

    #[inline] // so that it is compiled where it is called, for size: Cargo.toml
    fn look_over(
        &self,
        cookie_of: impl Fn(RawSocket) -> Option<u64>,
        kind_of: impl Fn(RawSocket, u64) -> Kind,
    ) -> News {
        let end = sys::own_descriptors().end;
        let mut news = News::default();
        let mut from = 0;
        while from < end {
            let raws = (from..end).take(AT_ONCE).collect::<Vec<_>>();
            from += RawSocket::try_from(raws.len()).unwrap_or(RawSocket::MAX);
            let before = self.marks_at(&raws);
            let seen = raws.into_iter().zip(before).map(|(raw, mark)| (raw, mark, cookie_of(raw)));
            let seen = seen.collect::<Vec<_>>();
            if seen.iter().all(|(.., cookie)| cookie.is_none()) {
                // Perhaps all are closed, and many more, so skip the gap. A mark that stays in it does not match another socket.
                from = sys::next_open(from, end);
            }
            let asked = news.compare(&seen, &mut self.marks());
            let kinds = asked.into_iter().map(|asked| (kind_of(asked.raw, asked.cookie), asked));
            let others = kinds.filter_map(|(kind, asked)| news.add(asked, kind)).collect::<Vec<_>>();
            let mut marks = self.marks();
            for Asked { raw, cookie, .. } in others {
                replace(&mut marks, raw, 0, mark_of(cookie));
            }
        }
        news
    }

    fn hand_over(&self, found: &mut Vec<Outgoing>, room: usize) -> Looked {
        let mut marks = self.marks();
        // Drops those that were excluded meanwhile.
        found.retain(|outgoing| get(&marks, outgoing.raw) == outgoing.mark_before());
        let count = found.len();
        let handed_over = found.drain(..room.min(count)).collect::<Vec<_>>();
        for outgoing in &handed_over {
            put(&mut marks, outgoing.raw, outgoing.mark());
        }
        (handed_over, count)
    }

    fn marks_at(&self, raws: &[RawSocket]) -> Vec<u64> {
        let marks = self.marks();
        raws.iter().map(|&raw| get(&marks, raw)).collect()
    }

    /// Whether it is excluded, perhaps since it was found.
    fn is_excluded(&self, outgoing: &Outgoing) -> bool {
        get(&self.marks(), outgoing.raw) == mark_of(outgoing.cookie) | EXCLUDED
    }

    /// Excludes the caller's socket `raw`, because values are held on it: no look changes it.
    pub fn exclude(&self, raw: RawSocket) {
        if let Some(cookie) = cookie_of(raw) {
            put(&mut self.marks(), raw, mark_of(cookie) | EXCLUDED);
        }
    }

    /// Whether [`adopt`](Self::adopt) has set values on the socket `raw`.
    #[must_use]
    pub fn has_adopted(&self, raw: RawSocket) -> bool {
        let mark = get(&self.marks(), raw);
        mark & ADOPTED != 0 && cookie_of(raw) == Some(cookie_in(mark))
    }

    /// Records the outcome of a connection that [`look`](Self::look) found. Without an outcome it will be found again.
    pub fn settle(&self, outgoing: &Outgoing, adoption: Option<&Adoption>) {
        let after = match adoption {
            None => 0,
            Some(Adoption::Put { .. }) if outgoing.is_recheck => outgoing.mark(),
            Some(Adoption::Put { .. }) => outgoing.mark() | ADOPTED | RECHECK,
            Some(Adoption::Gone | Adoption::Unchanged) => return,
        };
        // No change if another thread has excluded the socket meanwhile, or the descriptor belongs to another socket now.
        replace(&mut self.marks(), outgoing.raw, outgoing.mark(), after);
    }

    fn without_accepted(&self, news: News) -> io::Result<Vec<Outgoing>> {
        let News { fresh, again: mut found, .. } = news;
        if fresh.is_empty() {
            return Ok(found);
        }
        let now = sys::listening_ports()?;
        let mut listened = self.listened.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ports = now.clone();
        if let Some(before) = listened.replace(now) {
            ports.extend(&before);
        }
        let mut marks = self.marks();
        for (outgoing, local_port) in fresh {
            if ports.contains(local_port) {
                replace(&mut marks, outgoing.raw, 0, outgoing.mark());
            } else {
                found.push(outgoing);
            }
        }
        Ok(found)
    }

    fn marks(&self) -> MutexGuard<'_, Vec<u64>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outgoing {
    /// Its mark before it is returned by a look.
    fn mark_before(&self) -> u64 {
        if self.is_recheck { mark_of(self.cookie) | ADOPTED | RECHECK } else { 0 }
    }

    /// Its mark after it was returned by a look.
    fn mark(&self) -> u64 {
        if self.is_recheck { mark_of(self.cookie) | ADOPTED } else { mark_of(self.cookie) }
    }
}

fn get(marks: &[u64], raw: RawSocket) -> u64 {
    usize::try_from(raw).ok().and_then(|place| marks.get(place)).copied().unwrap_or_default()
}

fn put(marks: &mut Vec<u64>, raw: RawSocket, mark: u64) {
    let Ok(place) = usize::try_from(raw) else { return };
    if place >= marks.len() {
        marks.resize(place + 1, 0);
    }
    marks[place] = mark;
}

/// Replaces the mark, unless another thread has changed it meanwhile.
fn replace(marks: &mut Vec<u64>, raw: RawSocket, before: u64, after: u64) {
    if get(marks, raw) == before {
        put(marks, raw, after);
    }
}

/// Shellsort, because the sort of the standard library makes the binary 4 KB larger. Descriptors and cookies mostly rise together.
fn sort(marks: &mut [u64]) {
    let mut gap = marks.len() / 2;
    while gap > 0 {
        for end in gap..marks.len() {
            let mut place = end;
            while place >= gap && marks[place - gap] > marks[place] {
                marks.swap(place - gap, place);
                place -= gap;
            }
        }
        gap /= 2;
    }
}

/// The findings of one look.
#[derive(Default)]
struct News {
    /// New connections, each with its local port.
    fresh: Vec<(Outgoing, u16)>,
    again: Vec<Outgoing>,
    /// The marks of all sockets that were known before, sorted by cookie. Created when first needed.
    before: Option<Vec<u64>>,
}

/// A socket about which more than its cookie must be read.
#[derive(Clone, Copy)]
struct Asked {
    raw: RawSocket,
    cookie: u64,
    is_recheck: bool,
}

impl News {
    /// Compares for each descriptor its mark with its socket's current cookie. Removes the marks of sockets that are gone, and returns
    /// the sockets about which more must be read. New sockets have no mark then.
    fn compare(&mut self, seen: &[(RawSocket, u64, Option<u64>)], marks: &mut Vec<u64>) -> Vec<Asked> {
        let mut asked = Vec::new();
        for &(raw, before, cookie) in seen {
            if get(marks, raw) != before {
                continue; // another thread has changed the mark meanwhile
            }
            let Some(cookie) = cookie else {
                replace(marks, raw, before, 0);
                continue;
            };
            let is_same = cookie_in(before) == cookie;
            // It may be another descriptor of a known socket.
            let known = if is_same { before } else { self.known(marks, cookie).unwrap_or_default() };
            if known != before {
                put(marks, raw, known);
            }
            if known == 0 || is_same && known & RECHECK != 0 {
                asked.push(Asked { raw, cookie, is_recheck: known != 0 });
            }
        }
        asked
    }

    fn known(&mut self, marks: &[u64], cookie: u64) -> Option<u64> {
        let before = self.before.get_or_insert_with(|| {
            let mut all = marks.iter().copied().filter(|&mark| mark != 0).collect::<Vec<_>>();
            sort(&mut all);
            all
        });
        let place = before.partition_point(|&mark| cookie_in(mark) <= cookie);
        // Of several marks the last, which has the most flags.
        before[..place].last().copied().filter(|&mark| cookie_in(mark) == cookie)
    }

    /// Returns the socket if it is not a connection and will never be one.
    fn add(&mut self, asked: Asked, kind: Kind) -> Option<Asked> {
        let Asked { raw, cookie, is_recheck } = asked;
        match kind {
            Kind::Connection { local_port, remote } => {
                let outgoing = Outgoing { raw, cookie, remote, is_recheck };
                if is_recheck {
                    self.again.push(outgoing);
                } else {
                    self.fresh.push((outgoing, local_port));
                }
                None
            }
            Kind::NotYet => None,
            Kind::Other => Some(asked),
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Connection {
        local_port: u16,
        remote: SocketAddr,
    },
    /// A TCP socket that neither listens nor is connected, or one that was closed during the look.
    NotYet,
    Other,
}

/// The descriptor may change its socket between these calls, so the cookie is read again at the end.
fn kind_of(raw: RawSocket, cookie: u64) -> Kind {
    let Ok(borrowed) = sys::borrow(raw) else { return Kind::NotYet };
    let socket = SockRef::from(&borrowed);
    let kind = match sys::is_tcp(&socket) {
        Ok(true) => ends_of(&socket),
        Ok(false) => Kind::Other,
        Err(_) => Kind::NotYet,
    };
    if cookie_of(raw) == Some(cookie) { kind } else { Kind::NotYet }
}

fn ends_of(socket: &SockRef<'_>) -> Kind {
    let remote = socket.peer_addr().ok().and_then(|address| address.as_socket());
    let local = socket.local_addr().ok().and_then(|address| address.as_socket());
    match (local, remote) {
        (Some(local), Some(remote)) => Kind::Connection { local_port: local.port(), remote },
        _ if sys::is_listener(socket).unwrap_or(false) => Kind::Other,
        _ => Kind::NotYet,
    }
}

/// `None` if the descriptor is closed, or not a socket.
fn cookie_of(raw: RawSocket) -> Option<u64> {
    let borrowed = sys::borrow(raw).ok()?;
    sys::cookie(&SockRef::from(&borrowed)).ok()
}

#[cfg(test)]
mod tests;
