"""One gRPC call on a bare TLS connection, for what a gRPC client does not let one do."""
import ssl
import struct

from hostile import (DATA, END_HEADERS, END_STREAM, HEADERS, HEALTH, PREFACE, RST_STREAM,
                     SETTINGS, Peer, frame, literal, request_headers)

GOAWAY = 7


def peer(broker, certificate):
    """The broker as seen with a certificate: its path without .pem and .key."""
    return Peer(f"localhost:{broker.port}", broker.certs + "/alpine/ca.pem",
                certificate + ".pem", certificate + ".key")


def context(broker, certificate):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(broker.certs + "/alpine/ca.pem")
    if certificate is not None:
        made.load_cert_chain(certificate + ".pem", certificate + ".key")
    made.set_alpn_protocols(["h2"])
    return made


def connect(broker, certificate, made=None, session=None):
    """A TLS connection that has sent its preface. Raises OSError when that is refused."""
    made = made or context(broker, certificate)
    tcp = Peer(f"localhost:{broker.port}", None, None, None).tcp()
    tls = made.wrap_socket(tcp, server_hostname="localhost", session=session)
    try:
        tls.sendall(PREFACE + frame(SETTINGS, 0, 0))
    except OSError:
        tls.close()
        raise
    return tls


def read(tls, size):
    got = b""
    while len(got) < size:
        more = tls.recv(size - len(got))
        if not more:
            raise ConnectionResetError("the broker closed the connection")
        got += more
    return got


def call(tls, path, message=b"", flag=0, extra=(), size=None):
    """Bytes of all header frames of the answer; its grpc-status stands in them as text.

    Raises OSError when the broker closes the connection instead. flag 1 = compressed; size: what
    the message's head says instead of its length.
    """
    stream = 1
    headers = request_headers(path) + b"".join(literal(*one) for one in extra)
    body = struct.pack(">BI", flag, len(message) if size is None else size) + message
    tls.sendall(frame(HEADERS, END_HEADERS, stream, headers)
                + frame(DATA, END_STREAM, stream, body))
    seen = b""
    while True:
        head = read(tls, 9)
        kind, flags, number = head[3], head[4], struct.unpack(">I", head[5:])[0]
        payload = read(tls, int.from_bytes(head[:3], "big"))
        if kind == SETTINGS and not flags & 1:
            tls.sendall(frame(SETTINGS, 1, 0))
        if kind == GOAWAY:
            raise ConnectionResetError(f"GOAWAY {payload!r}")
        if number != stream:
            continue
        seen += payload if kind == HEADERS else b""
        if kind == RST_STREAM or flags & END_STREAM and kind in (HEADERS, DATA):
            return seen


def status(seen):
    """The status of an answer to the first call of a connection: nothing is indexed yet."""
    at = seen.find(b"grpc-status")
    size = seen[at + 11]
    return int(seen[at + 12:at + 12 + size])


__all__ = ["HEALTH", "call", "connect", "context", "peer", "read", "status"]
