"""The servers tests rely on: they talk, refuse a second document of one id, and bear a kill.

Skipped when nothing is built, unless CI=true says that something must be.
"""
import contextlib
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import peer
from wire import Closed, Int32, Wire


def needs(kind):
    """Skips what cannot run here; CI fails it instead."""
    reason = None if os.environ.get("CI") == "true" else kind.lacks()
    return unittest.skipIf(reason, f"{kind.__name__}: {reason}")


def ids(wire, collection="c"):
    """The ids in a collection, in order."""
    reply = wire.call("test", find=collection, filter={}, sort={"_id": Int32(1)})
    assert reply["ok"] == 1, reply
    return [document["_id"] for document in reply["cursor"]["firstBatch"]]


def insert(wire, *documents, collection="c"):
    return wire.call("test", insert=collection, documents=list(documents), ordered=True,
                     writeConcern={"w": "majority", "j": True})


def cpu_seconds(pid):
    """What a process has used of the processor."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Case(unittest.TestCase):
    def start(self, server):
        self.addCleanup(server.close)
        return server.start()

    def connect(self, server, tls=None):
        wire = Wire(server.uri, tls)
        self.addCleanup(wire.close)
        return wire

    def assert_inserted(self, wire, *documents):
        reply = insert(wire, *documents)
        self.assertEqual((reply["ok"], reply["n"], reply.get("writeErrors")),
                         (1, len(documents), None), reply)


class Common:
    """What each kind does."""

    KIND = None
    IS_DURABLE = True

    def test_answers_a_ping(self):
        wire = self.connect(self.start(self.KIND()))
        self.assertEqual(wire.call("admin", ping=Int32(1))["ok"], 1)

    def test_hands_back_what_was_inserted(self):
        wire = self.connect(self.start(self.KIND()))
        document = {"_id": "a", "seq": 2 ** 53 + 1, "raw": bytes(range(256)), "text": "für \u20ac",
                    "list": [1, {"deep": True}], "none": None, "half": 0.5, "small": Int32(-1)}
        self.assert_inserted(wire, document)
        reply = wire.call("test", find="c", filter={"_id": "a"})
        self.assertEqual(reply["cursor"]["firstBatch"], [document])

    def test_an_ordered_batch_stops_at_a_taken_id(self):
        wire = self.connect(self.start(self.KIND()))
        self.assert_inserted(wire, {"_id": 2, "by": "first"})
        reply = insert(wire, {"_id": 1}, {"_id": 2, "by": "second"}, {"_id": 3})
        self.assertEqual([(e["index"], e["code"]) for e in reply["writeErrors"]], [(1, 11000)])
        self.assertEqual(ids(wire), [1, 2])
        held = wire.call("test", find="c", filter={"_id": 2})["cursor"]["firstBatch"]
        self.assertEqual(held, [{"_id": 2, "by": "first"}])

    def test_comes_back_after_a_kill_where_it_was(self):
        server = self.start(self.KIND())
        wire = self.connect(server)
        port = server.port
        for n in range(20):
            self.assert_inserted(wire, {"_id": n})
        server.kill()
        self.assertEqual(server.process.returncode, -server.KILL_SIGNAL)
        with self.assertRaises(Closed):
            wire.call("admin", ping=Int32(1))
        with self.assertRaises(Closed):
            self.connect(server)
        server.start()
        self.assertEqual(server.port, port)
        self.assertEqual(ids(self.connect(server)), list(range(20)) if self.IS_DURABLE else [])

    def test_stopping_waits_for_no_client(self):
        server = self.start(self.KIND())
        wire = self.connect(server)
        self.assert_inserted(wire, {"_id": 1})
        began = time.monotonic()
        self.assertIn(server.stop(), (0, 128 + server.STOP_SIGNAL))
        self.assertLess(time.monotonic() - began, peer.GRACE_SECONDS / 2)
        self.assertFalse(server.is_running())

    def test_a_thread_may_start_it_and_end(self):
        server = self.KIND()
        self.addCleanup(server.close)
        thread = threading.Thread(target=server.start)
        thread.start()
        thread.join()
        self.assertEqual(self.connect(server).call("admin", ping=Int32(1))["ok"], 1)

    def test_its_folder_goes_with_it(self):
        server = self.start(self.KIND())
        self.assertTrue(os.path.isdir(server.folder))
        server.close()
        self.assertFalse(os.path.exists(server.folder))
        server.close()


@needs(peer.Ferret)
class TestFerret(Common, Case):
    KIND = peer.Ferret

    def test_a_kept_folder_serves_another_object(self):
        with tempfile.TemporaryDirectory(prefix="kontor 100% a?b#c ") as folder:
            first = self.start(peer.Ferret(folder))
            self.assert_inserted(self.connect(first), {"_id": 1})
            first.close()
            second = self.start(peer.Ferret(folder))
            self.assertEqual(ids(self.connect(second)), [1])
            second.close()

    def test_a_taken_port_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            server = peer.Ferret(port=taken.getsockname()[1])
            self.addCleanup(server.close)
            with self.assertRaisesRegex(peer.Failed, "(?s)ended with 1:.*address already in use"):
                server.start()
        self.assertFalse(server.is_running())

    def test_ends_with_a_process_that_is_killed(self):
        script = ("import sys, peer; s = peer.Ferret(sys.argv[1]).start();"
                  "print(s.process.pid, s.uri, flush=True); sys.stdin.read()")
        with tempfile.TemporaryDirectory() as folder:
            owner = subprocess.Popen([sys.executable, "-c", script, folder], cwd=peer.HERE,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            with owner:
                _, uri = owner.stdout.readline().split()
                wire = Wire(uri)
                owner.kill()
            # With something left unread the end of a connection is a reset.
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(wire.socket.recv(1), b"")
            wire.close()


@needs(peer.FerretPostgres)
class TestFerretPostgres(Common, Case):
    KIND = peer.FerretPostgres

    def test_its_database_may_be_killed_under_it(self):
        server = self.start(peer.FerretPostgres())
        wire = self.connect(server)
        for n in range(20):
            self.assert_inserted(wire, {"_id": n})
        server.postgres.kill()
        # Whether a reply says it or the connection's end, it is not acknowledged.
        try:
            self.assertNotEqual(insert(wire, {"_id": 20})["ok"], 1)
        except Closed:
            pass
        server.postgres.start()
        self.assertEqual(ids(self.connect(server)), list(range(20)))

    def test_its_database_is_on_no_network(self):
        server = self.start(peer.FerretPostgres())
        with open(f"/proc/{server.postgres.process.pid}/net/tcp", encoding="ascii") as file:
            sockets = [line.split() for line in file.readlines()[1:]]
        listening = {fields[9] for fields in sockets if fields[3] == "0A"}
        held = {f"socket:[{inode}]" for inode in listening}
        files = f"/proc/{server.postgres.process.pid}/fd"
        opened = {os.readlink(os.path.join(files, name)) for name in os.listdir(files)}
        self.assertTrue(any(name.startswith("socket:") for name in opened), opened)
        self.assertEqual(held & opened, set())


@needs(peer.Java)
class TestJava(Common, Case):
    KIND = peer.Java
    IS_DURABLE = False

    def test_a_query_that_never_ends_holds_up_no_stop(self):
        server = self.start(peer.Java())
        wire = self.connect(server)
        self.assert_inserted(wire, {"_id": 1, "t": "x" * 5000})
        asker = self.connect(server)
        began_s = cpu_seconds(server.process.pid)
        asker.send("test", find="c", filter={"t": {"$regex": "(x+x+)+z"}})
        end = time.monotonic() + 30
        while cpu_seconds(server.process.pid) < began_s + 0.5:
            self.assertLess(time.monotonic(), end, "the query does not run")
            time.sleep(0.005)
        began = time.monotonic()
        server.stop()
        self.assertLess(time.monotonic() - began, peer.GRACE_SECONDS / 2)


@needs(peer.FerretScram)
class TestFerretScram(Case):
    def server(self, **words):
        return self.start(peer.FerretScram("kontor", "p@ss: word", **words))

    def test_the_password_opens_it(self):
        wire = self.connect(self.server())
        reply = wire.login("kontor", "p@ss: word")
        self.assertEqual(reply["ok"], 1, reply)
        self.assert_inserted(wire, {"_id": 1})

    def test_a_wrong_password_is_refused(self):
        wire = self.connect(self.server())
        self.assertEqual((wire.login("kontor", "password")["ok"], insert(wire, {"_id": 1})["ok"]),
                         (0, 0))

    def test_a_stranger_is_refused(self):
        wire = self.connect(self.server())
        reply = insert(wire, {"_id": 1})
        self.assertEqual((reply["ok"], reply["code"]), (0, 13))

    def test_a_kill_loses_neither_user_nor_document(self):
        server = self.server()
        wire = self.connect(server)
        self.assertEqual(wire.login("kontor", "p@ss: word")["ok"], 1)
        self.assert_inserted(wire, {"_id": 1})
        server.kill()
        server.start()
        again = self.connect(server)
        self.assertEqual(again.login("kontor", "p@ss: word")["ok"], 1)
        self.assertEqual(ids(again), [1])


class Certificates:
    """An authority, one server's certificate and one client's, made for one test run."""

    def __init__(self, folder):
        self.folder = folder
        self.make("ca", "-x509", "-addext", "basicConstraints=critical,CA:TRUE")
        for name in ("server", "client"):
            self.make(name, "-x509", "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"),
                      "-addext", "subjectAltName=IP:127.0.0.1")

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, *words):
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "2", "-subj", f"/CN={name}", "-batch",
                        "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem"),
                        *words], check=True, capture_output=True)

    def server(self, is_mutual=False):
        return peer.Tls(self.path("server.pem"), self.path("server.key"),
                        self.path("ca.pem") if is_mutual else None)

    def context(self, client=None):
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        if client:
            context.load_cert_chain(self.path(client + ".pem"), self.path(client + ".key"))
        return context


@needs(peer.Ferret)
class TestTls(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="kontor certs ")
        cls.addClassCleanup(folder.cleanup)
        cls.certificates = Certificates(folder.name)

    def test_speaks_tls_with_who_knows_its_authority(self):
        server = self.start(peer.Ferret(tls=self.certificates.server()))
        self.assertTrue(server.uri.endswith("/?tls=true"), server.uri)
        self.assert_inserted(self.connect(server, self.certificates.context()), {"_id": 1})
        with self.assertRaisesRegex(Closed, "certificate verify failed"):
            self.connect(server, ssl.create_default_context())

    def test_speaks_nothing_else(self):
        server = self.start(peer.Ferret(tls=self.certificates.server()))
        with self.assertRaises(Closed):
            self.connect(server).call("admin", ping=Int32(1))

    def test_asks_clients_for_a_certificate(self):
        server = self.start(peer.Ferret(tls=self.certificates.server(is_mutual=True)))
        wire = self.connect(server, self.certificates.context("client"))
        self.assert_inserted(wire, {"_id": 1})
        with self.assertRaises(Closed):
            self.connect(server, self.certificates.context()).call("admin", ping=Int32(1))

    @needs(peer.FerretScram)
    def test_password_and_tls_go_together(self):
        server = self.start(peer.FerretScram("kontor", "secret", tls=self.certificates.server()))
        wire = self.connect(server, self.certificates.context())
        self.assertEqual(insert(wire, {"_id": 1})["code"], 13)
        self.assertEqual(wire.login("kontor", "secret")["ok"], 1)
        self.assert_inserted(wire, {"_id": 1})


def main():
    kinds = (peer.Ferret, peer.FerretScram, peer.FerretPostgres, peer.Java)
    if all(kind.lacks() for kind in kinds) and os.environ.get("CI") != "true":
        for kind in kinds:
            print(f"SKIPPED: {kind.__name__}: {kind.lacks()}")
        sys.exit(77)
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
