//! A peer that reads in its own way, for the tests: Node reads as much as comes, and cannot set a receive buffer.
//!
//! `slow-reader [ONWARD]` listens on a free port for each line that it reads, of two whole numbers: the receive buffer
//! in bytes (0: the system's own), and how many bytes each connection passes on at once before it waits for orders, such
//! as a TLS handshake. It answers `listening PORT`, then `accepted PORT CONNECTION` for each connection.
//! `CONNECTION BYTES EVERY` has a connection read so many bytes each `EVERY` milliseconds from then on; 0 bytes: nothing;
//! -1: whatever comes. A fourth number, BUFFER, sets its receive buffer first: where that is smaller than what is unread, the kernel drops what
//! it is sent, and answers. `CONNECTION` alone cuts it off: from then on nothing that it is sent arrives. What it reads goes on to
//! ONWARD, a port on loopback, and answers come back at once; without ONWARD it is thrown away. A connection ends where its
//! peer ends it: `end CONNECTION BYTES` says how many were read, `lost CONNECTION BYTES` the same where it was reset.

#[cfg(target_os = "linux")]
mod reader {
    use std::io::{self, BufRead, Read, Write};
    use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
    use std::sync::{Arc, Mutex};
    use std::thread;
    use std::time::{Duration, Instant};

    use socket2::{Domain, SockRef, Socket, Type};

    /// How a connection reads.
    #[derive(Clone, Copy)]
    struct Pace {
        /// At a time; negative: whatever comes.
        bytes: i64,
        every: Duration,
    }

    const NOTHING: Pace = Pace { bytes: 0, every: Duration::ZERO };

    enum Order {
        Read(Pace),
        Buffer(usize),
        CutOff,
    }

    type Orders = Arc<Mutex<Vec<Sender<Order>>>>;

    pub fn main() -> io::Result<()> {
        let onward = std::env::args().nth(1).and_then(|port| port.parse().ok());
        let orders = Orders::default();
        for line in io::stdin().lock().lines() {
            let numbers: Vec<i64> = line?.split(' ').filter_map(|word| word.parse().ok()).collect();
            match numbers[..] {
                [buffer, first] => {
                    listen(usize::try_from(buffer).unwrap_or(0), first, onward, Arc::clone(&orders))?;
                }
                [connection, bytes, every] => {
                    let every = Duration::from_millis(u64::try_from(every).unwrap_or(0));
                    give(&orders, connection, Order::Read(Pace { bytes, every }));
                }
                [connection, bytes, every, buffer] => {
                    give(&orders, connection, Order::Buffer(usize::try_from(buffer).unwrap_or(0)));
                    let every = Duration::from_millis(u64::try_from(every).unwrap_or(0));
                    give(&orders, connection, Order::Read(Pace { bytes, every }));
                }
                [connection] => give(&orders, connection, Order::CutOff),
                _ => return Err(io::Error::other("one to four numbers a line")),
            }
        }
        Ok(())
    }

    fn give(orders: &Orders, connection: i64, order: Order) {
        let at = usize::try_from(connection).unwrap_or(usize::MAX);
        if let Some(connection) = orders.lock().expect("no thread panics").get(at) {
            let _ = connection.send(order); // one that has ended takes none
        }
    }

    fn listen(buffer: usize, first: i64, onward: Option<u16>, orders: Orders) -> io::Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        // Before listen(), as what is accepted inherits it, and its window is scaled by it (tcp(7)).
        if buffer > 0 {
            socket.set_recv_buffer_size(buffer)?;
        }
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
        socket.listen(1024)?;
        let listener = TcpListener::from(socket);
        let port = listener.local_addr()?.port();
        println!("listening {port}");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (order, taken) = channel();
                let number = {
                    let mut all = orders.lock().expect("no thread panics");
                    all.push(order);
                    all.len() - 1
                };
                println!("accepted {port} {number}");
                thread::spawn(move || {
                    let mut total = 0;
                    let how =
                        if read(stream, first, onward, &taken, &mut total).is_ok() { "end" } else { "lost" };
                    println!("{how} {number} {total}");
                });
            }
        });
        Ok(())
    }

    fn read(
        mut stream: TcpStream,
        first: i64,
        onward: Option<u16>,
        orders: &Receiver<Order>,
        total: &mut i64,
    ) -> io::Result<()> {
        let mut next = match onward {
            Some(port) => Some(TcpStream::connect((Ipv4Addr::LOCALHOST, port))?),
            None => None,
        };
        if let Some(next) = &next {
            let (mut from, mut to) = (next.try_clone()?, stream.try_clone()?);
            thread::spawn(move || {
                let _ = io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Write);
            });
        }
        // What comes at once, until nothing has come for a moment.
        if first > 0 {
            stream.set_read_timeout(Some(Duration::from_millis(300)))?;
            let mut left = first;
            while left > 0 {
                match pass_on(&mut stream, next.as_mut(), left) {
                    Ok(0) => return Ok(()),
                    Ok(read) => {
                        left -= read;
                        *total += read;
                    }
                    Err(error) if is_timeout(&error) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        let mut pace = NOTHING;
        loop {
            // Looks for orders between two reads, so that even a fast reader takes them.
            let begun = Instant::now();
            let mut left = if pace.bytes < 0 { 1 << 20 } else { pace.bytes };
            stream.set_read_timeout(Some(Duration::from_millis(20)))?;
            while left > 0 {
                match pass_on(&mut stream, next.as_mut(), left) {
                    Ok(0) => return next.map_or(Ok(()), |next| next.shutdown(Shutdown::Write)),
                    Ok(read) => {
                        left -= read;
                        *total += read;
                    }
                    Err(error) if is_timeout(&error) => break,
                    Err(error) => return Err(error),
                }
            }
            let wait = if pace.bytes == 0 {
                Duration::from_secs(3600)
            } else {
                pace.every.saturating_sub(begun.elapsed())
            };
            match orders.recv_timeout(wait) {
                Ok(Order::Read(new)) => pace = new,
                Ok(Order::Buffer(size)) => SockRef::from(&stream).set_recv_buffer_size(size)?,
                Ok(Order::CutOff) => {
                    cut_off(&stream)?;
                    pace = NOTHING; // what it reads would open the window, and the peer would hear of that
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// `IP_MINTTL` of ip(7): what comes with a lower TTL than 255 is dropped before TCP sees it (RFC 5082).
    fn cut_off(stream: &TcpStream) -> io::Result<()> {
        const SIZE: libc::socklen_t = 4; // of a c_int, as the sockets API counts it
        let lowest: libc::c_int = 255;
        let (socket, value) = (stream.as_raw_fd(), (&raw const lowest).cast());
        // SAFETY: `lowest` lives over the call, and `SIZE` says how large it is.
        let result = unsafe { libc::setsockopt(socket, libc::IPPROTO_IP, libc::IP_MINTTL, value, SIZE) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    fn pass_on(stream: &mut TcpStream, next: Option<&mut TcpStream>, most: i64) -> io::Result<i64> {
        let mut buffer = vec![0; 64 * 1024];
        let most = usize::try_from(most).unwrap_or(buffer.len()).min(buffer.len());
        let read = stream.read(&mut buffer[..most])?;
        if let Some(next) = next {
            next.write_all(&buffer[..read])?;
        }
        Ok(i64::try_from(read).unwrap_or(i64::MAX))
    }

    fn is_timeout(error: &io::Error) -> bool {
        matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    reader::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("slow-reader is for the network laboratory, which is Linux's");
    std::process::exit(1);
}
