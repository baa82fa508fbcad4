#!/usr/bin/env python3
"""A peer that reads in its own way, for the tests: Node reads as much as comes, and cannot set a receive buffer.

`slow-reader.py [ONWARD]` listens on a free port for each line that it reads, of two whole numbers: the receive buffer
in bytes (0: the system's own), and how many bytes each connection passes on at once before it waits for orders, such
as a TLS handshake. It answers `listening PORT`, then `accepted PORT CONNECTION` for each connection.
`CONNECTION BYTES EVERY` has a connection read so many bytes each `EVERY` milliseconds from then on; 0 bytes: nothing;
-1: whatever comes. `CONNECTION` alone cuts it off: from then on nothing that it is sent arrives. What it reads goes on
to ONWARD, a port on loopback, and answers come back at once; without ONWARD it is thrown away. A connection ends where
its peer ends it: `end CONNECTION BYTES` says how many were read, `lost CONNECTION BYTES` the same where it was reset.
"""

import os
import queue
import socket
import struct
import sys
import threading
import time

# ip(7): what comes with a lower TTL is dropped before TCP sees it (RFC 5082).
IP_MINTTL = 21
# Between two looks for orders, so that even a fast reader takes them.
MOST = 1 << 20
CHUNK = 64 * 1024


class Connection:
    def __init__(self, peer, onward):
        self.peer = peer
        self.orders = queue.SimpleQueue()
        self.count = 0
        self.onward = onward and socket.create_connection(("127.0.0.1", onward))
        if self.onward:
            start(self.send_back)

    def send_back(self):
        try:
            while answer := self.onward.recv(CHUNK):
                self.peer.sendall(answer)
            self.peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the peer has ended

    def pass_on(self, most, patience):
        """Whether the peer has ended; else so much was read, or nothing has come for so many seconds."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, int(patience * 1e6)))
        while most > 0:
            try:
                data = self.peer.recv(min(most, CHUNK))
            except BlockingIOError:
                return False
            if not data:
                return True
            self.count += len(data)
            most -= len(data)
            if self.onward:
                self.onward.sendall(data)
        return False

    def read(self, first):
        ended = self.pass_on(first, 0.3)
        size, every = 0, 0
        while not ended:
            begun = time.monotonic()
            ended = self.pass_on(MOST if size < 0 else size, 0.02)
            wait = 3600 if size == 0 else max(0, begun + every - time.monotonic())
            try:
                order = None if ended else self.orders.get(timeout=wait)
            except queue.Empty:
                continue
            if order:
                size, every = order
            elif not ended:
                self.peer.setsockopt(socket.IPPROTO_IP, IP_MINTTL, 255)
                size = 0  # what it reads would open the window, and the peer would hear of that
        if self.onward:
            self.onward.shutdown(socket.SHUT_WR)


connections = []
numbering = threading.Lock()


def start(run, *arguments):
    threading.Thread(target=run, args=arguments, daemon=True).start()


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def serve(connection, number, first):
    try:
        connection.read(first)
        say("end", number, connection.count)
    except OSError:
        say("lost", number, connection.count)


def accept(listener, port, first, onward):
    while True:
        peer, _ = listener.accept()
        connection = Connection(peer, onward)
        with numbering:
            number = len(connections)
            connections.append(connection)
        say("accepted", port, number)
        start(serve, connection, number, first)


def listen(buffer, first, onward):
    listener = socket.socket()
    # Before listen(), as what is accepted inherits it, and its window is scaled by it (tcp(7)).
    if buffer > 0:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    listener.bind(("", 0))
    listener.listen(1024)
    port = listener.getsockname()[1]
    say("listening", port)
    start(accept, listener, port, first, onward)


onward = int(sys.argv[1]) if len(sys.argv) > 1 else None
for line in sys.stdin:
    match [int(word) for word in line.split()]:
        case [buffer, first]:
            listen(buffer, first, onward)
        case [number, size, every]:
            connections[number].orders.put((size, every / 1000))
        case [number]:
            connections[number].orders.put(None)
os._exit(0)  # no thread is waited for
