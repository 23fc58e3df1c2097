"""usage: demo [--seed N] [--store STORE] [--build DIR] [--folder DIR]

Two registries, an order of two items, an agent of four scripts, and a broker that is killed while
the agent works: from nothing to delivered. Builds Kontor first, or takes the programs of a build
directory. Everything it makes is in build/demo or the folder given, and nothing is left running;
build/demo/shell opens a shell in which it can be tried by hand.

--seed chooses the moment of the kill; it is printed, so that a run can be repeated.
--store sqlite keeps everything in one file; mongodb in a database of a server that is started for the
demo (FerretDB where tests/peers/peers.py build has made it, else the one of the tests, which keeps
its data in memory); mongodb://HOST/ in a new database of that server.
"""
import argparse
import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from shlex import quote

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXAMPLES = os.path.join(ROOT, "examples")
ORDER = "coast/o-1"
STEPS = 8
WAIT_SECONDS = 40
FERRETDB = os.path.join(ROOT, "build", "peers", "ferretdb")


class Short(Exception):
    """A step fell short of what it promises."""


def read(message, name):
    """A field of proto3 JSON in either spelling."""
    head, *rest = name.split("_")
    return message.get(name, message.get(head + "".join(w.title() for w in rest)))


def run(*words, env=None, stdin=None):
    done = subprocess.run([str(w) for w in words], env=env, input=stdin, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Short(f"{' '.join(str(w) for w in words)}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def objects(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


class Database:
    """Where documents are kept: a file, or a database of a server that may be started here."""

    def __init__(self, wanted, folder):
        self.wanted = wanted
        self.folder = os.path.join(folder, "mongodb")
        self.server = None
        self.words = None

    def open(self, demo):
        """Answers the store's address, and what people call it."""
        if self.wanted == "sqlite":
            return os.path.join(demo.folder, "kontor.db"), "one file"
        if self.wanted != "mongodb":
            return address(self.wanted), f"a database of {self.wanted}"
        if os.path.exists(FERRETDB):
            return address(self.start(FERRETDB, "-sqlite", self.folder,
                                      "-listen", "127.0.0.1:0")), "FerretDB"
        return address(self.start(demo.find("kontor-mongod"), "--replica-set")), \
            "the tests' MongoDB server"

    def start(self, *words):
        self.server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        ready = self.server.stdout.readline().split()
        if ready[:1] != ["ready"]:
            raise Short(f"{words[0]} does not get ready")
        port = ready[1].split(":")[2].split("/")[0]
        # As it is started again for the shell; in memory nothing would be left.
        is_kept = words[0] == FERRETDB
        self.words = [w.replace(":0", f":{port}") for w in words] if is_kept else None
        return ready[1]

    def is_kept(self):
        return self.wanted != "mongodb" or self.words is not None

    def close(self):
        if self.server is not None:
            self.server.terminate()
            self.server.wait(timeout=10)


def address(uri):
    host, _, options = uri.partition("?")
    name = f"kontor_demo_{os.getpid()}_{int(time.time())}"
    return f"{host.rstrip('/')}/{name}" + (f"?{options}" if options else "")


class Demo:
    def __init__(self, options):
        self.seed = options.seed
        self.build = options.build
        self.folder = os.path.abspath(options.folder)
        self.certs = os.path.join(self.folder, "certs")
        self.config = os.path.join(self.folder, "kontord.conf")
        self.database = Database(options.store, self.folder)
        self.store = None
        self.port_file = os.path.join(self.folder, "port")
        self.backend = os.path.join(self.folder, "backend")
        self.children = []
        self.daemon = None
        self.port = 0
        self.step = 0
        self.lines = queue.Queue()
        self.changes = []

    # What people see --------------------------------------------------------------------

    def begin(self, text):
        self.step += 1
        print(f"[{self.step}/{STEPS}] {(text + ' ').ljust(66, '.')} ", end="", flush=True)

    @staticmethod
    def ok(detail):
        print(f"ok  {detail}", flush=True)

    # Programs ---------------------------------------------------------------------------

    def find(self, name):
        for folder, _, files in os.walk(self.build):
            if name in files and os.access(os.path.join(folder, name), os.X_OK):
                return os.path.join(folder, name)
        raise Short(f"{name} is not in {self.build}")

    def environment(self, registry, role):
        path = os.path.join(self.certs, registry, role)
        return {**os.environ, "KONTOR_SERVER": f"localhost:{self.port}",
                "KONTOR_CERT": path + ".pem", "KONTOR_KEY": path + ".key",
                "KONTOR_CA": os.path.join(self.certs, "alpine", "ca.pem")}

    def call(self, registry, role, *words):
        return run(self.kontor, *words, env=self.environment(registry, role))

    def ask(self, registry, role, *words):
        """A call whose answer is read by a program: a list of objects."""
        return objects(self.call(registry, role, *words, "--output", "json"))

    def start(self):
        """Starts the daemon; answers how long it took until it was ready, in ms."""
        if os.path.exists(self.port_file):
            os.unlink(self.port_file)
        begin = time.monotonic()
        with open(os.path.join(self.folder, "kontord.log"), "ab") as log:
            self.daemon = subprocess.Popen([self.kontord, "--config", self.config],
                                           stdout=log, stderr=log)
        while not (os.path.exists(self.port_file) and os.path.getsize(self.port_file)):
            if self.daemon.poll() is not None:
                with open(log.name, encoding="utf-8", errors="replace") as file:
                    raise Short("kontord ended:\n" + "".join(file.readlines()[-10:]))
            if time.monotonic() - begin > WAIT_SECONDS:
                raise Short("kontord does not get ready")
            time.sleep(0.002)
        took = (time.monotonic() - begin) * 1000
        with open(self.port_file, encoding="ascii") as file:
            self.port = int(file.read())
        return took

    def configure(self, port):
        server = os.path.join(self.certs, "alpine", "server")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f'listen = "localhost:{port}"\nport_file = "{self.port_file}"\n'
                       f'store = "{self.store}"\n'
                       f'tls_cert = "{server}.pem"\ntls_key = "{server}.key"\n')

    def seq(self):
        return int(read(self.ask("alpine", "admin", "status")[0], "seq"))

    # Watching ---------------------------------------------------------------------------

    def watch(self):
        """Follows the order by `kontor order watch`, which resumes by itself."""
        child = subprocess.Popen(
            [self.kontor, "order", "watch", ORDER, "--after", "0", "--output", "json"],
            text=True,
            env=self.environment("coast", "portal"), stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.children.append(child)

        def pump():
            for line in child.stdout:
                self.lines.put(line)

        threading.Thread(target=pump, daemon=True).start()

    def wait(self, kind, name, state):
        """Until a record the watch brings is in a state; answers what came up to then."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            for count, change in enumerate(self.changes, 1):
                record = change.get(kind, {})
                if record.get("id") == name and record.get("state") == state:
                    return self.changes[:count]
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise Short(f"{name} did not become {state}") from None
            self.changes += changes_of(json.loads(line))

    # The steps --------------------------------------------------------------------------

    def build_programs(self):
        self.begin("packages and build")
        begin = time.monotonic()
        if self.build is None:
            run(os.path.join(ROOT, "tools", "deps"))
            self.build = os.path.join(ROOT, "build", "dev")
            if not os.path.exists(os.path.join(self.build, "build.ninja")):
                run("cmake", "--preset", "dev", "-S", ROOT)
            run("cmake", "--build", self.build, "--target", "kontord", "kontor-cli", "kontor-mongod")
        self.kontord = self.find("kontord")
        self.kontor = self.find("kontor")
        self.ok(f"{time.monotonic() - begin:.0f} s")

    def make_certificates(self):
        self.begin("two registries, a certificate for every role")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.backend)
        run(self.kontor, "dev", "ca", self.certs)
        self.ok(os.path.relpath(self.certs))

    def start_broker(self):
        self.store, name = self.database.open(self)
        self.begin(f"a broker, its store in {name}")
        self.configure(0)
        run(self.kontord, "--config", self.config, "--init", "--registry", "alpine",
            "--trust-domain", "alpine.example", "--bundle",
            os.path.join(self.certs, "alpine", "ca.pem"), "--admin",
            "spiffe://alpine.example/admin/ops")
        took = self.start()
        # Clients find it again where it was.
        self.configure(self.port)
        self.ok(f"localhost:{self.port} ready in {took:.0f} ms")

    def register(self):
        self.call("alpine", "admin", "registry", "create", "coast", "--trust-domain",
                  "coast.example", "--bundle", os.path.join(self.certs, "coast", "ca.pem"),
                  "--admin", "spiffe://coast.example/admin/ops")
        for registry, role, name, scope in (
                ("alpine", "operator", "ops-desk", "p:alpine/compute"),
                ("alpine", "agent", "agent-1", "p:alpine/compute"),
                ("alpine", "site_admin", "site-1", "r:alpine"),
                ("coast", "portal", "web", "r:coast")):
            self.call(registry, "admin", "principal", "create", "--uri",
                      f"spiffe://{registry}.example/{role}/{name}", "--role", role,
                      "--scope", scope)

    def import_catalogue(self):
        self.begin("alpine imports examples/alpine.json")
        self.register()
        source = os.path.join(EXAMPLES, "alpine.json")
        results = self.ask("alpine", "admin", "catalogue", "import", "--format", "kontor-1",
                           source)
        results += self.ask("alpine", "site_admin", "config", "import", "--format", "kontor-1",
                            source)
        refused = [r for r in results if r.get("outcome") != "CREATED"]
        if refused:
            raise Short(f"not created: {refused}")
        with open(source, encoding="utf-8") as file:
            wanted = {row["id"] for row in json.load(file)["services"]}
        found = {row["id"] for row in self.ask("alpine", "admin", "catalogue", "list")}
        if found != wanted:
            raise Short(f"the catalogue has {sorted(found)}")
        self.ok(f"{len(results)} records created, {len(refused)} refused; {len(found)} services")

    def place_order(self):
        self.begin("coast orders a notebook server and the storage it needs")
        self.call("coast", "portal", "project", "create", "coast/p1", "--name", "Summer school")
        self.call("coast", "portal", "order", "place", os.path.join(EXAMPLES, "order.json"))
        self.watch()
        order = self.order()
        self.ok(f"{ORDER} {read(order['order'], 'state').replace('ORDER_', '')}")

    def order(self):
        return self.ask("coast", "portal", "order", "show", ORDER)[0]

    def start_agents(self):
        self.begin("alpine's provider approves; its agents begin")
        for item in ("storage", "notebook"):
            self.call("alpine", "operator", "order", "decide", f"{ORDER}/{item}", "--approve")
        scripts = os.path.join(EXAMPLES, "agent")
        # Slow enough that there is a middle of the work to be killed in.
        environment = {**self.environment("alpine", "agent"), "ALPINE_BACKEND": self.backend,
                       "ALPINE_SECONDS": "1"}
        for offer, thing in (("block-storage/standard", "volume"), ("notebooks/gpu", "notebook")):
            with open(os.path.join(self.folder, f"agent-{thing}.log"), "ab") as log:
                self.children.append(subprocess.Popen(
                    [self.kontor, "agent", "run", "--offer", "alpine/" + offer,
                     "--provision", os.path.join(scripts, "make-" + thing),
                     "--lookup", os.path.join(scripts, "find-" + thing)],
                    env=environment, stdout=log, stderr=log))
        # As the watch tells it: by the time anybody asked, the storage may be there.
        so_far = self.wait("item", f"{ORDER}/storage", "IN_PROGRESS")
        states = {c["item"]["id"].rsplit("/", 1)[1]: c["item"]["state"] for c in so_far if "item" in c}
        if states["notebook"] != "QUEUED":
            raise Short(f"the notebook does not wait: {states}")
        self.ok("notebook waits for storage")

    def kill_broker(self):
        self.begin("broker killed (SIGKILL) while the agent works, started again")
        # Any moment of the second in which the agent makes the volume.
        time.sleep(random.Random(self.seed).uniform(0, 0.8))
        before = self.seq()
        self.daemon.kill()
        self.daemon.wait()
        took = self.start()
        after = self.seq()
        if after < before:
            raise Short(f"acknowledged changes are gone: seq {before} before, {after} after")
        self.ok(f"seq {before} before, {after} after, {took:.0f} ms (seed {self.seed})")

    def deliver(self):
        self.begin("both delivered")
        self.wait("order", ORDER, "ORDER_COMPLETED")
        made = self.made()
        twice = [name for name in made if made.count(name) > 1]
        if len(made) != 2 or twice:
            raise Short(f"made: {made}")
        self.ok("created once: " + ", ".join(sorted(made)))

    def made(self):
        """What the agent's scripts wrote down about what they made."""
        with open(os.path.join(self.backend, "created"), encoding="utf-8") as file:
            return [line.split()[2] for line in file]

    # The end ----------------------------------------------------------------------------

    def compare_watch(self):
        """What the watch saw across the kill against the log read afresh."""
        whole = []
        for message in self.ask("coast", "portal", "order", "watch", ORDER, "--after", "0",
                                "--no-follow"):
            whole += changes_of(message)
        while not self.lines.empty():
            self.changes += changes_of(json.loads(self.lines.get()))
        seen = [key_of(c) for c in self.changes]
        wanted = [key_of(c) for c in whole]
        missing = [k for k in wanted if k not in seen]
        twice = [k for k in seen if seen.count(k) > 1]
        if missing or twice:
            raise Short(f"watch missed {missing}, saw twice {twice}")
        print(f"watch saw {len(seen)} changes, none missing, none twice")

    def table(self):
        rows = [("ITEM", "STATE", "MADE AS", "TIMES", "CARRIED BY", "DOWNTIME AHEAD")]
        made = self.made()
        for item in self.ask("coast", "portal", "config", "trace", ORDER):
            backend = read(item, "backend_id")
            for traced in item.get("endpoints", []):
                downtimes = traced.get("downtimes", [])
                ahead = [f"{read(d['downtime'], 'start_at')} {d['downtime']['severity']}"
                         for d in downtimes]
                rows.append((item["item"], item["state"], backend, str(made.count(backend)),
                             f"{traced['endpoint']['host']} ({read(traced, 'site_name')})",
                             ", ".join(ahead) or "none"))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        print()
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        if len(rows) != 3:
            raise Short("the trace does not name what carries both items")

    def write_shell(self):
        """A script that opens a shell as coast's portal, the broker running until it is left."""
        path = os.path.join(self.folder, "shell")
        names = {k: v for k, v in self.environment("coast", "portal").items()
                 if k.startswith("KONTOR_") and k != "KONTOR_REAL_DATA"}
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n# A shell as coast's portal; the broker runs until it is left.\n")
            if self.database.words is not None:
                words = " ".join(quote(w) for w in self.database.words)
                file.write(f"{words} > {quote(self.folder + '/mongodb.log')} &\nserver=$!\n"
                           f"while ! grep -q ready {quote(self.folder + '/mongodb.log')}; do\n"
                           "    kill -0 $server || exit 1\n    sleep 0.05\ndone\n")
            file.write(f"{quote(self.kontord)} --config {quote(self.config)} "
                       f"2>> {quote(self.folder + '/kontord.log')} &\nbroker=$!\n")
            file.write("trap 'kill $broker; wait $broker; test -z \"${server-}\" || kill $server' EXIT\n")
            for name, value in names.items():
                file.write(f"export {name}={quote(value)}\n")
            file.write(f"export PATH={quote(os.path.dirname(self.kontor))}:\"$PATH\"\n")
            file.write("echo 'kontor whoami, kontor catalogue search gpu, "
                       f"kontor order show {ORDER}; exit ends the broker'\n")
            file.write("\"${SHELL:-/bin/sh}\" \"$@\"\n")
        os.chmod(path, 0o755)

    def end(self):
        """Nothing is left running."""
        for child in self.children:
            if child.poll() is None:
                child.terminate()
        for child in self.children:
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
        self.database.close()

    def play(self):
        begin = time.monotonic()
        for step in (self.build_programs, self.make_certificates, self.start_broker,
                     self.import_catalogue, self.place_order, self.start_agents,
                     self.kill_broker, self.deliver):
            step()
        self.compare_watch()
        self.table()
        if not self.database.is_kept():
            print(f"\n{time.monotonic() - begin:.0f} s; its data were in memory and are gone")
            return
        self.write_shell()
        shell = os.path.relpath(os.path.join(self.folder, "shell"))
        print(f"\n{time.monotonic() - begin:.0f} s; try it: {quote(shell)}")


def changes_of(message):
    """The changes of a line, be it a change or a batch of them."""
    return message.get("changes", [message] if "kind" in message else [])


def key_of(change):
    return int(read(change, "seq")), change["kind"], change["id"]


def main():
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.split("\n\n")[1])
    parser.add_argument("--seed", type=int, default=None, help="the moment of the kill")
    parser.add_argument("--build", help="a build directory to take the programs from")
    parser.add_argument("--folder", default=os.path.join(ROOT, "build", "demo"),
                        help="where everything is made; emptied first")
    parser.add_argument("--store", default="sqlite", metavar="STORE",
                        help="sqlite, mongodb, or mongodb://HOST/ of a server")
    options = parser.parse_args()
    if options.store not in ("sqlite", "mongodb") and not options.store.startswith("mongodb://"):
        parser.error(f"--store is sqlite, mongodb or mongodb://HOST/, not {options.store}")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1000)
    if options.build is not None:
        options.build = os.path.abspath(options.build)
    demo = Demo(options)
    try:
        demo.play()
    except Short as short:
        print(f"FAILED\n{short}", file=sys.stderr)
        return 1
    finally:
        demo.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
