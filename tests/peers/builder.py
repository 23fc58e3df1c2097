"""Builds the peers' programs: one recipe each, with what it needs and what it is made from.

A recipe whose inputs did not change since its stamp was written is not run again.
"""
import collections
import fcntl
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

from peer import HERE, Failed

GO_AT_LEAST = (1, 24)
PROTO = os.path.join(os.path.dirname(os.path.dirname(HERE)), "proto")
CONTRACT = tuple(sorted(os.path.join("..", "..", "proto", "kontor", "v1", name)
                        for name in os.listdir(os.path.join(PROTO, "kontor", "v1"))))
FERRETDB = "github.com/FerretDB/FerretDB"
PROGRESS_SECONDS = 5

Recipe = collections.namedtuple("Recipe", "name product inputs lacks make")


def say(name, text):
    print(f"peers: {name}: {text}", file=sys.stderr, flush=True)


def build(folder, recipes=None):
    """Builds what can be built into a folder, RECIPES unless others are meant. Answers what failed;
    what lacks a tool did not."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return [recipe.name for recipe in recipes or RECIPES if not _is_built(recipe, folder)]


def _is_built(recipe, folder):
    """Builds one if it must. False only when that went wrong."""
    stamp = os.path.join(folder, recipe.name + ".stamp")
    wanted = _digest(recipe)
    if _is_fresh(recipe, folder, stamp, wanted):
        say(recipe.name, "up to date")
        return True
    reason = recipe.lacks()
    if reason:
        say(recipe.name, f"SKIPPED: {reason}")
        return True
    begin = time.monotonic()
    say(recipe.name, "building")
    try:
        recipe.make(recipe, os.path.join(folder, recipe.product))
    except (Failed, OSError) as error:
        say(recipe.name, f"FAILED: {error}")
        return False
    with open(stamp, "w", encoding="ascii") as file:
        file.write(wanted)
    say(recipe.name, f"built, {time.monotonic() - begin:.0f} s")
    return True


def _is_fresh(recipe, folder, stamp, wanted):
    if not os.path.exists(os.path.join(folder, recipe.product)) or not os.path.exists(stamp):
        return False
    with open(stamp, encoding="ascii") as file:
        return file.read() == wanted


def _digest(recipe):
    """Of what it is made from, and of this file, which says how."""
    digest = hashlib.sha256()
    for name in (os.path.basename(__file__), *recipe.inputs):
        with open(os.path.join(HERE, name), "rb") as file:
            content = file.read()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


# Go ------------------------------------------------------------------------------------

def lacks_go():
    """Why Go cannot build here, or None. In the module's folder it may fetch a newer self."""
    if shutil.which("go") is None:
        return f"there is no go in PATH; Go {_dotted(GO_AT_LEAST)} or newer builds it"
    done = subprocess.run(["go", "env", "GOVERSION"], cwd=os.path.join(HERE, "ferretdb"),
                          capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+)\.(\d+)", done.stdout)
    if done.returncode != 0 or not found:
        return f"go does not say its version: {done.stderr.strip() or done.stdout.strip()}"
    if tuple(int(word) for word in found.groups()) < GO_AT_LEAST:
        return (f"Go in PATH is {done.stdout.strip()} and cannot become newer by itself; "
                f"{_dotted(GO_AT_LEAST)} or newer builds it")
    return None


def _dotted(version):
    return ".".join(str(number) for number in version)


def make_ferretdb(recipe, product):
    _go_build(recipe, os.path.join(HERE, "ferretdb"), ".", product)


def make_ferretdb_scram(recipe, product):
    """FerretDB's own program: authentication has no way in from outside of its module. It wants a
    file with its version, which its module does not carry, so it is built from a copy."""
    module = os.path.join(HERE, "ferretdb")
    asked = ["go", "mod", "download", FERRETDB]
    _run(recipe, asked, module)
    listed = ["go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", FERRETDB]
    version, source = _run(recipe, listed, module).strip().split(" ", 1)
    with tempfile.TemporaryDirectory(prefix=".source ", dir=os.path.dirname(product)) as scratch:
        copy = os.path.join(scratch, "ferretdb")
        shutil.copytree(source, copy, copy_function=shutil.copyfile,
                        ignore=shutil.ignore_patterns("website", "integration", "*_test.go"))
        _let_write(copy)
        with open(os.path.join(copy, "build", "version", "version.txt"), "w",
                  encoding="ascii") as file:
            file.write(version + "\n")
        _go_build(recipe, copy, "./cmd/ferretdb", product)


def _let_write(folder):
    """The module cache is read-only, and so are copies of its folders."""
    for path, _, _ in os.walk(folder):
        os.chmod(path, os.stat(path).st_mode | stat.S_IWUSR)


def _go_build(recipe, module, package, product):
    fresh = product + ".new"
    _run(recipe, ["go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath",
                  "-ldflags=-s -w", "-o", fresh, package], module)
    os.replace(fresh, product)


