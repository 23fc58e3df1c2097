"""MongoDB-compatible servers for tests: each a process in a folder of its own, on loopback.

Ferret            FerretDB over SQLite, plain or TLS: what it acknowledged survives kill()
FerretScram       the same with one user who must prove the password (SCRAM-SHA-1 and -256)
FerretPostgres    FerretDB over a PostgreSQL of its own: the strict one
Java              mongo-java-server, documents in memory: exact updates, all gone with the process

`peers.py build` makes the programs; they lie in the folder KONTOR_PEERS_DIR names, else in
build/peers. A peer ends with the process that started it, whatever ends that. start, stop and kill
of one peer belong to one thread at a time, and that may be another each time.
"""
import atexit
import collections
import glob
import os
import pwd
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GRACE_SECONDS = 10
START_SECONDS = 60
# cert and key: PEM files of the server; ca: what clients' certificates must come from, or None.
Tls = collections.namedtuple("Tls", "cert key ca", defaults=(None,))


class Failed(Exception):
    """A peer cannot be started, or ended by itself."""


def built_folder():
    return os.environ.get("KONTOR_PEERS_DIR") or os.path.join(ROOT, "build", "peers")


class Peer:
    """One server. What differs: which command runs it, and which line says that it listens."""

    READY = re.compile(r"^ready mongodb://127\.0\.0\.1:(?P<port>\d+)/", re.MULTILINE)
    STOP_SIGNAL = signal.SIGTERM
    KILL_SIGNAL = signal.SIGKILL
    PROGRAM = None  # a path below the built folder

    def __init__(self, folder=None, port=0):
        """folder: kept by close(); without one a temporary one is made, and goes with the peer."""
        # The space is meant: every path must bear one.
        self.is_folder_ours = folder is None
        self.folder = os.path.abspath(folder or tempfile.mkdtemp(prefix="kontor peer "))
        os.makedirs(self.folder, exist_ok=True)
        self.log = os.path.join(self.folder, "log")
        self.port = port
        self.process = None
        atexit.register(self.close)

    @classmethod
    def lacks(cls):
        """Why it cannot be started, or None."""
        path = cls.program()
        return None if os.path.exists(path) else f"{path} is not there: peers.py build makes it"

    @classmethod
    def program(cls):
        return os.path.join(built_folder(), cls.PROGRAM)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def uri(self):
        return f"mongodb://{self.address}/"

    def command(self):
        raise NotImplementedError

    def user_of_process(self):
        return None

    def start(self):
        """Answers when it listens: the first time on a free port, later on the same one."""
        if self.is_running():
            return self
        reason = self.lacks()
        if reason:
            raise Failed(reason)
        with open(self.log, "ab") as log:
            begin = log.tell()
            leash = runs_as(self.user_of_process(), self.KILL_SIGNAL)
            self.process = spawn(leash + self.command(), log, self.folder)
        try:
            self.port = int(self._wait_until_ready(begin).groupdict().get("port") or self.port)
        except BaseException:
            self.kill()
            raise
        return self

    def _wait_until_ready(self, begin):
        end = time.monotonic() + START_SECONDS
        while True:
            # Its end is looked at first: what it wrote before is then in the log.
            status = self.process.poll()
            match = self.READY.search(self._log_since(begin))
            if match:
                return match
            if status is not None:
                raise Failed(f"{self.name} ended with {status}:\n{self._log_since(begin)}")
            if time.monotonic() > end:
                raise Failed(f"{self.name} is not ready after {START_SECONDS} s:\n"
                             f"{self._log_since(begin)}")
            time.sleep(0.005)

    def _log_since(self, begin):
        with open(self.log, "rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    @property
    def name(self):
        return type(self).__name__

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Asks it to end, and makes it after a while. Answers its status, None if it never ran."""
        if self.process is None:
            return None
        if self.is_running():
            self.process.send_signal(self.STOP_SIGNAL)
        try:
            return self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.returncode

    def kill(self):
        """SIGKILL: it cannot tidy up."""
        if self.is_running():
            self.process.send_signal(self.KILL_SIGNAL)
            self.process.wait()

    def close(self):
        """Ends it; may be repeated."""
        self.kill()
        if self.is_folder_ours:
            shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


class Ferret(Peer):
    """FerretDB over SQLite files in its folder."""

    PROGRAM = "ferretdb"

    def __init__(self, folder=None, port=0, tls=None):
        super().__init__(folder, port)
        self.tls = tls and Tls(*(name and os.path.abspath(name) for name in tls))

    @property
    def uri(self):
        return super().uri + ("?tls=true" if self.tls else "")

    def command(self):
        words = [self.program(), "-listen", self.address, *self.backend()]
        if self.tls:
            words += ["-tls", "-cert", self.tls.cert, "-key", self.tls.key]
        if self.tls and self.tls.ca:
            words += ["-ca", self.tls.ca]
        return words

    def backend(self):
        return ["-sqlite", os.path.join(self.folder, "data")]


class FerretScram(Ferret):
    """FerretDB over SQLite with one user of the database admin; nobody else gets in."""

    PROGRAM = "ferretdb-scram"
    READY = re.compile(r"Listening on (TCP|TLS) 127\.0\.0\.1:(?P<port>\d+)")

    def __init__(self, user, password, folder=None, port=0, tls=None):
        super().__init__(folder, port, tls)
        self.user = user
        self.password = password

    @property
    def uri(self):
        user, password = (urllib.parse.quote(word, safe="") for word in (self.user, self.password))
        return (f"mongodb://{user}:{password}@{self.address}/?authSource=admin"
                + ("&tls=true" if self.tls else ""))

    def command(self):
        data = os.path.join(self.folder, "data")
        os.makedirs(data, exist_ok=True)
        listen = ([f"--listen-addr={self.address}"] if not self.tls else
                  ["--listen-addr=", f"--listen-tls={self.address}",
                   f"--listen-tls-cert-file={self.tls.cert}",
                   f"--listen-tls-key-file={self.tls.key}",
                   f"--listen-tls-ca-file={self.tls.ca or ''}"])
        return [self.program(), "--handler=sqlite", "--sqlite-url=file:data/", *listen,
                "--debug-addr=-", "--state-dir=.", "--telemetry=disable", "--test-enable-new-auth",
                f"--setup-username={self.user}", f"--setup-password={self.password}",
                "--setup-database=admin"]


class Postgres(Peer):
    """A PostgreSQL that listens on a socket in its folder only; what FerretPostgres needs."""

    READY = re.compile(r"database system is ready to accept connections")
    # Its gentlest way waits for clients to leave; this one sends them away.
    STOP_SIGNAL = signal.SIGINT
    # No checkpoint, so that the next start repairs. After a SIGKILL its children would hold the
    # shared memory a while longer, and a start would fail.
    KILL_SIGNAL = signal.SIGQUIT
    # It bears the end of a process, not of the machine: what is acknowledged is with the kernel.
    SETTINGS = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off",
                "synchronous_commit": "on", "shared_buffers": "32MB", "max_connections": "200"}

    @classmethod
    def lacks(cls):
        return None if cls.program() else "there is no PostgreSQL: tools/deps --peers installs it"

    @classmethod
    def program(cls):
        """The newest postgres Debian installed; its tools lie beside it."""
        found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
        return max(found, key=lambda path: int(path.split("/")[4]), default=None)

    @property
    def uri(self):
        return "postgres://postgres@/postgres?host=" + urllib.parse.quote(self.folder, safe="")

    @property
    def data(self):
        return os.path.join(self.folder, "data")

    def start(self):
        reason = self.lacks()
        if reason:
            raise Failed(reason)
        if not os.path.exists(os.path.join(self.data, "PG_VERSION")):
            self._make_cluster()
        return super().start()

    def command(self):
        words = [self.program(), "-D", self.data,
                 "-c", f'unix_socket_directories="{self.folder}"']
        for name, value in self.SETTINGS.items():
            words += ["-c", f"{name}={value}"]
        return words

    def user_of_process(self):
        """PostgreSQL refuses to run as root: then as the user Debian made for it, or as nobody."""
        if os.geteuid() != 0:
            return None
        users = {user.pw_name: user for user in pwd.getpwall()}
        return users.get("postgres") or users["nobody"]

    def _make_cluster(self):
        user = self.user_of_process()
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        initdb = os.path.join(os.path.dirname(self.program()), "initdb")
        done = subprocess.run(
            [*runs_as(user, signal.SIGKILL), initdb, "-D", self.data, "--auth=trust",
             "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"],
            cwd=self.folder,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_SECONDS,
            check=False)
        if done.returncode != 0:
            raise Failed(f"initdb ended with {done.returncode}:\n{done.stdout}{done.stderr}")


class FerretPostgres(Ferret):
    """FerretDB over PostgreSQL. kill() kills FerretDB alone; postgres.kill() what is behind it."""

    def __init__(self, folder=None, port=0, tls=None):
        super().__init__(folder, port, tls)
        # PostgreSQL runs as another user, who must get through to its folder.
        os.chmod(self.folder, 0o711)
        self.postgres = Postgres(os.path.join(self.folder, "postgres"))

    @classmethod
    def lacks(cls):
        return super().lacks() or Postgres.lacks()

    def start(self):
        reason = self.lacks()
        if reason:
            raise Failed(reason)
        self.postgres.start()
        return super().start()

    def backend(self):
        return ["-postgres", self.postgres.uri]

    def stop(self):
        status = super().stop()
        self.postgres.stop()
        return status

    def close(self):
        self.kill()
        self.postgres.close()
        super().close()


class Java(Peer):
    """mongo-java-server. Started again it is empty."""

    PROGRAM = os.path.join("java", "classes", "Launcher.class")

    @classmethod
    def lacks(cls):
        if shutil.which("java") is None:
            return "there is no java: tools/deps --peers installs it"
        return super().lacks()

    def command(self):
        folder = os.path.join(built_folder(), "java")
        path = os.path.join(folder, "classes") + ":" + os.path.join(folder, "lib", "*")
        return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-cp", path, "Launcher", "127.0.0.1", str(self.port)]


def runs_as(user, death_signal):
    """Words before a command: it ends with this process, and runs as a user, None for the same.

    setpriv becomes the command, so that the process that was started is the server itself.
    """
    words = ["setpriv", f"--pdeathsig={death_signal.name[3:]}"]
    if user is not None:
        words += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups"]
    return words + ["--"]


# The kernel ends a peer when the thread that started it ends (PR_SET_PDEATHSIG): so one thread that
# lives as long as this process starts them all, and a short-lived one may ask for it. setpriv sets
# it, not preexec_fn, which would make a true fork of this process: gRPC may be in it.
_orders = queue.Queue()
_lock = threading.Lock()  # guards _starter
_starter = None


def spawn(command, output, folder):
    """Starts a process out of reach of the terminal's signals."""
    global _starter
    with _lock:
        if _starter is None:
            _starter = threading.Thread(target=_start_for_ever, daemon=True)
            _starter.start()
    answer = queue.Queue()
    _orders.put((answer, command, output, folder))
    process = answer.get()
    if isinstance(process, OSError):
        raise Failed(f"cannot start {command[0]}: {process}")
    return process


def _start_for_ever():
    while True:
        answer, command, output, folder = _orders.get()
        try:
            answer.put(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                        stderr=output, cwd=folder, start_new_session=True))
        except OSError as error:
            answer.put(error)
