//! Finds a socket by its endpoints, for runtimes that do not expose the descriptor of a socket.

use std::net::SocketAddr;

use socket2::SockRef;

use crate::sys::{self, RawSocket};

/// The two ends of a connection, or the address of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// This end.
    pub local: SocketAddr,
    /// The other end; `None` for a listener.
    pub remote: Option<SocketAddr>,
}

/// The result of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    None,
    /// The socket.
    One(RawSocket),
    /// More than one socket, so that it is not known which one is meant.
    Several,
}

/// Finds the TCP socket with these endpoints among `candidates`.
///
/// The two addresses and ports identify one connection of this machine, so the first match is the result: another descriptor with
/// the same endpoints is a duplicate of it. Two listeners may share an address (`SO_REUSEPORT`), and two link-local connections
/// may differ only in their interface, which is not compared. For these the search goes on to the end.
///
/// The search only reads the addresses of the candidates. They may be files, or closed.
pub fn find(candidates: impl IntoIterator<Item = RawSocket>, wanted: &Endpoints) -> Found {
    let wanted = Wanted::from(wanted);
    let mut matches = candidates.into_iter().filter(|&candidate| wanted.is(candidate));
    match matches.next() {
        None => Found::None,
        Some(_) if wanted.may_be_shared() && matches.next().is_some() => Found::Several,
        Some(first) => Found::One(first),
    }
}

/// Endpoints in the form in which they are compared: without interface and flow, IPv4 as IPv4.
#[derive(Clone, Copy)]
pub struct Wanted {
    local: SocketAddr,
    remote: Option<SocketAddr>,
}

impl From<&Endpoints> for Wanted {
    fn from(endpoints: &Endpoints) -> Self {
        Self { local: bare(endpoints.local), remote: endpoints.remote.map(bare) }
    }
}

impl Wanted {
    pub fn is(&self, candidate: RawSocket) -> bool {
        let Ok(borrowed) = sys::borrow(candidate) else { return false };
        let socket = SockRef::from(&borrowed);
        let here = || socket.local_addr().is_ok_and(|address| is(&address, self.local));
        let there = |remote| socket.peer_addr().is_ok_and(|address| is(&address, remote));
        let same = match self.remote {
            // Checks first whether it listens, because all sockets that a listener has accepted have its local address.
            None => sys::is_listener(&socket).unwrap_or(false) && here(),
            // The larger port is usually the ephemeral one, which differs between nearly all connections, also between those of
            // one server or to one server.
            Some(remote) if remote.port() > self.local.port() => there(remote) && here(),
            Some(remote) => here() && there(remote),
        };
        same && sys::is_tcp(&socket).unwrap_or(false)
    }

    pub fn may_be_shared(&self) -> bool {
        let link_local = matches!(self.local, SocketAddr::V6(local) if local.ip().is_unicast_link_local());
        self.remote.is_none() || link_local
    }
}

fn is(address: &socket2::SockAddr, wanted: SocketAddr) -> bool {
    address.as_socket().is_some_and(|address| address.port() == wanted.port() && bare(address) == wanted)
}

/// A connection over IPv4 may have an IPv6 socket, whose addresses are then `::ffff:1.2.3.4`.
fn bare(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
