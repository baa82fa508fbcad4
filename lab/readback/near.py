#!/usr/bin/env python3
"""A server whose packets come with a TTL of 255, which Node cannot ask for: prints its port on 127.0.0.1, and sends back
what it gets, one connection after the other, until its standard input ends."""

import socket
import sys
import threading


def send_back(listener):
    while True:
        peer, _ = listener.accept()
        try:
            while data := peer.recv(1024):
                peer.sendall(data)
        except OSError:
            pass  # it was reset


listener = socket.socket()
listener.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)  # what it accepts inherits it
listener.bind(("127.0.0.1", 0))
listener.listen(16)
print(listener.getsockname()[1], flush=True)
threading.Thread(target=send_back, args=[listener], daemon=True).start()
sys.stdin.read()
