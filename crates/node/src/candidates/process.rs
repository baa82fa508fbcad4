//! Where a socket is searched: among all descriptors of the process.

use napi::Env;
use tcp_keepalive::{Endpoints, Found};

#[cfg(target_os = "linux")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "Windows needs it")]
pub fn find(_: &Env, wanted: &Endpoints) -> Found {
    tcp_keepalive::find_in_process(wanted)
}

#[cfg(not(target_os = "linux"))]
pub fn find(env: &Env, wanted: &Endpoints) -> Found {
    tcp_keepalive::find(all(env), wanted)
}

#[cfg(not(target_os = "linux"))]
pub fn all(_: &Env) -> impl Iterator<Item = tcp_keepalive::RawSocket> {
    tcp_keepalive::own_descriptors()
}
