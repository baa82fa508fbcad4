//! The listening ports of this network namespace. A connection with such a local port was accepted.

use std::{
    fs::File,
    io::{self, Read},
};

use super::tcp_timers::listeners;

/// A set of ports.
#[derive(Clone, Debug)]
pub struct Ports(Box<[u64; Self::WORDS]>);

impl Ports {
    const WORDS: usize = (1 << u16::BITS) / 64;

    pub fn none() -> Self {
        Self(Box::new([0; Self::WORDS]))
    }

    pub fn insert(&mut self, port: u16) {
        self.0[usize::from(port / 64)] |= 1 << (port % 64);
    }

    pub fn contains(&self, port: u16) -> bool {
        self.0[usize::from(port / 64)] & (1 << (port % 64)) != 0
    }

    pub fn extend(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0.iter()) {
            *word |= more;
        }
    }
}

/// The ports of all listeners in the network namespace of this process.
pub fn listening_ports() -> io::Result<Ports> {
    let mut ports = Ports::none();
    if listeners(&mut |port| ports.insert(port)).is_ok() {
        return Ok(ports);
    }
    ports_in_proc() // a sandbox may have no `NETLINK_SOCK_DIAG`
}

#[cold]
fn ports_in_proc() -> io::Result<Ports> {
    let mut ports = Ports::none();
    read_listeners(File::open("/proc/self/net/tcp")?, &mut ports)?;
    match File::open("/proc/self/net/tcp6") {
        Ok(file) => read_listeners(file, &mut ports)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {} // IPv6 is switched off
        Err(error) => return Err(error),
    }
    Ok(ports)
}

/// Listeners come first in the table (`tcp_get_idx()` in `net/ipv4/tcp_ipv4.c`), so the connections, which may be many, are not read.
fn read_listeners(mut table: impl Read, ports: &mut Ports) -> io::Result<()> {
    let mut read = [0; 4096];
    let mut begun = Vec::new();
    let mut is_head = true;
    loop {
        let length = table.read(&mut read)?;
        if length == 0 {
            return Ok(());
        }
        begun.extend_from_slice(&read[..length]);
        let mut lines = begun.split(|&byte| byte == b'\n');
        let unfinished = lines.next_back().unwrap_or_default().to_vec();
        for line in lines {
            match listening_port(line) {
                Some(port) => ports.insert(port),
                None if is_head => is_head = false,
                None => return Ok(()),
            }
        }
        begun = unfinished;
    }
}

/// Of `   0: 0100007F:1F90 00000000:0000 0A …`, where `0A` is the state of a listener, `1F90`.
fn listening_port(line: &[u8]) -> Option<u16> {
    let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let (local, state) = (words.nth(1)?, words.nth(1)?);
    if state != b"0A" {
        return None;
    }
    let port = local.rsplit(|&byte| byte == b':').next()?;
    port.iter().try_fold(0, |port: u16, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        port.checked_mul(16)?.checked_add(u16::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn listening_ports_include_those_of_ipv6() {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let v6 = TcpListener::bind((std::net::Ipv6Addr::LOCALHOST, 0)).unwrap();
        let ports = [&v4, &v6].map(|listener| listener.local_addr().unwrap().port());
        let both = || [listening_ports().unwrap(), ports_in_proc().unwrap()];
        assert!(both().iter().all(|listening| ports.iter().all(|&port| listening.contains(port))));
        drop((v4, v6));
        assert!(both().iter().all(|listening| ports.iter().all(|&port| !listening.contains(port))));
    }

    #[test]
    fn the_table_of_the_kernel_is_read_up_to_the_last_listener() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000
   1: 00000000:FFFF 00000000:0000 0A 00000000:00000000 00:00000000 00000000
   2: 0100007F:1F91 0100007F:C350 01 00000000:00000000 00:00000000 00000000
   3: 0100007F:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000
";
        let mut ports = Ports::none();
        read_listeners(table.as_bytes(), &mut ports).unwrap();
        let listed = (0..=u16::MAX).filter(|&port| ports.contains(port)).collect::<Vec<_>>();
        assert_eq!(listed, [0x1f90, 0xffff]);
    }
}
