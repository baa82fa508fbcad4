//! What differs by operating system, a file each behind one set of names:
//!
//! - `RawSocket`, `borrow`: the descriptor of a socket, and borrowing it;
//! - `is_tcp`, `is_listener`: whether it is a TCP socket, and one that listens;
//! - `own_descriptors`: all that this process has open, if not a few more (not on Windows, which has no such list);
//! - `time`, `set_time`, `interval`, `set_probes`, `user_timeout`, `set_user_timeout`: the options;
//! - `ONLY_TCP_HAS_ITS_OPTIONS`: whether the system is known to refuse them to every other kind of socket;
//! - `readable`: an option that this socket does not have, read as `None`;
//! - `tcp_info`: what the kernel knows of the connection;
//! - `PROTOCOL_NAME`, `TIME_NAME`, `USER_TIMEOUT_NAME`, `TCP_INFO_NAME`: what the system's headers call them.

#[cfg(unix)]
mod unix;

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "apple.rs")]
#[cfg_attr(target_os = "freebsd", path = "freebsd.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod imp;

pub use imp::*;
