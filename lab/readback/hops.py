#!/usr/bin/env python3
"""Prints `IP_MINTTL` and `IPV6_MINHOPCOUNT` of the socket that it inherited as descriptor 3, as `[255,0]`; the second is
-1 for a socket of IPv4."""

import socket

inherited = socket.socket(fileno=3)
# include/uapi/linux/in.h, include/uapi/linux/in6.h
IP_MINTTL, IPV6_MINHOPCOUNT = 21, 73
over_ipv6 = -1
if inherited.family == socket.AF_INET6:
    over_ipv6 = inherited.getsockopt(socket.IPPROTO_IPV6, IPV6_MINHOPCOUNT)
print([inherited.getsockopt(socket.IPPROTO_IP, IP_MINTTL), over_ipv6])
