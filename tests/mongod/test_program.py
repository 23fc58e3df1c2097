"""kontor-mongod as a program: its options, its ready line, its control lines, its end."""
import os
import re
import signal
import socket
import struct
import subprocess
import unittest

PROGRAM = os.environ["KONTOR_MONGOD"]
PATIENCE_S = 30


def document(fields):
    """BSON of strings, integers, documents and lists of documents."""
    out = b""
    for key, value in fields.items():
        name = key.encode() + b"\0"
        if isinstance(value, str):
            text = value.encode() + b"\0"
            out += b"\x02" + name + struct.pack("<i", len(text)) + text
        elif isinstance(value, int):
            out += b"\x10" + name + struct.pack("<i", value)
        elif isinstance(value, dict):
            out += b"\x03" + name + document(value)
        else:
            out += b"\x04" + name + document({str(i): v for i, v in enumerate(value)})
    return struct.pack("<i", len(out) + 5) + out + b"\0"


def insert(number):
    return document({"insert": "things", "documents": [{"_id": number}], "$db": "town"})


def exchange(link, body):
    """The bytes of the answer to one OP_MSG; b"" when the connection is closed."""
    message = struct.pack("<iiiiiB", 16 + 5 + len(body), 1, 0, 2013, 0, 0) + body
    link.sendall(message)
    head = receive(link, 16)
    return receive(link, struct.unpack("<i", head[:4])[0] - 16) if head else b""


def receive(link, size):
    out = b""
    while len(out) < size:
        part = link.recv(size - len(out))
        if not part:
            return b""
        out += part
    return out


class Program(unittest.TestCase):
    def start(self, *options):
        self.process = subprocess.Popen([PROGRAM, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        ready = self.process.stdout.readline()
        found = re.fullmatch(r"ready (mongodb://127\.0\.0\.1:(\d+)/\S*)\n", ready)
        self.assertIsNotNone(found, ready)
        self.uri, self.port = found[1], int(found[2])

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def connect(self):
        link = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)
        self.addCleanup(link.close)
        return link

    def order(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def test_sigterm_ends_it_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.start()
            link = self.connect()
            self.assertIn(b"ok\0", exchange(link, document({"ping": 1, "$db": "town"})))
            self.process.send_signal(number)
            _, errors = self.process.communicate(timeout=PATIENCE_S)
            self.assertEqual((self.process.returncode, errors), (0, ""))
            self.assertEqual(link.recv(1), b"")

    def test_sigterm_ends_what_is_held(self):
        self.start("--control", "--fault", "delay=2147483647@insert")
        link = self.connect()
        body = insert(1)
        link.sendall(struct.pack("<iiiiiB", 21 + len(body), 1, 0, 2013, 0, 0) + body)
        while self.order("count insert") != "ok 1":
            pass
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)
        self.assertEqual(self.process.returncode, 0)

    def test_options(self):
        self.start("--replica-set", "--seed", "7", "--fault", "close_before@insert#2")
        self.assertTrue(self.uri.endswith("/?replicaSet=rs0"), self.uri)
        link = self.connect()
        self.assertIn(b"setName", exchange(link, document({"hello": 1, "$db": "town"})))
        self.assertIn(b"n\0\x01", exchange(link, insert(1)))
        self.assertEqual(exchange(link, insert(2)), b"")
        self.assertIn(b"n\0\x01", exchange(self.connect(), insert(2)))

    def test_port_is_kept(self):
        self.start()
        other = subprocess.run([PROGRAM, "--port", str(self.port)], capture_output=True, text=True,
                               timeout=PATIENCE_S, check=False)
        self.assertEqual(other.returncode, 1)
        self.assertIn("bind", other.stderr)

    def test_control(self):
        self.start("--control", "--replica-set")
        self.assertEqual(self.order("script close_before@insert code_1@find"), "ok")
        self.assertEqual(exchange(self.connect(), insert(1)), b"")
        self.assertEqual(self.order("script"), "ok")
        link = self.connect()
        self.assertIn(b"n\0\x01", exchange(link, insert(1)))
        self.assertEqual(self.order("count insert"), "ok 2")
        self.assertEqual(self.order("play stepdown=2147483647"), "ok")
        self.assertIn(b"NotWritablePrimary", exchange(link, insert(2)))
        self.assertEqual(self.order("settle"), "ok")
        self.assertIn(b"n\0\x01", exchange(link, insert(2)))
        self.assertEqual(self.order("pause"), "ok")
        self.assertEqual(link.recv(1), b"")
        with self.assertRaises(ConnectionRefusedError):
            self.connect()
        self.assertEqual(self.order("resume"), "ok")
        link = self.connect()
        self.assertIn(b"E11000", exchange(link, insert(1)))
        self.assertEqual(self.order("wipe"), "ok")
        self.assertIn(b"n\0\x01", exchange(link, insert(1)))
        self.assertEqual(self.order("refused"), "ok ")
        self.assertIn(b"CommandNotFound", exchange(link, document({"count": "things",
                                                                   "$db": "town"})))
        self.assertIn("count", self.order("refused"))
        self.assertEqual(self.order("forgive"), "ok")
        self.assertEqual(self.order("refused"), "ok ")
        for wrong in ("", "stop", "script close", "play close_after", "play x", "count x"):
            self.assertTrue(self.order(wrong).startswith("no "), wrong)
        self.process.communicate(timeout=PATIENCE_S)
        self.assertEqual(self.process.returncode, 0)

    def test_refusal_is_told_at_the_end(self):
        self.start()
        exchange(self.connect(), document({"aggregate": "things", "$db": "town"}))
        self.process.terminate()
        _, errors = self.process.communicate(timeout=PATIENCE_S)
        self.assertIn("refused aggregate", errors)
        self.assertEqual(self.process.returncode, 0)

    def test_usage(self):
        helped = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=False)
        self.assertEqual(helped.returncode, 0)
        for word in ("--fault", "stale_primary", "--control"):
            self.assertIn(word, helped.stdout)
        for wrong in (["--port", "x"], ["--port", "65536"], ["--seed", "-1"], ["--what"], ["word"],
                      ["--fault", "close"], ["--fault", "close_after@isnert"]):
            ended = subprocess.run([PROGRAM, *wrong], capture_output=True, text=True, check=False)
            self.assertEqual(ended.returncode, 2, wrong)
            self.assertNotEqual(ended.stderr, "", wrong)


if __name__ == "__main__":
    unittest.main()
