//! A witness for the tests: it prints what the kernel stores for a socket. It reads with its own `getsockopt`, and uses nothing of
//! the code under test.
//!
//! - `readback`: the socket that it inherited as descriptor 3
//! - `readback hops`: `IP_MINTTL` and `IPV6_MINHOPCOUNT` of that socket; the second is -1 for a socket of IPv4 (Linux)
//! - `readback PID`: every connected TCP socket of another process, with the ports of both ends (Linux)
//!
//! ```json
//! {"enabled":1,"time":16,"interval":2,"retries":5,"userTimeout":25500}
//! [255,0]
//! [{"localPort":50214,"peerPort":5432,"enabled":1,"time":16,"interval":2,"retries":5,"userTimeout":25500}]
//! ```

#[cfg(unix)]
mod options;
#[cfg(target_os = "linux")]
mod process;

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        None => println!("{{{}}}", options::read_all(INHERITED)),
        #[cfg(target_os = "linux")]
        Some("hops") => println!("{:?}", options::read_hops(INHERITED)),
        #[cfg(target_os = "linux")]
        Some(pid) => println!("[{}]", process::read_sockets(pid)?.join(",")),
        #[cfg(not(target_os = "linux"))]
        Some(_) => {
            return Err(std::io::Error::other("the sockets of another process are read on Linux only"));
        }
    }
    Ok(())
}

/// The first descriptor after the three standard streams.
#[cfg(unix)]
const INHERITED: libc::c_int = 3;

#[cfg(not(unix))]
fn main() {
    eprintln!("a child inherits a socket as a descriptor on Unix only");
    std::process::exit(1);
}
