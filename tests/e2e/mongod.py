"""Where a broker under test keeps its documents: a file, or a database of a server.

KONTOR_STORE=mongodb asks for a database: on the server KONTOR_TEST_STORE names, or on one of the test
tree, which is started here and ends with this program.
"""
import atexit
import os
import subprocess
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))

from wire import Wire


class Mongod:
    """The server of the test tree; its control lines are in tests/mongod/control.h."""

    def __init__(self, *words, is_standalone=False):
        # It ends with its standard input, so that it never outlives a test that was killed.
        self.process = subprocess.Popen(
            [os.environ["KONTOR_MONGOD"], *([] if is_standalone else ["--replica-set"]), "--control", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline().split()
        assert ready[:1] == ["ready"], ready
        self.uri = ready[1]
        atexit.register(self.close)

    def tell(self, line):
        """Sends a control line; answers what the server says to it."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=20)
            self.process.stdout.close()


def is_mongodb():
    return os.environ.get("KONTOR_STORE") == "mongodb"


def server():
    """The address of the server all brokers of this program share."""
    if "KONTOR_TEST_STORE" in os.environ:
        return os.environ["KONTOR_TEST_STORE"]
    if not hasattr(server, "started"):
        server.started = Mongod()
    return server.started.uri


def store_address(folder, name, uri=None):
    """The address of a new store: nobody else has one of this folder and name."""
    if uri is None and not is_mongodb():
        return os.path.join(folder, f"{name}.db")
    host, _, options = (uri or server()).partition("?")
    database = f"kontor-{uuid.uuid4().hex[:12]}-{name}"
    return f"{host.rstrip('/')}/{database}" + (f"?{options}" if options else "")


def store_holds(address, text):
    """Whether the store of this address holds text, with what is left of its files. Nobody may use it."""
    if not address.startswith("mongodb:"):
        folder, name = os.path.split(address)
        return any(text.encode() in open(os.path.join(folder, file), "rb").read()
                   for file in os.listdir(folder) if file.startswith(name))
    database = address.partition("?")[0].rpartition("/")[2]
    with Wire(address) as wire:
        names = wire.call(database, listCollections=1)["cursor"]["firstBatch"]
        return any(text in repr(_documents(wire, database, each["name"])) for each in names)


def _documents(wire, database, collection):
    """All of a collection; tests have few."""
    cursor = wire.call(database, find=collection, batchSize=10000)["cursor"]
    assert cursor["id"] == 0, f"{collection} is too large to be looked through at once"
    return cursor["firstBatch"]
