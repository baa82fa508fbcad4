//! An echo server whose packets have a TTL of 255, which Node cannot set. It prints its port on 127.0.0.1, and serves one
//! connection after the other until its standard input ends.

use std::{
    io::{self, Read},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    thread,
};

use socket2::{Domain, Socket, Type};

fn main() -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_ttl_v4(255)?; // accepted sockets inherit it
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(16)?;
    let listener = TcpListener::from(socket);
    println!("{}", listener.local_addr()?.port());
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let _ = io::copy(&mut &connection, &mut &connection);
        }
    });
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
