//! The connections of this process, whoever opened them: those that nobody has looked at yet, and what is put into them.
//! Linux only.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::SocketAddr,
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use socket2::SockRef;

use crate::{
    RawSocket,
    sys::{self, Ports},
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
#[derive(Debug)]
pub struct Known {
    marks: RwLock<Vec<AtomicU64>>,
    /// Where anybody listened when that was last looked up. What such a listener accepted just before it was closed is still
    /// no connection outwards.
    listened: Mutex<Option<Ports>>,
}

/// Beside the cookie in a mark: this package has put values into it.
const ADOPTED: u64 = 1 << 63;
/// It is to be looked at once more.
const ONCE_MORE: u64 = 1 << 62;
const COOKIE: u64 = ONCE_MORE - 1;

/// A table of descriptors doubles when it is full.
const FEWEST_MARKS: usize = 1024;

impl Default for Known {
    fn default() -> Self {
        let known = Self { marks: RwLock::new(Vec::new()), listened: Mutex::new(None) };
        known.make_room(FEWEST_MARKS);
        known
    }
}

impl Known {
    /// Looks over all descriptors of this process: one `getsockopt` for each that is closed, no socket, or known.
    ///
    /// Returns the connections outwards that are to be looked at, and marks them as known; at most `room` of them, and how
    /// many there are.
    ///
    /// # Errors
    ///
    /// What the system says where it does not tell who listens, without which a connection outwards cannot be told from one
    /// that was accepted. Nothing was marked then.
    pub fn look(&self, room: usize) -> io::Result<(Vec<Outward>, usize)> {
        let descriptors = sys::own_descriptors();
        self.make_room(descriptors.size_hint().0);
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        let mut news = News::default();
        for (raw, mark) in descriptors.zip(marks.iter()) {
            let before = mark.load(Relaxed);
            let Some(cookie) = cookie_of(raw) else {
                if before != 0 {
                    mark.store(0, Relaxed);
                }
                continue;
            };
            if before & COOKIE != cookie {
                // Another descriptor of a known socket.
                match news.known(&marks, cookie) {
                    Some(same) => mark.store(same, Relaxed),
                    None => news.add(raw, cookie, mark),
                }
            } else if before & ONCE_MORE != 0 {
                news.once_more(raw, cookie);
            }
        }
        let outwards = self.without_accepted(news, &marks)?;
        let handed = outwards.iter().copied().take(room).collect::<Vec<_>>();
        for &Outward { raw, cookie, once_more, .. } in &handed {
            if let Some(mark) = mark_of(&marks, raw) {
                mark.store(if once_more { cookie | ADOPTED } else { cookie }, Relaxed);
            }
        }
        Ok((handed, outwards.len()))
    }

    /// Marks the socket `raw` of the caller as known: somebody holds values on it, and it is left alone.
    pub fn note(&self, raw: RawSocket) {
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        if let (Some(mark), Some(cookie)) = (mark_of(&marks, raw), cookie_of(raw)) {
            mark.store(cookie, Relaxed);
        }
    }

    /// Whether values were put into the socket `raw` by [`adopt`].
    #[must_use]
    pub fn has_adopted(&self, raw: RawSocket) -> bool {
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        let mark = mark_of(&marks, raw).map_or(0, |mark| mark.load(Relaxed));
        mark & ADOPTED != 0 && cookie_of(raw) == Some(mark & COOKIE)
    }

    /// Marks what became of a connection that [`look`](Self::look) found. Where it could not be reached it is found again.
    pub fn settle(&self, found: &Outward, adoption: Option<&Adoption>) {
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        let Some(mark) = mark_of(&marks, found.raw) else { return };
        let after = match adoption {
            None => 0,
            Some(Adoption::Put { .. }) if found.once_more => found.cookie | ADOPTED,
            Some(Adoption::Put { .. }) => found.cookie | ADOPTED | ONCE_MORE,
            Some(Adoption::Gone | Adoption::Left) => return,
        };
        // Unless another thread has said meanwhile that it holds values on it, or it is another socket's by now.
        let handed = if found.once_more { found.cookie | ADOPTED } else { found.cookie };
        let _ = mark.compare_exchange(handed, after, Relaxed, Relaxed);
    }

    fn without_accepted(&self, news: News, marks: &[AtomicU64]) -> io::Result<Vec<Outward>> {
        let News { fresh, mut again, .. } = news;
        if fresh.is_empty() {
            return Ok(again);
        }
        let now = sys::listening_ports()?;
        let mut listened = self.listened.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ports = now.clone();
        if let Some(before) = listened.replace(now) {
            ports.extend(&before);
        }
        for (found, local_port) in fresh {
            if !ports.contains(local_port) {
                again.push(found);
            } else if let Some(mark) = mark_of(marks, found.raw) {
                mark.store(found.cookie, Relaxed);
            }
        }
        Ok(again)
    }

    fn make_room(&self, descriptors: usize) {
        let has_room = |marks: &[AtomicU64]| marks.len() >= descriptors;
        if has_room(&self.marks.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut marks = self.marks.write().unwrap_or_else(PoisonError::into_inner);
        marks.resize_with(descriptors.max(FEWEST_MARKS), AtomicU64::default);
    }
}

/// What one look has found.
#[derive(Default)]
struct News {
    /// With the port of this end.
    fresh: Vec<(Outward, u16)>,
    again: Vec<Outward>,
    /// The cookies of the connections among them.
    seen: HashSet<u64>,
    /// The marks of all sockets that were known before, by their cookie; made when it is needed first.
    before: Option<HashMap<u64, u64>>,
}

impl News {
    fn known(&mut self, marks: &[AtomicU64], cookie: u64) -> Option<u64> {
        let before = self.before.get_or_insert_with(|| {
            let all = marks.iter().map(|mark| mark.load(Relaxed)).filter(|&mark| mark != 0);
            all.map(|mark| (mark & COOKIE, mark)).collect()
        });
        before.get(&cookie).copied()
    }

    /// What is no connection is known from now on, but for a socket that may still become one.
    fn add(&mut self, raw: RawSocket, cookie: u64, mark: &AtomicU64) {
        match kind_of(raw, cookie) {
            // Its other descriptors are known at the next look, by what has become of it.
            Kind::Connection { .. } if !self.seen.insert(cookie) => {}
            Kind::Connection { local_port, remote } => {
                self.fresh.push((Outward { raw, cookie, remote, once_more: false }, local_port));
            }
            Kind::NotYet => {}
            Kind::Other => mark.store(cookie, Relaxed),
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

fn mark_of(marks: &[AtomicU64], raw: RawSocket) -> Option<&AtomicU64> {
    marks.get(usize::try_from(raw).ok()?)
}

/// `None` for what is closed, or no socket.
fn cookie_of(raw: RawSocket) -> Option<u64> {
    let borrowed = sys::borrow(raw).ok()?;
    sys::cookie(&SockRef::from(&borrowed)).ok()
}

#[cfg(test)]
mod tests;
