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
pub use adopt::{Adoption, adopt};

/// A connection that leads outwards, seen for the first time, or once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outward {
    /// Its descriptor, as it was when it was looked at. Somebody else owns it.
    pub raw: RawSocket,
    /// Its `SO_COOKIE`.
    pub cookie: u64,
    /// The other end.
    pub remote: SocketAddr,
    /// Whether it was found before, and adopted: its owner may have put in values of its own right after connecting.
    pub once_more: bool,
}

/// What is known of the sockets of this process. A socket is known by its cookie, which no other socket ever gets; its
/// descriptor is only the place where the cookie is kept.
///
/// All may be called by any thread at any time.
#[derive(Debug, Default)]
pub struct Known {
    /// At each descriptor's number the cookie of the socket that it was last, and the two flags below; 0 for none.
    marks: Mutex<Vec<u64>>,
    /// Where anybody listened when that was last looked up. What such a listener accepted just before it was closed is still
    /// no connection outwards.
    listened: Mutex<Option<Ports>>,
    /// The look that a thread is busy with.
    looking: Mutex<Option<Arc<Answer<Looked>>>>,
}

/// The connections that are handed over, and how many there are.
pub type Looked = (Vec<Outward>, usize);

/// So long the caller of a look waits for it. It takes a microsecond for a descriptor; but where the owner of one closes it
/// meanwhile, with `SO_LINGER`, the thread that looks may be the one that waits for the peer.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// A mark is a cookie, with these below it, so that marks are in the order of the cookies.
const FLAGS: u32 = 2;
/// This package has put values into it.
const ADOPTED: u64 = 1;
/// It is to be looked at once more.
const ONCE_MORE: u64 = 2;

fn mark_of(cookie: u64) -> u64 {
    cookie << FLAGS
}

fn cookie_in(mark: u64) -> u64 {
    mark >> FLAGS
}

/// So many descriptors are looked at before another thread may say what it holds.
const AT_ONCE: usize = 256;

impl Known {
    /// Looks over all descriptors of this process, in a thread: one `getsockopt` for each that is closed, no socket, or known.
    ///
    /// Returns the connections outwards that are to be looked at, and marks them as known; at most `room` of them, and how
    /// many there are. `None` where it is not ready yet; to be called again then.
    ///
    /// # Errors
    ///
    /// What the system says where it does not tell who listens, without which a connection outwards cannot be told from one
    /// that was accepted. None was marked then.
    pub fn look(self: &Arc<Self>, room: usize) -> io::Result<Option<Looked>> {
        let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = if let Some(answer) = looking.as_ref() {
            answer
        } else {
            let known = Arc::clone(self);
            looking.insert(sys::ask(move |answer| answer(known.look_now(room)))?)
        };
        let Some(looked) = answer.wait(LONGEST_WAIT) else { return Ok(None) };
        *looking = None;
        looked.map(Some)
    }

    fn look_now(&self, room: usize) -> io::Result<Looked> {
        let mut descriptors = sys::own_descriptors().peekable();
        let mut news = News::default();
        while descriptors.peek().is_some() {
            let mut marks = self.marks();
            for raw in descriptors.by_ref().take(AT_ONCE) {
                news.look_at(raw, &mut marks);
            }
        }
        let outwards = self.without_accepted(news)?;
        let mut marks = self.marks();
        for outward in outwards.iter().take(room) {
            put(&mut marks, outward.raw, outward.mark());
        }
        let count = outwards.len();
        Ok((outwards.into_iter().take(room).collect(), count))
    }

    /// Marks the socket `raw` of the caller as known: somebody holds values on it, and it is left alone.
    pub fn note(&self, raw: RawSocket) {
        if let Some(cookie) = cookie_of(raw) {
            put(&mut self.marks(), raw, mark_of(cookie));
        }
    }

