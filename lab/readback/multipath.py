#!/usr/bin/env python3
"""Runs a command with a Multipath TCP socket as its descriptor 3: a TCP socket that lacks an option, which Node itself
cannot make. `multipath.py COMMAND ARGUMENT…`; exits with 77 where the kernel has no Multipath TCP."""

import os
import socket
import sys

IPPROTO_MPTCP = 262  # include/uapi/linux/in.h

try:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
except OSError:
    sys.exit(77)
os.dup2(made.fileno(), 3)
os.set_inheritable(3, True)
os.execv(sys.argv[1], sys.argv[1:])
