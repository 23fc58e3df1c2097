"""What may stand in a store's address, and what a broker says of one it cannot use."""
import os
import sys
import time
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "peers"))

import peer
from broker import Broker, Failed
from case import Case, until_known
from mint import Mint
from mongod import store_address
from wire import Wire

QUICKLY_S = 20
# How long a server is looked for; the default is 5 s.
SOON = "serverSelectionTimeoutMS=1500"
PASSWORD = "pässwort /:@?#"


def needs(kind):
    """Skips what cannot run here; CI fails it instead."""
    reason = None if os.environ.get("CI") == "true" else kind.lacks()
    return unittest.skipIf(reason, f"{kind.__name__}: {reason}")


def quoted(path):
    return urllib.parse.quote(path, safe="")


class AddressCase(Case):
    def configure(self, broker, store, **settings):
        broker.set(store=store, **settings)

    def unusable(self, broker, store, *words, **settings):
        """Neither a start nor a look at it goes well; what is said."""
        self.configure(broker, store, **settings)
        for verb in ((), ("--check",)):
            begin = time.monotonic()
            said = broker.kontord(*verb, status=1)
            self.assertLess(time.monotonic() - begin, QUICKLY_S)
            self.says(said, "kontord: ", *words)
            self.assertNotIn(PASSWORD, said)
        return said

    def works(self, broker):
        """It serves, and finds what it wrote after a kill."""
        broker.start()
        home = broker.client("alpine", "admin")
        home.call("RegistryService.UpdateRegistry", registry={"id": "alpine", "name": "Here"})
        broker.kill()
        broker.start()
        found = until_known(home, "RegistryService.GetRegistry", id="alpine")
        self.assertEqual(found["name"], "Here")
        self.assertEqual(broker.stop(), 0)
        self.says(broker.kontord("--check"), "mongodb", "chain verified to 2")


class Addresses(AddressCase):
    def setUp(self):
        self.mongod = self.server()
        self.kontord = self.broker(self.mongod)
        self.store = self.kontord.values["store"]

    def with_user(self, store):
        return store.replace("://", "://joe@")

    def test_a_password_in_it(self):
        said = self.unusable(self.kontord, self.store.replace("://", "://joe:opensesame@"),
                             "must not hold a password", "store_secret_file")
        self.assertNotIn("opensesame", said)

    def test_what_the_broker_chooses_itself(self):
        for option in ("w=1", "w=majority", "journal=false", "wtimeoutMS=5",
                       "readPreference=secondary",
                       "maxStalenessSeconds=100&readPreference=nearest"):
            self.unusable(self.kontord, f"{self.store}&{option}", "leave it out",
                          "the broker sets itself")

    def test_no_database(self):
        self.unusable(self.kontord, self.mongod.uri, "names no database",
                      "mongodb://HOST/DATABASE")

    def test_nobody_there(self):
        for host in ("no-such-host.invalid", "127.0.0.1:1"):
            self.unusable(self.kontord, f"mongodb://{host}/kontor?{SOON}", host.split(":")[0],
                          "cannot reach it")

    def test_no_address_at_all(self):
        for store in ("mongodb:///kontor", "mongodb://", "mongodb://h:port/kontor"):
            self.unusable(self.kontord, store, "the address of the store")

    def test_a_database_that_is_something_else(self):
        wire = Wire(self.mongod.uri)
        self.addCleanup(wire.close)
        name = self.store.split("/")[-1].split("?")[0]
        self.assertEqual(wire.call(name, drop="state")["ok"], 1)
        for said in (self.kontord.init(status=1), self.kontord.kontord(status=1),
                     self.kontord.kontord("--check", status=1)):
            self.says(said, "it has a log, but no shape", "name another database")

    def test_an_empty_database(self):
        self.configure(self.kontord, store_address("", "empty", self.mongod.uri))
        self.says(self.kontord.kontord("--check", status=1), "the store is empty")
        self.says(self.kontord.kontord(status=1), "no home registry yet", "--init")

    def test_a_begun_database_is_not_begun_again(self):
        self.assertNotIn("begun", self.kontord.init(status=1).split("kontord:")[0])
        self.works(self.kontord)

    # Secrets -------------------------------------------------------------------------------

    def secret(self, text, mode=0o600):
        path = os.path.join(self.kontord.folder, "secret")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def test_a_secret_of_nobody(self):
        self.unusable(self.kontord, self.store, "names no user", "mongodb://USER@HOST/DATABASE",
                      store_secret_file=self.secret("x\n"))

    def test_a_secret_that_is_not_there(self):
        self.unusable(self.kontord, self.with_user(self.store), "cannot open store_secret_file",
                      "No such file", store_secret_file="none")

    def test_a_secret_that_is_empty(self):
        self.unusable(self.kontord, self.with_user(self.store), "secret", "is empty",
                      store_secret_file=self.secret(""))

    def test_a_secret_everybody_can_read(self):
        for mode in (0o604, 0o644, 0o606):
            self.unusable(self.kontord, self.with_user(self.store), "chmod 600",
                          store_secret_file=self.secret(PASSWORD, mode))


