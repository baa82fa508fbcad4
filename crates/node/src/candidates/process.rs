//! Where a socket is searched: among all descriptors of the process.

use napi::Env;
use tcp_keepalive::RawSocket;

pub fn all(_: &Env) -> impl Iterator<Item = RawSocket> {
    tcp_keepalive::own_descriptors()
}
