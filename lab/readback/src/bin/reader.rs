//! A peer that reads as slowly as it is told, and can be cut off: from then on nothing that it is sent arrives.
//!
//! `reader BUFFER`: listens on the loopback address with that receive buffer (0: the system's), prints its port, takes one
//! connection, and then orders from standard input, a line each:
//!
//! - `read BYTES MILLISECONDS`: so much, so often; 0 bytes: nothing
//! - `cut`
//!
//! Prints `end BYTES` when the connection was closed and all is read, `lost BYTES` when it was reset.

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        io::{self, Read, Write},
        net::{Ipv4Addr, SocketAddr, TcpStream},
        os::fd::AsRawFd,
        sync::mpsc::{Receiver, RecvTimeoutError, channel},
        thread,
        time::Duration,
    };

    use socket2::{Domain, SockAddr, Socket, Type};

    pub fn main() -> io::Result<()> {
        let buffer = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        if buffer > 0 {
            listener.set_recv_buffer_size(buffer)?;
        }
        listener.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))?;
        listener.listen(1)?;
        let port = listener.local_addr()?.as_socket().map_or(0, |address| address.port());
        println!("{port}");
        let (socket, _) = listener.accept()?;
        let (send, orders) = channel();
        thread::spawn(move || {
            for line in io::stdin().lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        obey(socket.into(), &orders)
    }

    /// Whoever gave the orders is gone when they end.
    fn obey(mut stream: TcpStream, orders: &Receiver<String>) -> io::Result<()> {
        let (mut bytes, mut pause, mut total) = (0, Duration::MAX, 0);
        loop {
            match orders.recv_timeout(pause.min(Duration::from_secs(3600))) {
                Ok(order) if order == "cut" => cut_off(&stream)?,
                Ok(order) => (bytes, pause) = pattern(&order),
                Err(RecvTimeoutError::Timeout) => match stream.read(&mut vec![0; bytes]) {
                    Ok(0) if bytes > 0 => return tell("end", total),
                    Ok(read) => total += read,
                    Err(_) => return tell("lost", total),
                },
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn tell(what: &str, total: usize) -> io::Result<()> {
        println!("{what} {total}");
        io::stdout().flush()
    }

    fn pattern(order: &str) -> (usize, Duration) {
        let mut numbers = order.split(' ').skip(1).map_while(|text| text.parse().ok());
        let (bytes, pause) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let pause = if bytes == 0 { Duration::MAX } else { Duration::from_millis(pause) };
        (usize::try_from(bytes).unwrap_or(0), pause)
    }

    /// `IP_MINTTL` of ip(7): what comes with a lower TTL than 255 is dropped before TCP sees it (RFC 5082).
    fn cut_off(stream: &TcpStream) -> io::Result<()> {
        const SIZE: libc::socklen_t = 4; // of a c_int, as the sockets API counts it
        let lowest: libc::c_int = 255;
        // SAFETY: `lowest` lives over the call, and `SIZE` says how large it is.
        let result = unsafe {
            libc::setsockopt(
                stream.as_raw_fd(),
                libc::IPPROTO_IP,
                libc::IP_MINTTL,
                (&raw const lowest).cast(),
                SIZE,
            )
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}
