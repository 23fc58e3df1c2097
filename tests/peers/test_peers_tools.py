"""What peers.py does with its command, and what it builds and when. Few of these need a server."""
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import builder
import peer
import peers
from wire import Closed, Wire

LIMIT_SECONDS = 60
IS_ANY_THERE = not all(kind.lacks() for kind in peers.SERVERS.values())
PEERS = os.path.join(peer.HERE, "peers.py")
# A command that says what it got and then stays.
STAYS = ("import json, os; print(json.dumps(dict(os.environ)), flush=True);"
         "import signal; signal.pause()")


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kontor 100% tools ")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)


class TestRun(InFolder):
    """With a folder of programs that is empty: no server can be started."""

    def run_peers(self, *words, **variables):
        environment = {**os.environ, "CI": "", "KONTOR_PEER_JAVA": "of old", **variables}
        return subprocess.run([PEERS, *words], cwd="/", env=environment, text=True,
                              capture_output=True, timeout=LIMIT_SECONDS, check=False)

    def test_answers_with_the_status_of_the_command(self):
        for script, status in (("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)):
            done = self.run_peers("run", self.folder, "--", "sh", "-c", script)
            self.assertEqual(done.returncode, status, done.stderr)

    def test_a_command_that_is_not_there_is_told(self):
        done = self.run_peers("run", self.folder, "--", "/nowhere")
        self.assertEqual(done.returncode, 127)
        self.assertIn("/nowhere", done.stderr)

    def test_hands_words_on_as_they_are(self):
        done = self.run_peers("run", self.folder, "--", "printf", "%s|", "a b", "--", "", "*")
        self.assertEqual(done.stdout, "a b|--||*|")

    def test_a_missing_server_is_told_and_its_variable_not_set(self):
        done = self.run_peers("run", self.folder, "--", "sh", "-c",
                              'echo "${KONTOR_PEER_JAVA-unset}"')
        self.assertEqual((done.returncode, done.stdout), (0, "unset\n"))
        for kind in peers.SERVERS.values():
            self.assertIn(f"peers: {kind.__name__}: NOT STARTED: ", done.stderr)

    def test_in_ci_a_missing_server_is_a_failure(self):
        done = self.run_peers("run", self.folder, "--", "echo", "ran", CI="true")
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)

    def test_the_command_learns_the_folder_of_programs(self):
        done = self.run_peers("run", self.folder, "--", "printenv", "KONTOR_PEERS_DIR")
        self.assertEqual(done.stdout, self.folder + "\n")

    def test_other_words_are_refused(self):
        for words in ([], ["run"], ["run", "--"], ["run", "echo"], ["run", "a", "b", "--", "c"],
                      ["build", "a", "b"], ["check", "a"], ["burn"]):
            done = self.run_peers(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn("usage: peers.py", done.stderr)


@unittest.skipUnless(IS_ANY_THERE or os.environ.get("CI") == "true", "no server is built")
class TestEnd(InFolder):
    """With the servers that are there: they end with peers.py, whatever ends it."""

    def start(self):
        """Answers peers.py, its servers' variables, and handles of all processes below it."""
        os.chmod(self.folder, 0o711)  # PostgreSQL runs as another user
        runner = subprocess.Popen([PEERS, "run", "--", sys.executable, "-c", STAYS], text=True,
                                  stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": self.folder})
        self.addCleanup(runner.stdout.close)
        self.addCleanup(runner.wait)
        self.addCleanup(runner.kill)
        line = runner.stdout.readline()
        self.assertTrue(line, "the command never ran")
        variables = {name: value for name, value in json.loads(line).items()
                     if name in peers.SERVERS}
        wanted = {name for name, kind in peers.SERVERS.items() if not kind.lacks()}
        self.assertEqual(set(variables), wanted)
        for uri in variables.values():
            with Wire(uri) as wire:
                self.assertEqual(wire.call("admin", ping=1)["ok"], 1)
        handles = [os.pidfd_open(pid) for pid in children(runner.pid)]
        for handle in handles:
            self.addCleanup(os.close, handle)
        self.assertGreater(len(handles), len(variables))
        return runner, variables, handles

    def assert_ended(self, variables, handles):
        """A handle can be read once its process ended."""
        waiting = select.poll()
        for handle in handles:
            waiting.register(handle, select.POLLIN)
        while handles:
            ended = [handle for handle, _ in waiting.poll(LIMIT_SECONDS * 1000)]
            self.assertTrue(ended, f"{len(handles)} processes are left")
            for handle in ended:
                waiting.unregister(handle)
                handles.remove(handle)
        for uri in variables.values():
            with self.assertRaises(Closed):
                Wire(uri)

    def test_a_signal_ends_the_command_and_all_servers(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            runner, variables, handles = self.start()
            runner.send_signal(number)
            self.assertEqual(runner.wait(LIMIT_SECONDS), 128 + signal.SIGTERM)
            self.assert_ended(variables, handles)
            self.assertEqual(os.listdir(self.folder), [])

    def test_a_kill_leaves_no_process_behind(self):
        runner, variables, handles = self.start()
        runner.kill()
        self.assert_ended(variables, handles)


def children(pid):
    """The processes below one."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            below = [int(word) for word in file.read().split()]
        found += below + [each for child in below for each in children(child)]
    return found


class TestBuild(InFolder):
    """With a recipe of our own."""

    def setUp(self):
        super().setUp()
        self.made = 0
        self.reason = None
        self.error = None
        self.write("input", "one")
        recipe = builder.Recipe("thing", "thing", (self.path("input"),), lambda: self.reason,
                                self.make)
        self.addCleanup(setattr, builder, "RECIPES", builder.RECIPES)
        builder.RECIPES = (recipe,)
        self.said = []
        self.addCleanup(setattr, builder, "say", builder.say)
        builder.say = lambda name, text: self.said.append(text)

    def make(self, _, product):
        if self.error:
            raise peer.Failed(self.error)
        self.made += 1
        with open(product, "w", encoding="ascii") as file:
            file.write(str(self.made))

    def build(self):
        return builder.build(self.path("out"))

    def test_builds_once(self):
        self.assertEqual((self.build(), self.build(), self.made), ([], [], 1))
        self.assertEqual(self.said[-1], "up to date")

    def test_builds_again_when_an_input_changed(self):
        self.build()
        self.write("input", "two")
        self.assertEqual((self.build(), self.made), ([], 2))

    def test_builds_again_when_the_product_is_gone(self):
        self.build()
        os.unlink(self.path("out", "thing"))
        self.assertEqual((self.build(), self.made), ([], 2))

    def test_what_cannot_be_built_is_skipped_aloud(self):
        self.reason = "there is no hammer"
        self.assertEqual((self.build(), self.made), ([], 0))
        self.assertEqual(self.said, ["SKIPPED: there is no hammer"])

    def test_what_is_up_to_date_needs_no_tool(self):
        self.build()
        self.reason = "there is no hammer"
        self.assertEqual((self.build(), self.said[-1]), ([], "up to date"))

    def test_a_failure_is_told_and_tried_again(self):
        self.error = "the hammer broke"
        self.assertEqual(self.build(), ["thing"])
        self.assertEqual(self.said[-1], "FAILED: the hammer broke")
        self.error = None
        self.assertEqual((self.build(), self.made), ([], 1))


class TestTools(InFolder):
    """What the recipes ask of the machine."""

    def only(self, **programs):
        """A PATH with these scripts and nothing else."""
        for name, text in programs.items():
            self.write(name, "#!/bin/sh\n" + text + "\n", 0o755)
        self.addCleanup(os.environ.__setitem__, "PATH", os.environ["PATH"])
        os.environ["PATH"] = self.folder

    def test_no_go_is_told(self):
        self.only()
        self.assertIn("there is no go in PATH", builder.lacks_go())

    def test_an_old_go_is_told(self):
        self.only(go="echo go1.19.8")
        self.assertIn("go1.19.8", builder.lacks_go())

    def test_a_go_that_cannot_become_newer_is_told(self):
        self.only(go='echo "go.mod requires go >= 1.24 (running go 1.21.0)" >&2; exit 1')
        self.assertIn("requires go >= 1.24", builder.lacks_go())

    def test_a_newer_go_will_do(self):
        for version in ("go1.24", "go1.24.3", "go1.30rc1", "go2.0"):
            self.only(go="echo " + version)
            self.assertIsNone(builder.lacks_go())

    def test_each_missing_tool_of_java_is_told(self):
        self.only(java="")
        self.assertEqual(builder.lacks_java(),
                         "there is no javac and no mvn: tools/deps --peers installs it")

    def test_a_tool_that_fails_is_told_with_its_last_words(self):
        with self.assertRaisesRegex(peer.Failed, "(?s)sh -c ended with 3:.*last words"):
            builder._run(builder.RECIPES[0], ["sh", "-c", "echo last words >&2; exit 3"], None)

    def test_a_library_must_be_the_one_that_was_written_down(self):
        os.mkdir(self.path("lib"))
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        self.write("lib/a.jar", "")
        self.write("sums", f"{empty}  a.jar\n")
        builder._check_jars(self.path("lib"), self.path("sums"))
        for change, name in ((lambda: self.write("lib/b.jar", ""), "b.jar"),
                             (lambda: self.write("lib/a.jar", "x"), "a.jar"),
                             (lambda: os.unlink(self.path("lib/a.jar")), "a.jar")):
            change()
            with self.assertRaisesRegex(peer.Failed, name):
                builder._check_jars(self.path("lib"), self.path("sums"))
            shutil.rmtree(self.path("lib"))
            os.mkdir(self.path("lib"))
            self.write("lib/a.jar", "")

    def test_inputs_of_all_recipes_are_there(self):
        for recipe in builder.RECIPES:
            self.assertRegex(builder._digest(recipe), "^[0-9a-f]{64}$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