class Ferret(AddressCase):
    def start(self, server):
        self.addCleanup(server.close)
        return server.start()

    def init(self, store, **settings):
        broker = Broker("ferret", store=store, log_format="json", **settings)
        self.addCleanup(broker.close)
        return broker

    @needs(peer.Ferret)
    def test_tls(self):
        # The certificate speaks of localhost, so the address does.
        folder = Broker("certs", store="kontor.db")
        self.addCleanup(folder.close)
        mine = folder.path("alpine", "server")
        server = self.start(peer.Ferret(tls=peer.Tls(mine + ".pem", mine + ".key")))
        address = f"mongodb://localhost:{server.port}/kontor?{SOON}&tls=true"
        good = f"{address}&tlsCAFile={quoted(folder.path('alpine', 'ca') + '.pem')}"
        broker = self.init(good)
        self.works(broker)
        wrong = f"{address}&tlsCAFile={quoted(folder.path('coast', 'ca') + '.pem')}"
        for store in (wrong, address, address.replace("&tls=true", "")):
            self.unusable(broker, store, f"localhost:{server.port}", "cannot reach it")
        self.says(self.unusable(broker, wrong), "certificate verify failed")
        self.unusable(broker, f"{address}&tlsCAFile=none.pem", "")
        # A certificate for no host's name.
        nameless = Mint(os.path.join(folder.folder, "mint")).client(
            folder.path("alpine", "ca"), ["spiffe://alpine.example/store"], usage="serverAuth")
        other = self.start(peer.Ferret(tls=peer.Tls(nameless + ".pem", nameless + ".key")))
        self.says(self.unusable(broker, good.replace(str(server.port), str(other.port))),
                  "cannot reach it", "certificate verify failed")
        self.configure(broker, good)
        broker.start()

    @needs(peer.FerretScram)
    def test_a_password(self):
        server = self.start(peer.FerretScram("joe", PASSWORD))
        folder = Broker("secrets", store="kontor.db")
        self.addCleanup(folder.close)
        paths = {}
        for name, text in (("good", PASSWORD), ("wrong", "another one")):
            paths[name] = os.path.join(folder.folder, name)
            with open(os.open(paths[name], os.O_CREAT | os.O_WRONLY, 0o600), "w",
                      encoding="utf-8") as file:
                file.write(text + "\nof no meaning\n")
        address = f"mongodb://joe@{server.address}/kontor?{SOON}&authSource=admin"
        broker = self.init(address, store_secret_file=paths["good"])
        self.works(broker)
        self.says(self.unusable(broker, address, server.address,
                                store_secret_file=paths["wrong"]), "uthentication failed")
        self.unusable(broker, address.replace("joe", "jim"), server.address,
                      store_secret_file=paths["good"])
        self.unusable(broker, address.replace("joe@", ""), server.address, store_secret_file="")
        with open(broker.log, encoding="utf-8") as file:
            self.assertNotIn(PASSWORD, file.read())
        self.configure(broker, address, store_secret_file=paths["good"])
        broker.start()

    @needs(peer.Ferret)
    def test_one_broker_only(self):
        server = self.start(peer.Ferret())
        first = self.init(store_address("", "one", server.uri)).start()
        second = self.partner(first)
        with self.assertRaises(Failed) as caught:
            second.start()
        self.says(str(caught.exception), "in use by another broker", "FerretDB",
                  f"process {first.daemon.pid}", "stop that one first")
        self.assertEqual(second.daemon.returncode, 1)
        # Looking at it is no harm; changing it is.
        self.says(second.kontord("--check"), "chain verified")
        self.says(second.kontord("--rebuild", status=1), f"process {first.daemon.pid}")
        first.client("alpine", "admin").call("RegistryService.GetStatus")
        # Nobody tidies up behind a broker that was killed, and nobody has to wait for that.
        first.kill()
        begin = time.monotonic()
        second.start()
        self.assertLess(time.monotonic() - begin, QUICKLY_S)
        with self.assertRaises(Failed):
            first.start()
        self.assertEqual(second.stop(), 0)
        first.start()
        until_known(first.client("alpine", "admin"), "RegistryService.GetStatus")


if __name__ == "__main__":
    unittest.main(verbosity=2)
