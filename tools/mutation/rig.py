"""Compiles a changed file, puts it before or into the tests, and runs them.

A room that is a shared library (KONTOR_SHARED_ROOMS) is not linked anew: the changed file is a
library of its own that the loader takes first. In any other build directory the test is linked
once more, with the changed object in the place of its own.
"""
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import time

from c_table import mask
from find import Unfit

OWN_BUILD = ("cmake", "--preset", "dev", "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -DNDEBUG",
             "-DKONTOR_SHARED_ROOMS=server;catalogue;store;proto")
TESTS = "tests/(?:server|proto|client)/test_\\w+"
# How much longer than on the unchanged tree a test may take before it counts as hung.
PATIENCE, GRACE_SECONDS, UNKNOWN_SECONDS = 10, 10, 30


class Broken(Exception):
    """Something does not compile or cannot be linked."""


def run(words, folder, env=None, seconds=None):
    return subprocess.run(words, cwd=folder, env=env, timeout=seconds, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL)


class Rig:
    """A build directory and what is known of its objects and tests."""

    def __init__(self, root, build):
        self.root = root
        self.build = build
        self.work = os.path.join(build, f"mutations-{os.getpid()}")
        self.seconds = {}  # How long a test took when it passed last.
        self.includes, self.texts = {}, {}
        self.lock = threading.Lock()

    def make(self):
        """Builds the tests; the first time that takes some minutes."""
        if not os.path.exists(os.path.join(self.build, "build.ninja")):
            self._must(list(OWN_BUILD) + ["-B", self.build], self.root)
        self._must(["ninja", "-j2", "-C", self.build, "tests/server/all", "tests/proto/all"],
                   self.root)

    def open(self):
        """Reads how everything is built; what a run that was killed left behind goes."""
        for folder in glob.glob(os.path.join(self.build, "mutations-*")):
            if not os.path.exists(f"/proc/{folder.rsplit('-', 1)[1]}"):
                shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(self.work)
        with open(os.path.join(self.build, "compile_commands.json"), encoding="utf-8") as file:
            commands = json.load(file)
        self.compiles = {}
        for entry in commands:
            path = os.path.relpath(entry["file"], self.root)
            words = shlex.split(entry["command"])
            self.compiles.setdefault(path, {})[words[words.index("-o") + 1]] = words
        listed = self._must(["ninja", "-C", self.build, "-t", "targets", "all"], self.root)
        self.tests = [test for test in sorted(set(re.findall(f"^({TESTS}):", listed, re.M)))
                      if os.path.exists(os.path.join(self.build, test))]
        self.links = {}

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    def _must(self, words, folder):
        done = run(words, folder)
        if done.returncode != 0:
            raise Unfit(f"{' '.join(words)}\n{done.stdout.decode(errors='replace')[-3000:]}")
        return done.stdout.decode(errors="replace")

    def link_words(self, test):
        """How a test is linked."""
        with self.lock:
            if test not in self.links:
                text = self._must(["ninja", "-C", self.build, "-t", "commands", test], self.root)
                line = next(line for line in reversed(text.splitlines()) if f"-o {test} " in line)
                words = shlex.split(line.replace("&& :", "").replace(": &&", ""))
                self.links[test] = words
            return self.links[test]

    def room_of(self, path):
        """The object of a file and, where its room is shared, that library."""
        for output in self.compiles.get(path, {}):
            room = re.match(r"(\w+)/CMakeFiles/(\w+)\.dir/", output)
            if room and room.group(1) == room.group(2):
                library = f"{room.group(1)}/lib{room.group(1)}.so"
                exists = os.path.exists(os.path.join(self.build, library))
                return output, library if exists else None
        raise Unfit(f"{path} belongs to no room")

    def users(self, names):
        """The sources that know one of these constants, by themselves or through what a header
        makes of it, such as the length of an array."""
        pattern = re.compile(r"\b(" + "|".join(names) + r")\b(?!\s*=[^=])")
        ours = [path for path in self.compiles if path.endswith(".c")
                and not path.startswith("build") and os.path.exists(os.path.join(self.root, path))]
        with self.lock:
            return [path for path in ours
                    if any(pattern.search(self.text_of(name)) for name in self.included(path))]

    def included(self, path):
        """A source and every header of ours it includes."""
        if path not in self.includes:
            self.includes[path] = {path}
            for header in self.headers_of(path):
                if os.path.exists(os.path.join(self.root, header)):
                    self.includes[path] |= self.included(header)
        return self.includes[path]

    def headers_of(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return re.findall(r'#include "([^"]+[.]h)"', file.read())

    def text_of(self, path):
        """A source without its comments."""
        if path not in self.texts:
            with open(os.path.join(self.root, path), encoding="utf-8") as file:
                self.texts[path] = mask(file.read())
        return self.texts[path]

    def trial(self, mutation=None, path=None):
        return Trial(self, mutation, path)


class Trial:
    """One mutation in a folder of its own, which is gone at the end."""

    def __init__(self, rig, mutation, path=None):
        self.rig = rig
        self.mutation = mutation
        self.path = path or (mutation.path if mutation else None)
        self.folder = tempfile.mkdtemp(dir=rig.work)
        self.preload = None
        self.replaced = {}
        self.added = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def _source(self, path):
        changed = os.path.join(self.folder, path)
        return changed if os.path.exists(changed) else os.path.join(self.rig.root, path)

    def _compile(self, path, like):
        """Compiles a file as it is compiled there, with the changed one found first."""
        words = list(self.rig.compiles[path][like])
        output = os.path.join(self.folder, like.replace("/", "_"))
        words[words.index("-o") + 1] = output
        words[words.index("-c") + 1] = self._source(path)
        kept = [w for w in words[1:] if not w.startswith(("-O", "-W", "-g"))]
        done = run([words[0], "-I", self.folder, *kept, "-O0", "-w"], self.rig.build)
        if done.returncode != 0:
            raise Broken(done.stdout.decode(errors="replace"))
        return output

    def prepare(self, names=None):
        """Writes and compiles it; names: the constants that change with it, in a header."""
        if self.mutation:
            target = os.path.join(self.folder, self.path)
            os.makedirs(os.path.dirname(target))
            with open(target, "w", encoding="utf-8") as file:
                file.write(self.mutation.mutated())
        shared = []
        for path in self.rig.users(names) if names else [self.path]:
            if path.startswith("tests/"):
                self._prepare_test(path)
            elif any(re.match(r"(\w+)/CMakeFiles/\1\.dir/", o) for o in self.rig.compiles[path]):
                like, library = self.rig.room_of(path)
                made = self._compile(path, like)
                self.replaced[like] = made
                shared += [made] if library else []
        if shared:
            self._share(shared)

    def _prepare_test(self, path):
        for like in self.rig.compiles[path]:
            if re.match("tests/(server|proto|client)/", like):
                self.replaced[like] = self._compile(path, like)

    def _share(self, objects):
        self.preload = os.path.join(self.folder, "mutated.so")
        words = ["cc", "-shared", "-o", self.preload, *objects]
        if run(words, self.rig.build).returncode != 0:
            raise Broken("cannot be made a library")

    def _program(self, test):
        """The test, linked anew where what changed is linked into it."""
        words = self.rig.link_words(test)
        harness = [new for old, new in self.replaced.items() if "server_harness.dir" in old]
        if not any(old in words for old in self.replaced):
            return os.path.join(self.rig.build, test)
        output = os.path.join(self.folder, os.path.basename(test))
        words = [self.replaced.get(w, output if w == test else w) for w in words]
        at = words.index("-o")
        done = run(words[:at] + harness + words[at:], self.rig.build)
        if done.returncode != 0:
            raise Broken(done.stdout.decode(errors="replace"))
        return output

    def run(self, test):
        """What a test says: None when it passes, else the name of what failed."""
        program = self._program(test)
        folder = os.path.join(self.folder, "run")
        os.makedirs(folder, exist_ok=True)
        env = dict(os.environ, TMPDIR=folder)
        env.pop("KONTOR_SEEN", None)  # An error only a mutation causes is caused by none.
        if self.preload:
            env["LD_PRELOAD"] = self.preload
        seconds = self.rig.seconds.get(test, UNKNOWN_SECONDS) * PATIENCE + GRACE_SECONDS
        began = time.monotonic()
        try:
            done = run([program], folder, env, seconds)
        except subprocess.TimeoutExpired:
            return "it hangs"
        if done.returncode == 0:
            self.rig.seconds[test] = time.monotonic() - began
            return None
        text = done.stdout.decode(errors="replace")
        failed = re.findall(r"\[  FAILED  \] (test_\w+)", text)
        return failed[0] if failed else f"status {done.returncode}"
