"""Builds the clients: one recipe a language, with what it needs and what it is made from.

A recipe whose inputs did not change since its stamp was written is not run again. What is generated
from the contract, and what a language's own package tool fetches, lies in the built folder only.
"""
import fcntl
import glob
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROTO = os.path.join(ROOT, "proto")
GO_AT_LEAST = (1, 24)
TIMEOUT_SECONDS = 900


class Failed(Exception):
    """A tool ended otherwise than expected."""


def say(name, text):
    print(f"clients: {name}: {text}", file=sys.stderr, flush=True)


def built_folder():
    return os.environ.get("KONTOR_CLIENTS_DIR") or os.path.join(ROOT, "build", "clients")


def contract():
    """The .proto files of the contract as protoc takes them, below PROTO."""
    folder = os.path.join(PROTO, "kontor", "v1")
    return [f"kontor/v1/{name}" for name in sorted(os.listdir(folder))]


def run(command, folder=None, env=None):
    """Runs a tool to its end; answers its standard output."""
    done = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise Failed(f"{command[0]} ended with {done.returncode}:\n{tail}")
    return done.stdout


def missing(*tools):
    """Why one of these programs cannot be run here, or None."""
    lacking = [tool for tool in tools if shutil.which(tool) is None]
    return f"there is no {' and no '.join(lacking)}: tools/deps --clients" if lacking else None


class Recipe:
    """One language. What differs: what it lacks here, how it is made, and how it is run."""

    name = None
    environment = {}  # of build.sh
    # Whether it says when a call is sent again; a library may do that by itself.
    tells_retries = True

    def source(self, *below):
        return os.path.join(HERE, self.name, *below)

    def built(self, *below):
        return os.path.join(built_folder(), self.name, *below)

    def lacks(self):
        """Why it cannot be built and run here, or None."""
        raise NotImplementedError

    def make(self):
        """As its page in docs/clients says: in a copy of its folder, beside what is generated."""
        shutil.copytree(self.source(), self.built(), dirs_exist_ok=True)
        run(["sh", "build.sh", PROTO], self.built(), {**os.environ, **self.environment})

    def prepare(self, folder):
        """What has to be done for one run only, in a folder that goes with it."""

    def command(self):
        """The words that run the program."""
        raise NotImplementedError

    def digest(self):
        """Of what it is made from: its folder, and the contract."""
        digest = hashlib.sha256()
        paths = [os.path.join(PROTO, name) for name in contract()]
        paths += [os.path.join(place, name) for place, _, names in os.walk(self.source())
                  for name in names if "__pycache__" not in place]
        for path in sorted(paths):
            with open(path, "rb") as file:
                content = file.read()
            digest.update(f"{os.path.relpath(path, ROOT)} {len(content)}\n".encode() + content)
        return digest.hexdigest()

    def is_fresh(self):
        try:
            with open(self.built("stamp"), encoding="ascii") as file:
                return file.read() == self.digest()
        except FileNotFoundError:
            return False

    def build(self):
        """Builds it if it must; answers whether that went well."""
        if self.is_fresh():
            say(self.name, "up to date")
            return True
        begin = time.monotonic()
        say(self.name, "building")
        shutil.rmtree(self.built(), ignore_errors=True)
        os.makedirs(self.built())
        try:
            self.make()
        except (Failed, OSError, subprocess.SubprocessError) as error:
            say(self.name, f"FAILED: {error}")
            return False
        with open(self.built("stamp"), "w", encoding="ascii") as file:
            file.write(self.digest())
        say(self.name, f"built, {time.monotonic() - begin:.0f} s")
        return True


class Go(Recipe):
    name = "go"
    # Below the project's own repository, of which the program is to know nothing.
    environment = {"GOFLAGS": "-buildvcs=false -mod=readonly"}

    def lacks(self):
        if shutil.which("go") is None:
            return "there is no go in PATH; Go 1.24 or newer builds it"
        done = subprocess.run(["go", "env", "GOVERSION"], cwd=self.source(), capture_output=True,
                              text=True, check=False)
        found = re.match(r"go(\d+)\.(\d+)", done.stdout)
        if not found or tuple(int(word) for word in found.groups()) < GO_AT_LEAST:
            return f"Go in PATH is {done.stdout.strip() or done.stderr.strip()}, older than 1.24"
        return missing("protoc", "openssl")

    def command(self):
        return [self.built("client")]


class Node(Recipe):
    name = "node"

    def lacks(self):
        return missing("node", "npm", "openssl")

    def command(self):
        return ["env", f"KONTOR_PROTO={PROTO}", "node", self.built("main.js")]


class Python(Recipe):
    """Debian's Python with libraries of its own: Debian's grpcio-tools know no optional fields, and
    tests/e2e/test_python.py has them."""

    name = "python"
    PYTHON = "/usr/bin/python3"
    environment = {"PYTHON": PYTHON}

    def lacks(self):
        if not os.access(self.PYTHON, os.X_OK):
            return f"there is no {self.PYTHON}: tools/deps"
        done = subprocess.run([self.PYTHON, "-c", "import ensurepip, venv"], capture_output=True,
                              check=False)
        if done.returncode != 0:
            return "Python cannot make environments: tools/deps --clients"
        return missing("openssl")

    def command(self):
        return [self.built("venv", "bin", "python"), self.built("main.py")]


class Java(Recipe):
    name = "java"

    def lacks(self):
        return missing("java", "javac", "mvn", "openssl")

    def command(self):
        """With the options that let a program of a few seconds start fast."""
        target = self.built("target")
        path = os.pathsep.join((f"{target}/classes", f"{target}/dependency/*"))
        return ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", path, "portal.Main"]


class C(Recipe):
    """On libkontor as it is installed. The build of the broker is what it is made from, so it is
    built for the run and not before."""

    name = "c"
    tells_retries = False

    def lacks(self):
        return missing("cmake", "pkg-config", os.environ.get("CC", "cc"))

    def is_fresh(self):
        return True

    def build(self):
        return True

    def prepare(self, folder):
        """Installs into a folder, and compiles there."""
        prefix = os.path.join(folder, "prefix")
        run(["cmake", "--install", os.environ["KONTOR_BUILD"], "--prefix", prefix])
        found, = glob.glob(os.path.join(prefix, "**", "kontor.pc"), recursive=True)
        words = shlex.split(run(["pkg-config", "--cflags", "--libs", "kontor", "jansson"],
                                env={**os.environ, "PKG_CONFIG_PATH": os.path.dirname(found)}))
        self.program = os.path.join(folder, "client")
        self.libraries = os.path.dirname(os.path.dirname(found))
        sources = [self.source(name) for name in os.listdir(self.source()) if name.endswith(".c")]
        run([os.environ.get("CC", "cc"), "-std=c17", "-D_POSIX_C_SOURCE=200809L", "-Wall",
             "-Wextra", "-Wpedantic", "-Werror", *sources, *words, "-o", self.program])

    def command(self):
        return ["env", f"LD_LIBRARY_PATH={self.libraries}", self.program]


RECIPES = (Go(), Node(), Python(), Java(), C())


def build(recipes=RECIPES):
    """Builds what can be built; answers the names of what failed. What lacks a tool did not."""
    os.makedirs(built_folder(), exist_ok=True)
    failed = []
    with open(os.path.join(built_folder(), ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for recipe in recipes:
            reason = recipe.lacks()
            if reason:
                say(recipe.name, f"SKIPPED: {reason}")
            elif not recipe.build():
                failed.append(recipe.name)
    return failed
