"""A real broker for tests: certificates, daemon, command line; killed by its own pid.

The programs come from the environment: KONTORD, KONTOR, KONTOR_DEV_CA.
"""
import atexit
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from client import Client, Refused
from mongod import store_address

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "..", "..", "examples")
DOMAINS = {"alpine": "alpine.example", "coast": "coast.example"}


class Failed(Exception):
    """A program ended otherwise than expected."""


class Broker:
    """One daemon over one store in a folder of its own, which goes with it."""

    def __init__(self, name="broker", certs=None, joins=None, **settings):
        """certs: a folder of certificates that are there already; joins: a broker whose store
        and certificates are this one's, too."""
        # The space is meant: every path must bear one.
        self.folder = tempfile.mkdtemp(prefix=f"kontor {name} ")
        self.certs = certs or (joins and joins.certs) or os.path.join(self.folder, "certs")
        self.config = os.path.join(self.folder, "kontord.conf")
        self.port_file = os.path.join(self.folder, "port")
        self.log = os.path.join(self.folder, "kontord.log")
        self.daemon = None
        self.port = 0
        self.clients = {}
        self.children = []
        atexit.register(self.close)
        if not os.path.exists(self.certs):
            run([os.environ["KONTOR_DEV_CA"], self.certs])
        values = {"listen": "localhost:0", "port_file": self.port_file,
                  "store": joins.values["store"] if joins
                  else settings.get("store") or store_address(self.folder, "kontor"),
                  "tls_cert": self.path("alpine", "server") + ".pem",
                  "tls_key": self.path("alpine", "server") + ".key"}
        values.update(settings)
        self._write_config(values)
        self.values = values
        if joins is None:
            self.init()

    def init(self, status=0):
        """Begins the store; answers what was said."""
        return self.kontord("--init", "--registry", "alpine", "--trust-domain", DOMAINS["alpine"],
                            "--bundle", os.path.join(self.certs, "alpine", "ca.pem"),
                            "--admin", self.uri("alpine", "admin", "ops"), status=status)

    def kontord(self, *words, status=0):
        """Runs the program with this broker's settings to its end; answers all it said."""
        said = run([os.environ["KONTORD"], "--config", self.config, *words], status=status)
        return said + run.stderr

    def _write_config(self, values):
        with open(self.config, "w", encoding="utf-8") as file:
            for name, value in values.items():
                file.write(f'{name} = "{value}"\n')

    def path(self, registry, role):
        return os.path.join(self.certs, registry, role)

    def move_to_new_store(self):
        """From its next start on the daemon has another store, as after a disk was lost."""
        self.set(store=store_address(self.folder, "second"))

    def set(self, **settings):
        """Settings from the daemon's next start on."""
        self.values.update(settings)
        self._write_config(self.values)

    @staticmethod
    def uri(registry, role, name):
        return f"spiffe://{DOMAINS[registry]}/{role}/{name}"

    # The daemon ------------------------------------------------------------------------

    def start(self, *prefix, cwd=None, env=None):
        """prefix: what ends by becoming the daemon, such as prlimit.

        Never with preexec_fn: that makes a fork of what is a vfork, and before a fork gRPC waits
        until the threads of this process are idle, if need be for ever.
        """
        if os.path.exists(self.port_file):
            os.unlink(self.port_file)
        log = open(self.log, "ab")
        self.daemon = subprocess.Popen([*prefix, os.environ["KONTORD"], "--config", self.config],
                                       stderr=log, stdout=log, cwd=cwd, env=env)
        log.close()
        self.port = int(wait_for(self._port, 20, "the daemon's port"))
        # A client keeps its address when the daemon is started again.
        if self.values["listen"].endswith(":0"):
            self.values["listen"] = f"localhost:{self.port}"
            self._write_config(self.values)
        return self

    def _port(self):
        if self.daemon.poll() is not None:
            raise Failed(f"kontord ended with {self.daemon.returncode}:\n{self.tail()}")
        try:
            with open(self.port_file, encoding="ascii") as file:
                text = file.read()
        except FileNotFoundError:
            return None
        return text.strip() if text.endswith("\n") or text.strip() else None

    def tail(self):
        with open(self.log, errors="replace") as file:
            return "".join(file.readlines()[-20:])

    def kill(self):
        """SIGKILL, as a power cut would."""
        self.daemon.kill()
        self.daemon.wait()

    def stop(self):
        """SIGTERM; the daemon drains. Answers its exit status."""
        self.daemon.send_signal(signal.SIGTERM)
        return self.daemon.wait(timeout=30)

    def close(self):
        for client in self.clients.values():
            client.close()
        self.clients = {}
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        self.children = []
        if self.daemon is not None and self.daemon.poll() is None:
            self.kill()
        self._note_reasons()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _note_reasons(self):
        """Tells the run of all tests which reasons calls ended with: method and reason a line."""
        if "KONTOR_SEEN" not in os.environ or not os.path.exists(self.log):
            return
        pairs = set()
        with open(self.log, encoding="utf-8", errors="replace") as file:
            for line in file:
                if '"event":"call"' in line and '"reason":' in line and '"NONE"' not in line:
                    call = json.loads(line)
                    pairs.add(f"{call['method']} {call['reason']}\n")
        with open(os.environ["KONTOR_SEEN"], "a", encoding="utf-8") as file:
            file.write("".join(sorted(pairs)))

    def __enter__(self):
        return self.start()

    def __exit__(self, *error):
        if error[0] is not None and os.path.exists(self.log):
            print(self.tail())
        self.close()

    # Callers ---------------------------------------------------------------------------

    def client(self, registry, role):
        key = (registry, role)
        if key not in self.clients:
            self.clients[key] = Client(f"localhost:{self.port}", self.path(registry, role),
                                       os.path.join(self.certs, "alpine", "ca.pem"))
            if self.clients:
                first = next(iter(self.clients.values()))
                self.clients[key]._pool, self.clients[key]._services = first._pool, first._services
        return self.clients[key]

    def environment(self, registry, role):
        """What the command line needs to call as somebody."""
        certificate = self.path(registry, role)
        return {**os.environ, "KONTOR_SERVER": f"localhost:{self.port}",
                "KONTOR_CERT": certificate + ".pem", "KONTOR_KEY": certificate + ".key",
                "KONTOR_CA": os.path.join(self.certs, "alpine", "ca.pem")}

    def kontor(self, registry, role, *words, status=0, stdin=None, **variables):
        """Runs the command line as somebody; answers its standard output."""
        return run([os.environ["KONTOR"], *words], status=status, stdin=stdin,
                   env={**self.environment(registry, role), **variables})

    def spawn(self, registry, role, *words, stdout=None, **variables):
        """Starts the command line as somebody; it ends with the broker at the latest."""
        child = subprocess.Popen([os.environ["KONTOR"], *words], stdout=stdout, stderr=stdout,
                                 env={**self.environment(registry, role), **variables})
        self.children.append(child)
        return child

    # The world most tests want ---------------------------------------------------------

    def furnish(self):
        """Registers coast and a principal for each role that orders and delivers."""
        home = self.client("alpine", "admin")
        with open(os.path.join(self.certs, "coast", "ca.pem"), encoding="ascii") as file:
            bundle = file.read()
        home.call("RegistryService.CreateRegistry",
                  registry={"id": "coast", "name": "Coast", "trust_domain": DOMAINS["coast"],
                            "bundle": bundle},
                  first_admin=self.uri("coast", "admin", "ops"))
        for registry, role, name, scope in (
                ("alpine", "operator", "ops-desk", "p:alpine/compute"),
                ("alpine", "agent", "agent-1", "p:alpine/compute"),
                ("alpine", "shifter", "shifter-1", "r:alpine"),
                ("alpine", "site_admin", "site-1", "r:alpine"),
                ("alpine", "monitor", "monitor-1", "r:alpine"),
                ("coast", "portal", "web", "r:coast"),
                ("coast", "shifter", "shifter-1", "r:coast"),
                ("coast", "reader", "reader-1", "r:coast")):
            self.client(registry, "admin").call(
                "RegistryService.CreatePrincipal",
                principal={"id": f"{registry}/{name}", "identity": self.uri(registry, role, name),
                           "roles": [role.upper()], "scopes": [scope]})
        return self


def wait_for(probe, seconds, what):
    """The first answer of a probe that is not None; a probe looks at another process."""
    end = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer is not None:
            return answer
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s for {what}")
        time.sleep(0.005)


def run(command, status=0, stdin=None, env=None):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=env,
                          timeout=60, check=False)
    if status is not None and done.returncode != status:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}, not {status}:\n"
                     f"{done.stdout}{done.stderr}")
    run.stderr = done.stderr
    return done.stdout


__all__ = ["Broker", "Client", "Failed", "Refused", "EXAMPLES", "wait_for", "run"]