# Java ----------------------------------------------------------------------------------

def lacks_java():
    missing = [name for name in ("java", "javac", "mvn") if shutil.which(name) is None]
    if missing:
        return f"there is no {' and no '.join(missing)}: tools/deps --peers installs it"
    return None


def make_java(recipe, product):
    """product: the compiled class; the libraries lie in lib, beside its folder."""
    source = os.path.join(HERE, "java")
    folder = os.path.dirname(os.path.dirname(product))
    shutil.rmtree(folder, ignore_errors=True)
    lib = os.path.join(folder, "lib")
    _run(recipe, ["mvn", "-q", "-B", "-C", "-f", os.path.join(source, "pom.xml"),
                  "dependency:copy-dependencies", "-DincludeScope=runtime",
                  "-DoutputDirectory=" + lib], folder=None)
    _check_jars(lib, os.path.join(source, "jars.sha256"))
    _run(recipe, ["javac", "-Xlint:all", "-Werror", "-cp", os.path.join(lib, "*"),
                  "-d", os.path.dirname(product), os.path.join(source, "Launcher.java")],
         folder=None)


def _check_jars(folder, sums):
    """Each library is the one whose digest is written down, and there is no other."""
    with open(sums, encoding="ascii") as file:
        wanted = dict(reversed(line.split()) for line in file)
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = hashlib.sha256(file.read()).hexdigest()
    if found != wanted:
        wrong = sorted(name for name, _ in set(found.items()) ^ set(wanted.items()))
        raise Failed(f"not what jars.sha256 says: {', '.join(dict.fromkeys(wrong))}")


# Plain services, which the bench compares Kontor with -----------------------------------

def lacks_plain_go():
    missing = [name for name in ("protoc", "gcc") if shutil.which(name) is None]
    if missing:
        return f"there is no {' and no '.join(missing)}: tools/deps installs it"
    return lacks_go()


def make_plain_go(recipe, product):
    """In a copy of its folder, beside what is generated from the contract."""
    folder = _copied("plain_go", product)
    _run(recipe, ["env", "GOFLAGS=-buildvcs=false -mod=readonly", "sh", "build.sh", PROTO, product],
         folder)


def lacks_plain_node():
    missing = [name for name in ("node", "npm", "make", "g++") if shutil.which(name) is None]
    return f"there is no {' and no '.join(missing)}: tools/deps --clients" if missing else None


def make_plain_node(recipe, product):
    """product: a file of SQLite's binding, which is compiled here where it cannot be fetched."""
    _run(recipe, ["npm", "ci"], _copied("plain_node", product))
    if not os.path.exists(product):
        raise Failed("npm ci made no binding of SQLite")


def _copied(name, product):
    """A fresh copy of a source folder in the folder of products."""
    folder = os.path.join(product[:product.index(name)], name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(os.path.join(HERE, name), folder)
    return folder


# Running a tool ------------------------------------------------------------------------

def _run(recipe, command, folder):
    """Runs a tool to its end and says now and then that it goes on. Answers its standard output."""
    with tempfile.TemporaryFile("w+") as errors, tempfile.TemporaryFile("w+") as output:
        begin = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=errors)
        try:
            status = _wait(recipe, process, begin)
        except BaseException:
            process.kill()
            process.wait()
            raise
        texts = [_text(file) for file in (output, errors)]
    if status != 0:
        tail = "\n".join("".join(texts).splitlines()[-30:])
        raise Failed(f"{command[0]} {command[1]} ended with {status}:\n{tail}")
    return texts[0]


def _wait(recipe, process, begin):
    while True:
        try:
            return process.wait(PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            say(recipe.name, f"{process.args[0]} runs for {time.monotonic() - begin:.0f} s")


def _text(file):
    file.seek(0)
    return file.read()


RECIPES = (
    Recipe("ferretdb", "ferretdb",
           ("ferretdb/main.go", "ferretdb/go.mod", "ferretdb/go.sum"), lacks_go, make_ferretdb),
    Recipe("ferretdb-scram", "ferretdb-scram",
           ("ferretdb/go.mod", "ferretdb/go.sum"), lacks_go, make_ferretdb_scram),
    Recipe("java", os.path.join("java", "classes", "Launcher.class"),
           ("java/Launcher.java", "java/pom.xml", "java/jars.sha256"), lacks_java, make_java),
)

PLAIN = (
    Recipe("plain-go", os.path.join("plain_go", "plain"),
           tuple(os.path.join("plain_go", name) for name in
                 ("main.go", "store.go", "batch.go", "go.mod", "go.sum", "build.sh")) + CONTRACT,
           lacks_plain_go, make_plain_go),
    Recipe("plain-node", os.path.join("plain_node", "node_modules", "better-sqlite3", "build",
                                      "Release", "better_sqlite3.node"),
           tuple(os.path.join("plain_node", name) for name in
                 ("main.js", "package.json", "package-lock.json")),
           lacks_plain_node, make_plain_node),
)
