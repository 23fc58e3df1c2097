"""Just enough of MongoDB's wire protocol to talk to a peer without a driver: OP_MSG and BSON.

A document is a dict; int is int64, Int32 says otherwise, bytes are binary of subtype 0.
"""
import base64
import hashlib
import hmac
import os
import socket
import struct
import urllib.parse

OP_MSG = 2013
TIMEOUT_SECONDS = 30


class Closed(Exception):
    """The server ended the connection, or cannot be reached."""


class Int32(int):
    """A number that goes out as int32."""


# BSON ----------------------------------------------------------------------------------

def _pack_document(value):
    body = b"".join(_pack_element(name, item) for name, item in value.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def _pack_text(value):
    raw = value.encode()
    return struct.pack("<i", len(raw) + 1) + raw + b"\0"


def _pack_array(value):
    return _pack_document({str(i): item for i, item in enumerate(value)})


# Python type, BSON type, how it is written; the first that fits counts.
PACKERS = (
    (bool, 0x08, lambda v: b"\1" if v else b"\0"),
    (Int32, 0x10, lambda v: struct.pack("<i", v)),
    (int, 0x12, lambda v: struct.pack("<q", v)),
    (float, 0x01, lambda v: struct.pack("<d", v)),
    (str, 0x02, _pack_text),
    (bytes, 0x05, lambda v: struct.pack("<ib", len(v), 0) + v),
    (dict, 0x03, _pack_document),
    (list, 0x04, _pack_array),
    (type(None), 0x0A, lambda v: b""),
)


def _pack_element(name, value):
    for kind, code, pack in PACKERS:
        if isinstance(value, kind):
            return bytes([code]) + name.encode() + b"\0" + pack(value)
    raise TypeError(f"{name}: no BSON for {type(value).__name__}")


class _Reader:
    """Reads values off the front of bytes."""

    def __init__(self, raw):
        self.raw = raw
        self.at = 0

    def take(self, n):
        piece = self.raw[self.at:self.at + n]
        if len(piece) != n:
            raise ValueError("BSON ends too early")
        self.at += n
        return piece

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def name(self):
        end = self.raw.index(b"\0", self.at)
        return self.take(end + 1 - self.at)[:-1].decode()

    def text(self):
        return self.take(self.number("<i"))[:-1].decode()

    def binary(self):
        length = self.number("<i")
        self.take(1)
        return self.take(length)

    def document(self):
        self.take(4)
        found = {}
        while True:
            code = self.number("<B")
            if code == 0:
                return found
            name = self.name()
            found[name] = UNPACKERS[code](self)


UNPACKERS = {
    0x01: lambda r: r.number("<d"),
    0x02: _Reader.text,
    0x03: _Reader.document,
    0x04: lambda r: list(r.document().values()),
    0x05: _Reader.binary,
    0x07: lambda r: r.take(12),  # an object id
    0x08: lambda r: r.number("<B") == 1,
    0x09: lambda r: r.number("<q"),  # milliseconds since 1970
    0x0A: lambda r: None,
    0x10: lambda r: r.number("<i"),
    0x11: lambda r: r.number("<Q"),  # a timestamp
    0x12: lambda r: r.number("<q"),
}


# A connection --------------------------------------------------------------------------

class Wire:
    """One connection, one command at a time."""

    def __init__(self, uri, tls=None):
        """uri: what peer.uri says; tls: an ssl.SSLContext for one with tls=true."""
        parts = urllib.parse.urlsplit(uri)
        try:
            self.socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT_SECONDS)
            if tls is not None:
                self.socket = tls.wrap_socket(self.socket, server_hostname=parts.hostname)
        except OSError as error:
            raise Closed(str(error)) from error
        self.request = 0

    def call(self, database, **command):
        """Runs a command; its name is the first keyword. Answers the reply, whatever is in it."""
        self.send(database, **command)
        try:
            length, _, to, _ = struct.unpack("<iiii", self._receive(16))
            reply = self._receive(length - 16)
        except OSError as error:
            raise Closed(str(error)) from error
        if to != self.request:
            raise Closed(f"a reply to {to}, not to {self.request}")
        return _Reader(reply[5:]).document()

    def send(self, database, **command):
        """Sends a command and does not wait for the reply."""
        body = b"\0\0\0\0\0" + _pack_document({**command, "$db": database})
        self.request += 1
        header = struct.pack("<iiii", 16 + len(body), self.request, 0, OP_MSG)
        try:
            self.socket.sendall(header + body)
        except OSError as error:
            raise Closed(str(error)) from error

    def _receive(self, n):
        raw = b""
        while len(raw) < n:
            piece = self.socket.recv(n - len(raw))
            if not piece:
                raise Closed("the server ended the connection")
            raw += piece
        return raw

    def login(self, user, password):
        """SCRAM-SHA-256 (RFC 7677). Answers the last reply; its ok is 0.0 when it was refused."""
        nonce = base64.b64encode(os.urandom(18)).decode()
        bare = f"n={user},r={nonce}"
        first = self.call("admin", saslStart=Int32(1), mechanism="SCRAM-SHA-256",
                          payload=("n,," + bare).encode(), options={"skipEmptyExchange": True})
        if first["ok"] != 1:
            return first
        challenge = first["payload"].decode()
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        final = f"c=biws,r={fields['r']}"
        secret = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]),
                                     int(fields["i"]))
        key = _hmac(secret, "Client Key")
        signature = _hmac(hashlib.sha256(key).digest(), ",".join((bare, challenge, final)))
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
        return self.call("admin", saslContinue=Int32(1), conversationId=first["conversationId"],
                         payload=f"{final},p={proof}".encode())

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _hmac(key, text):
    return hmac.new(key, text.encode(), "sha256").digest()
