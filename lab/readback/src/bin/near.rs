//! A server whose packets come with a TTL of 255, which Node cannot ask for: prints its port on 127.0.0.1, and sends back what
//! it gets, one connection after the other, until its standard input ends.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    thread,
};

use socket2::{Domain, Socket, Type};

fn main() -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_ttl_v4(255)?; // what it accepts inherits it
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(16)?;
    let listener = TcpListener::from(socket);
    println!("{}", listener.local_addr()?.port());
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let _ = send_back(connection);
        }
    });
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn send_back(mut connection: std::net::TcpStream) -> io::Result<()> {
    let mut bytes = [0; 1024];
    loop {
        let length = connection.read(&mut bytes)?;
        if length == 0 {
            return Ok(());
        }
        connection.write_all(&bytes[..length])?;
    }
}
