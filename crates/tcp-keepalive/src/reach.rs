//! The connections of this process, whoever opened them: those that nobody has looked at yet, and what is put into them.
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
pub use each::ask_each_descriptor;

/// An outgoing connection, seen for the first time, or checked once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its descriptor, as it was when it was looked at. Somebody else owns it.
    pub raw: RawSocket,
    /// Its `SO_COOKIE`.
    pub cookie: u64,
    /// The other end.
    pub remote: SocketAddr,
    /// Whether it was adopted before, and this is its second and last check.
    pub is_recheck: bool,
}

/// What is known of the sockets of this process. A socket is known by its cookie, which no other socket ever gets; its
/// descriptor is only the place where the cookie is kept.
///
/// All may be called by any thread at any time.
#[derive(Debug, Default)]
pub struct KnownSockets {
    /// At each descriptor's number the cookie of the socket that it was last, and the flags below; 0 for none. JavaScript waits
    /// for it: no system call is made while it is held, as a `getsockopt` may wait for a close with `SO_LINGER`.
    marks: Mutex<Vec<u64>>,
    /// Where anybody listened when that was last looked up. What such a listener accepted just before it was closed is still
    /// no outgoing connection.
    listened: Mutex<Option<Ports>>,
    looking: Mutex<Looking>,
}

#[derive(Debug, Default)]
struct Looking {
    /// The look that a thread is busy with.
    asked: Option<Arc<Answer<Vec<Outgoing>>>>,
    /// What the last one found that is not handed over yet.
    found: Vec<Outgoing>,
}

/// The connections that are handed over, and how many there are.
pub type Looked = (Vec<Outgoing>, usize);

/// A mark is a cookie, with these below it, so that marks are in the order of the cookies.
const FLAGS: u32 = 3;
/// This package has put values into it.
const ADOPTED: u64 = 1;
/// It is to be checked once more at the next look: its owner may have put in values of its own right after connecting.
const RECHECK: u64 = 2;
/// Somebody holds values on it, or has set them on purpose: no look ever changes it.
const EXCLUDED: u64 = 4;

fn mark_of(cookie: u64) -> u64 {
    cookie << FLAGS
}

fn cookie_in(mark: u64) -> u64 {
    mark >> FLAGS
}

/// So many descriptors are looked at before another thread may say what it holds.
const AT_ONCE: usize = 256;

impl KnownSockets {
    /// Looks over all descriptors of this process, in a thread: one `getsockopt` for each that is closed, no socket, or known, but not for
    /// those in a wide gap.
    ///
    /// Returns the outgoing connections that are to be looked at, and marks them as known; at most `room` of them, and how
    /// many there are. `None` where it is not ready after `longest`; to be called again then.
    ///
    /// It takes a microsecond for a descriptor; but where the owner of one closes it meanwhile, with `SO_LINGER`, the thread that
    /// looks may be the one that waits for the peer.
    ///
    /// # Errors
    ///
    /// `EAGAIN` where no thread can be started. What the system says where it does not tell who listens, without which a connection
    /// outwards cannot be told from one that was accepted. None was marked then.
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
                // Perhaps all are closed, and many more. A mark that stays there means nothing to another socket.
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
        // What its owner has set meanwhile is left alone.
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

    /// Whether somebody holds values on it, also since it was found.
    fn is_excluded(&self, outgoing: &Outgoing) -> bool {
        get(&self.marks(), outgoing.raw) == mark_of(outgoing.cookie) | EXCLUDED
    }

    /// Marks the socket `raw` of the caller: somebody holds values on it, and no look changes it.
    pub fn exclude(&self, raw: RawSocket) {
        if let Some(cookie) = cookie_of(raw) {
            put(&mut self.marks(), raw, mark_of(cookie) | EXCLUDED);
        }
    }

    /// Whether values were put into the socket `raw` by [`adopt`](Self::adopt).
    #[must_use]
    pub fn has_adopted(&self, raw: RawSocket) -> bool {
        let mark = get(&self.marks(), raw);
        mark & ADOPTED != 0 && cookie_of(raw) == Some(cookie_in(mark))
    }

    /// Marks what became of a connection that [`look`](Self::look) found. Where it could not be reached it is found again.
    pub fn settle(&self, outgoing: &Outgoing, adoption: Option<&Adoption>) {
        let after = match adoption {
            None => 0,
            Some(Adoption::Put { .. }) if outgoing.is_recheck => outgoing.mark(),
            Some(Adoption::Put { .. }) => outgoing.mark() | ADOPTED | RECHECK,
            Some(Adoption::Gone | Adoption::Unchanged) => return,
        };
        // Unless another thread has said meanwhile that it holds values on it, or it is another socket's by now.
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
    /// Until it is handed over.
    fn mark_before(&self) -> u64 {
        if self.is_recheck { mark_of(self.cookie) | ADOPTED | RECHECK } else { 0 }
    }

    /// While it is handed over.
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

/// Unless the mark is another by now, which whoever has put it knows better.
fn replace(marks: &mut Vec<u64>, raw: RawSocket, before: u64, after: u64) {
    if get(marks, raw) == before {
        put(marks, raw, after);
    }
}

/// Shellsort, as that of the library makes the binary 4 KB larger. Descriptors and cookies mostly rise together.
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

/// What one look has found.
#[derive(Default)]
struct News {
    /// With the port of this end.
    fresh: Vec<(Outgoing, u16)>,
    again: Vec<Outgoing>,
    /// The marks of all sockets that were known before, in the order of their cookies; made when they are needed first.
    before: Option<Vec<u64>>,
}

/// A socket of which more has to be asked than its cookie.
#[derive(Clone, Copy)]
struct Asked {
    raw: RawSocket,
    cookie: u64,
    is_recheck: bool,
}

impl News {
    /// Of each descriptor its mark, and then the cookie that the socket there has. Forgets the marks of sockets that are there no
    /// more, and returns those of which more has to be asked; a fresh one has no mark then.
    fn compare(&mut self, seen: &[(RawSocket, u64, Option<u64>)], marks: &mut Vec<u64>) -> Vec<Asked> {
        let mut asked = Vec::new();
        for &(raw, before, cookie) in seen {
            if get(marks, raw) != before {
                continue; // somebody has said meanwhile what is there
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
        // Of several the last, which is the one that says most.
        before[..place].last().copied().filter(|&mark| cookie_in(mark) == cookie)
    }

    /// Returns what is no connection and will be none.
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
    /// A TCP socket that neither listens nor is connected; or one that was closed while it was looked at.
    NotYet,
    Other,
}

/// The descriptor may be another socket's at each of these calls; so the cookie is read once more at the end.
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

/// `None` for what is closed, or no socket.
fn cookie_of(raw: RawSocket) -> Option<u64> {
    let borrowed = sys::borrow(raw).ok()?;
    sys::cookie(&SockRef::from(&borrowed)).ok()
}

#[cfg(test)]
mod tests;
