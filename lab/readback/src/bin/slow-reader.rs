//! A peer that reads at a given speed, for the tests. Node always reads as much as possible, and cannot set a receive buffer.
//!
//! `slow-reader [ONWARD]` sends what it reads to ONWARD, a port on loopback, and sends the answers back at once; without ONWARD it
//! discards what it reads. It takes one order a line:
//!
//! - `BUFFER FIRST`: listen on a free port. BUFFER: the receive buffer in bytes (0: the system's). FIRST: how many bytes each
//!   connection reads at once, such as a TLS handshake, before it waits for orders. The answer is `listening PORT`, and then
//!   `accepted PORT CONNECTION` for each connection.
//! - `CONNECTION BYTES EVERY [BUFFER]`: from now on, read so many bytes each `EVERY` milliseconds; 0 bytes: nothing; -1: everything.
//!   BUFFER: first set the receive buffer. If it is smaller than the unread data, the kernel drops new data, and answers.
//! - `CONNECTION`: from now on, drop all packets of the peer.
//!
//! A connection ends when its peer ends it: `end CONNECTION BYTES` says how many bytes were read, `lost CONNECTION BYTES` the
//! same after a reset.

#[cfg(target_os = "linux")]
mod reader {
    use std::io::{self, BufRead, ErrorKind, Read, Write};
    use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
    use std::sync::{Arc, Mutex};
    use std::thread;
    use std::time::{Duration, Instant};

    use socket2::{Domain, SockRef, Socket, Type};

    enum Order {
        Read { bytes: i64, every: Duration },
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
                [connection] => give(&orders, connection, Order::CutOff),
                [buffer, first] => listen(natural(buffer), first, onward, Arc::clone(&orders))?,
                [connection, bytes, every, ref buffer @ ..] => {
                    if let [buffer] = *buffer {
                        give(&orders, connection, Order::Buffer(natural(buffer)));
                    }
                    let every = Duration::from_millis(natural(every) as u64);
                    give(&orders, connection, Order::Read { bytes, every });
                }
                [] => return Err(io::Error::other("one to four numbers a line")),
            }
        }
        Ok(())
    }

    fn natural(number: i64) -> usize {
        usize::try_from(number).unwrap_or(0)
    }

    fn give(orders: &Orders, connection: i64, order: Order) {
        if let Some(connection) = orders.lock().expect("no thread panics").get(natural(connection)) {
            let _ = connection.send(order); // fails if the connection has ended
        }
    }

    fn listen(buffer: usize, first: i64, onward: Option<u16>, orders: Orders) -> io::Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        // Before listen(): accepted sockets inherit it, and it decides the scale of their windows (tcp(7)).
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
                    let mut connection = Connection { stream, next: None, total: 0 };
                    let how = if connection.run(first, onward, &taken).is_ok() { "end" } else { "lost" };
                    println!("{how} {number} {}", connection.total);
                });
            }
        });
        Ok(())
    }

    struct Connection {
        stream: TcpStream,
        next: Option<TcpStream>,
        total: usize,
    }

    impl Connection {
        fn run(&mut self, first: i64, onward: Option<u16>, orders: &Receiver<Order>) -> io::Result<()> {
            if let Some(port) = onward {
                let next = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
                let (mut from, mut to) = (next.try_clone()?, self.stream.try_clone()?);
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
                self.next = Some(next);
            }
            let (mut bytes, mut every) = (0, Duration::ZERO);
            let mut begun = Instant::now();
            let mut is_open = self.read(natural(first), Duration::from_millis(300))?;
            while is_open {
                let hour = Duration::from_secs(3600);
                let wait = if bytes == 0 { hour } else { every.saturating_sub(begun.elapsed()) };
                match orders.recv_timeout(wait) {
                    Ok(Order::Read { bytes: new, every: wait }) => (bytes, every) = (new, wait),
                    Ok(Order::Buffer(size)) => SockRef::from(&self.stream).set_recv_buffer_size(size)?,
                    Ok(Order::CutOff) => {
                        cut_off(&self.stream)?;
                        bytes = 0; // reading would open the window, and the peer would receive that
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
                begun = Instant::now();
                let most = if bytes < 0 { 1 << 20 } else { natural(bytes) };
                is_open = self.read(most, Duration::from_millis(20))?; // short, so that even a fast reader takes orders
            }
            self.next.as_ref().map_or(Ok(()), |next| next.shutdown(Shutdown::Write))
        }

        /// Reads so many bytes, or until nothing has arrived for `patience`. `false` at the end of the stream.
        fn read(&mut self, bytes: usize, patience: Duration) -> io::Result<bool> {
            self.stream.set_read_timeout(Some(patience))?;
            let mut buffer = vec![0; 64 * 1024];
            let mut left = bytes;
            while left > 0 {
                let most = left.min(buffer.len());
                let read = match self.stream.read(&mut buffer[..most]) {
                    Ok(0) => return Ok(false),
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                        break;
                    }
                    result => result?,
                };
                if let Some(next) = &mut self.next {
                    next.write_all(&buffer[..read])?;
                }
                left -= read;
                self.total += read;
            }
            Ok(true)
        }
    }

    /// `IP_MINTTL` of ip(7): the kernel drops packets with a lower TTL than 255 before TCP gets them (RFC 5082).
    fn cut_off(stream: &TcpStream) -> io::Result<()> {
        const SIZE: libc::socklen_t = 4; // of a c_int, as the sockets API counts it
        let lowest: libc::c_int = 255;
        let (socket, value) = (stream.as_raw_fd(), (&raw const lowest).cast());
        // SAFETY: `lowest` lives over the call, and `SIZE` says how large it is.
        let result = unsafe { libc::setsockopt(socket, libc::IPPROTO_IP, libc::IP_MINTTL, value, SIZE) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    reader::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    std::process::exit(77);
}