    /// Whether values were put into the socket `raw` by [`adopt`].
    #[must_use]
    pub fn has_adopted(&self, raw: RawSocket) -> bool {
        let mark = get(&self.marks(), raw);
        mark & ADOPTED != 0 && cookie_of(raw) == Some(cookie_in(mark))
    }

    /// Marks what became of a connection that [`look`](Self::look) found. Where it could not be reached it is found again.
    pub fn settle(&self, outward: &Outward, adoption: Option<&Adoption>) {
        let after = match adoption {
            None => 0,
            Some(Adoption::Put { .. }) if outward.once_more => outward.mark(),
            Some(Adoption::Put { .. }) => outward.mark() | ADOPTED | ONCE_MORE,
            Some(Adoption::Gone | Adoption::Left) => return,
        };
        let mut marks = self.marks();
        // Unless another thread has said meanwhile that it holds values on it, or it is another socket's by now.
        if get(&marks, outward.raw) == outward.mark() {
            put(&mut marks, outward.raw, after);
        }
    }

    fn without_accepted(&self, news: News) -> io::Result<Vec<Outward>> {
        let News { fresh, again: mut outwards, .. } = news;
        if fresh.is_empty() {
            return Ok(outwards);
        }
        let now = sys::listening_ports()?;
        let mut listened = self.listened.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ports = now.clone();
        if let Some(before) = listened.replace(now) {
            ports.extend(&before);
        }
        let mut marks = self.marks();
        for (outward, local_port) in fresh {
            if ports.contains(local_port) {
                put(&mut marks, outward.raw, outward.mark());
            } else {
                outwards.push(outward);
            }
        }
        Ok(outwards)
    }

    fn marks(&self) -> MutexGuard<'_, Vec<u64>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outward {
    /// While it is handed over.
    fn mark(&self) -> u64 {
        if self.once_more { mark_of(self.cookie) | ADOPTED } else { mark_of(self.cookie) }
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

/// What one look has found.
#[derive(Default)]
struct News {
    /// With the port of this end.
    fresh: Vec<(Outward, u16)>,
    again: Vec<Outward>,
    /// The marks of all sockets that were known before, in the order of their cookies; made when they are needed first.
    before: Option<Vec<u64>>,
}

impl News {
    fn look_at(&mut self, raw: RawSocket, marks: &mut Vec<u64>) {
        let before = get(marks, raw);
        let Some(cookie) = cookie_of(raw) else {
            if before != 0 {
                put(marks, raw, 0);
            }
            return;
        };
        if cookie_in(before) == cookie {
            if before & ONCE_MORE != 0 {
                self.once_more(raw, cookie);
            }
            return;
        }
        // It may be another descriptor of a known socket.
        let known = self.known(marks, cookie).or_else(|| self.add(raw, cookie).then(|| mark_of(cookie)));
        if let Some(mark) = known {
            put(marks, raw, mark);
        }
    }

    fn known(&mut self, marks: &[u64], cookie: u64) -> Option<u64> {
        let before = self.before.get_or_insert_with(|| {
            let mut all = marks.iter().copied().filter(|&mark| mark != 0).collect::<Vec<_>>();
            all.sort_unstable();
            all
        });
        let place = before.partition_point(|&mark| mark < mark_of(cookie));
        before.get(place).copied().filter(|&mark| cookie_in(mark) == cookie)
    }

    /// Returns whether it is known from now on, as it is no connection and will be none.
    fn add(&mut self, raw: RawSocket, cookie: u64) -> bool {
        match kind_of(raw, cookie) {
            Kind::Connection { local_port, remote } => {
                self.fresh.push((Outward { raw, cookie, remote, once_more: false }, local_port));
                false
            }
            Kind::NotYet => false,
            Kind::Other => true,
        }
    }

    fn once_more(&mut self, raw: RawSocket, cookie: u64) {
        if let Kind::Connection { remote, .. } = kind_of(raw, cookie) {
            self.again.push(Outward { raw, cookie, remote, once_more: true });
        }
    }
}

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
