//! Finds a socket by its endpoints, for the runtimes that do not say which descriptor a socket has.

use std::net::SocketAddr;

use socket2::SockRef;

use crate::sys::{self, RawSocket};

/// The two ends of a connection, or where a listener listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// This end.
    pub local: SocketAddr,
    /// The other end; `None` for a listener.
    pub remote: Option<SocketAddr>,
}

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    None,
    /// The socket.
    One(RawSocket),
    /// More than one socket, of which nobody can tell which is meant.
    Several,
}

/// Finds the TCP socket with these endpoints among `candidates`.
///
/// The four numbers of a connection name one connection of this machine, so the first match is the one: another
/// descriptor with the same numbers is a duplicate of it. Two listeners may share an address (`SO_REUSEPORT`), and two
/// link-local connections may differ in nothing but their interface, which is not looked at: these are searched to
/// the end.
///
/// The candidates are asked for their names and nothing else is done to them; they may be files, or closed.
pub fn find(candidates: impl IntoIterator<Item = RawSocket>, wanted: &Endpoints) -> Found {
    let wanted = Wanted::from(wanted);
    let mut matches = candidates.into_iter().filter(|&candidate| wanted.is(candidate));
    match matches.next() {
        None => Found::None,
        Some(_) if wanted.may_be_shared() && matches.next().is_some() => Found::Several,
        Some(first) => Found::One(first),
    }
}

/// Endpoints in the one form in which they are compared: without interface or flow, IPv4 as IPv4.
struct Wanted {
    local: SocketAddr,
    remote: Option<SocketAddr>,
}

impl From<&Endpoints> for Wanted {
    fn from(endpoints: &Endpoints) -> Self {
        Self { local: bare(endpoints.local), remote: endpoints.remote.map(bare) }
    }
}

impl Wanted {
    fn is(&self, candidate: RawSocket) -> bool {
        let Ok(borrowed) = sys::borrow(candidate) else { return false };
        let socket = SockRef::from(&borrowed);
        let here = || socket.local_addr().is_ok_and(|address| is(&address, self.local));
        let there = |remote| socket.peer_addr().is_ok_and(|address| is(&address, remote));
        let same = match self.remote {
            // In this order, as all that a listener has accepted is named as it is.
            None => sys::is_listener(&socket).unwrap_or(false) && here(),
            // The larger port is as a rule the one that was drawn by lot, so that this end alone tells nearly all
            // connections apart, also those of one server or to one server.
            Some(remote) if remote.port() > self.local.port() => there(remote) && here(),
            Some(remote) => here() && there(remote),
        };
        same && sys::is_tcp(&socket).unwrap_or(false)
    }

    fn may_be_shared(&self) -> bool {
        let link_local = matches!(self.local, SocketAddr::V6(local) if local.ip().is_unicast_link_local());
        self.remote.is_none() || link_local
    }
}

fn is(address: &socket2::SockAddr, wanted: SocketAddr) -> bool {
    address.as_socket().is_some_and(|address| address.port() == wanted.port() && bare(address) == wanted)
}

/// A connection over IPv4 may have a socket of IPv6, whose addresses are then `::ffff:1.2.3.4`.
fn bare(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
