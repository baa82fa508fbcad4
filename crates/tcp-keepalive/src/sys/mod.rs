//! Everything that differs by operating system. Each system has a file with the same names:
//!
//! - `RawSocket`, `raw`, `borrow`: the descriptor of a socket, and borrowing it;
//! - `is_tcp`, `is_listener`: whether it is a TCP socket, and one that listens;
//! - `own_descriptors`: all descriptors that this process may have open (not on Windows, which has no such list);
//! - `enabled`, `time`, `interval`, `retries`, `user_timeout`, `rto_max`, `connect_timeout` and `set_…` of each: the options;
//! - `set_probes_otherwise`: another way to set time and interval, for systems without the options;
//! - `ONLY_TCP_HAS_ITS_OPTIONS`: whether the system is known to refuse TCP's options on every other kind of socket;
//! - `readable`: an option that this socket does not have, read as `None`;
//! - on Linux only, `min_ttl`, `min_hop_count`, `set_…` of both, `cookie` and `last_data`: to cut off a connection;
//! - on Linux only, `with_duplicates`, `can_duplicate`, `listening_ports`, `Ports`: to look at sockets of this process that others own;
//! - `tcp_info`: what the kernel knows about the connection;
//! - `Process`, `duplicate_of`, `close_elsewhere`, `socket_descriptors`, `tcp_timers`: the sockets of another process (Linux only);
//! - `PROTOCOL_NAME`, `TIME_NAME`, `USER_TIMEOUT_NAME`, `TCP_INFO_NAME`, `CONNECT_TIMEOUT_NAME`: what the system's headers call them.

#[cfg(unix)]
mod unix;

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "apple.rs")]
#[cfg_attr(target_os = "freebsd", path = "freebsd.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod imp;

#[cfg(any(windows, test))]
mod max_rt;
#[cfg(any(target_os = "freebsd", test))]
mod wrapping;
#[cfg(any(target_vendor = "apple", all(test, unix)))]
mod xnu_timer;

#[cfg(target_os = "linux")]
mod process;

pub use imp::*;
#[cfg(target_os = "linux")]
pub use process::{Process, close_elsewhere, duplicate_of, socket_descriptors};

#[cfg(target_os = "linux")]
mod tcp_timers;
#[cfg(target_os = "linux")]
pub use tcp_timers::{TcpTimer, tcp_timers};

#[cfg(target_os = "linux")]
mod linux_drill;
#[cfg(target_os = "linux")]
pub use linux_drill::*;

#[cfg(target_os = "linux")]
mod linux_listeners;
#[cfg(target_os = "linux")]
pub use linux_listeners::*;

#[cfg(target_os = "linux")]
mod linux_reach;
#[cfg(target_os = "linux")]
pub use linux_reach::*;

#[cfg(target_os = "linux")]
mod linux_thread;
#[cfg(target_os = "linux")]
pub use linux_thread::*;

/// Rounded up, for an option that counts seconds.
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
fn whole_seconds(value: std::time::Duration) -> std::time::Duration {
    let begun = u64::from(value.subsec_nanos() > 0);
    std::time::Duration::from_secs(value.as_secs().saturating_add(begun))
}
