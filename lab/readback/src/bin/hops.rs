//! A witness for the tests: prints `IP_MINTTL` and `IPV6_MINHOPCOUNT` of the socket that it inherited as descriptor 3, as
//! `[255,0]`; the second is -1 for a socket of IPv4.

#[cfg(target_os = "linux")]
fn main() {
    /// `include/uapi/linux/in.h`, `include/uapi/linux/in6.h`
    const IP_MINTTL: libc::c_int = 21;
    const IPV6_MINHOPCOUNT: libc::c_int = 73;
    println!("[{},{}]", read(libc::IPPROTO_IP, IP_MINTTL), read(libc::IPPROTO_IPV6, IPV6_MINHOPCOUNT));
}

#[cfg(target_os = "linux")]
fn read(level: libc::c_int, option: libc::c_int) -> libc::c_int {
    let mut value: libc::c_int = -1;
    let mut size: libc::socklen_t = 4;
    // SAFETY: `value` and `size` live over the call, and `size` says how large `value` is.
    let result =
        unsafe { libc::getsockopt(3, level, option, std::ptr::from_mut(&mut value).cast(), &raw mut size) };
    if result == 0 { value } else { -1 }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    std::process::exit(77);
}
