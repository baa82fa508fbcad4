//! Where a socket is searched: among the TCP handles of the calling thread's event loop.
//!
//! Windows has no list of a process's sockets, and Node does not expose a handle's SOCKET. libuv's functions are looked up
//! in the program that loaded this binary. A program without them has no such loop, and nothing is found.

use std::{
    ffi::{c_int, c_void},
    ptr,
};

use libloading::os::windows::Library;
use napi::Env;
use tcp_keepalive::{Endpoints, Found, RawSocket};

/// Opaque: it is only passed back to libuv.
type Handle = c_void;
type Loop = c_void;
type Visit = unsafe extern "C" fn(handle: *mut Handle, sockets: *mut c_void);

/// `UV_TCP` of `uv_handle_type` in include/uv.h, the same in every version of libuv 1.
const UV_TCP: c_int = 12;

/// The three functions of include/uv.h that list the SOCKETs of a loop.
struct Libuv {
    walk: unsafe extern "C" fn(event_loop: *mut Loop, visit: Visit, sockets: *mut c_void),
    handle_type: unsafe extern "C" fn(handle: *const Handle) -> c_int,
    fileno: unsafe extern "C" fn(handle: *const Handle, socket: *mut RawSocket) -> c_int,
}

struct Walk {
    libuv: Libuv,
    sockets: Vec<RawSocket>,
}

pub fn find(env: &Env, wanted: &Endpoints) -> Found {
    tcp_keepalive::find(all(env), wanted)
}

pub fn all(env: &Env) -> Vec<RawSocket> {
    let Ok(event_loop) = env.get_uv_event_loop() else { return Vec::new() };
    let Some(libuv) = Libuv::of_this_program() else { return Vec::new() };
    let mut walk = Walk { libuv, sockets: Vec::new() };
    let function = walk.libuv.walk;
    // SAFETY: the loop is the calling thread's own and lives as long as its environment; it is not being walked or
    // run, as this thread is here. `visit` gets the pointer to `walk`, which is not touched otherwise meanwhile.
    unsafe { function(event_loop.cast(), visit, (&raw mut walk).cast()) };
    walk.sockets
}

impl Libuv {
    fn of_this_program() -> Option<Self> {
        let program = Library::this().ok()?;
        // SAFETY: the type is that of uv_walk in include/uv.h.
        let walk = unsafe { program.get(b"uv_walk\0") }.ok()?;
        // SAFETY: the type is that of uv_handle_get_type in include/uv.h.
        let handle_type = unsafe { program.get(b"uv_handle_get_type\0") }.ok()?;
        // SAFETY: the type is that of uv_fileno in include/uv.h, whose uv_os_fd_t is a HANDLE, as wide as a SOCKET.
        let fileno = unsafe { program.get(b"uv_fileno\0") }.ok()?;
        Some(Self { walk: *walk, handle_type: *handle_type, fileno: *fileno })
    }
}

/// Collects the SOCKET of a TCP handle that has one and is not closing.
// SAFETY: nobody but libuv calls it, from within `all`, with a handle of the loop and the pointer that `all` gave.
unsafe extern "C" fn visit(handle: *mut Handle, walk: *mut c_void) {
    // SAFETY: this is the `Walk` that `all` handed to libuv, and nothing else has a reference to it now.
    let Some(walk) = (unsafe { walk.cast::<Walk>().as_mut() }) else { return };
    let Libuv { handle_type, fileno, .. } = walk.libuv;
    // SAFETY: libuv visits living handles only.
    if unsafe { handle_type(handle) } != UV_TCP {
        return;
    }
    let mut socket: RawSocket = RawSocket::MAX;
    // SAFETY: as above, and `socket` has room for a HANDLE.
    if unsafe { fileno(handle, ptr::from_mut(&mut socket)) } == 0 {
        walk.sockets.push(socket);
    }
}
