//! Runs a command with a Multipath TCP socket as its descriptor 3. Such a socket lacks an option of TCP, and Node
//! cannot make one.
//!
//! `multipath COMMAND ARGUMENT…`; exits with 77 if the kernel has no Multipath TCP.

#[cfg(target_os = "linux")]
fn main() {
    use std::os::{fd::AsRawFd, unix::process::CommandExt};

    use socket2::{Domain, Protocol, Socket, Type};

    let Ok(socket) = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)) else {
        std::process::exit(77);
    };
    // The first free descriptor after the three standard streams.
    assert_eq!(socket.as_raw_fd(), 3);
    socket.set_cloexec(false).expect("an open socket");
    let mut words = std::env::args_os().skip(1);
    let command = words.next().expect("a command");
    let error = std::process::Command::new(command).args(words).exec();
    panic!("{error}");
}

#[cfg(not(target_os = "linux"))]
fn main() {
    std::process::exit(77);
}
