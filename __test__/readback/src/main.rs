//! A witness for the tests: prints what the kernel holds for the socket that it inherited as descriptor 3, read by
//! its own `getsockopt`, with nothing of the code under test.
//!
//! ```json
//! {"enabled":1,"time":16,"interval":2,"retries":5,"userTimeout":25500}
//! ```

/// The first descriptor after the three standard streams.
#[cfg(target_os = "linux")]
const INHERITED: libc::c_int = 3;

#[cfg(target_os = "linux")]
fn main() {
    let fields = [
        ("enabled", libc::SOL_SOCKET, libc::SO_KEEPALIVE),
        ("time", libc::IPPROTO_TCP, libc::TCP_KEEPIDLE),
        ("interval", libc::IPPROTO_TCP, libc::TCP_KEEPINTVL),
        ("retries", libc::IPPROTO_TCP, libc::TCP_KEEPCNT),
        ("userTimeout", libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT),
    ];
    let members: Vec<String> =
        fields.iter().map(|(name, level, option)| format!("\"{name}\":{}", read(*level, *option))).collect();
    println!("{{{}}}", members.join(","));
}

/// -1 where the kernel refuses.
#[cfg(target_os = "linux")]
fn read(level: libc::c_int, option: libc::c_int) -> libc::c_int {
    const SIZE: libc::socklen_t = 4; // of a c_int, as the sockets API counts it
    let mut value: libc::c_int = 0;
    let mut size = SIZE;
    // SAFETY: `value` and `size` live over the call, and `size` says how large `value` is.
    let result =
        unsafe { libc::getsockopt(INHERITED, level, option, (&raw mut value).cast(), &raw mut size) };
    if result == 0 { value } else { -1 }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("readback knows the option numbers of Linux only");
    std::process::exit(1);
}
