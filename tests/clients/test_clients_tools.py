"""What surrounds the clients: when one is built, when it is not, and what is said then."""
import contextlib
import io
import os
import shutil
import tempfile
import unittest

import builder
import clients


class Own(builder.Recipe):
    """A recipe of our own."""

    name = "own"

    def __init__(self, folder):
        self.folder = folder
        self.reason = None

    def source(self, *below):
        return os.path.join(self.folder, "source", *below)

    def lacks(self):
        return self.reason


class InFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kontor clients ")
        self.addCleanup(shutil.rmtree, self.folder)
        self.addCleanup(os.environ.__setitem__, "PATH", os.environ["PATH"])
        os.environ["KONTOR_CLIENTS_DIR"] = os.path.join(self.folder, "built")
        self.addCleanup(os.environ.pop, "KONTOR_CLIENTS_DIR")
        self.said = []
        self.addCleanup(setattr, builder, "say", builder.say)
        builder.say = lambda name, text: self.said.append(f"{name}: {text}")
        self.recipe = Own(self.folder)
        self.write("made", "one")
        self.write("build.sh", 'cp made product\necho "$1" > contract\n')

    def write(self, name, text):
        path = self.recipe.source(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def product(self, name="product"):
        with open(self.recipe.built(name), encoding="ascii") as file:
            return file.read()


class Building(InFolder):
    def build(self):
        return builder.build((self.recipe,))

    def test_it_is_built_once_in_a_copy_and_told_where_the_contract_is(self):
        self.assertFalse(self.recipe.is_fresh())
        self.assertEqual((self.build(), self.build()), ([], []))
        self.assertEqual(self.said[-1], "own: up to date")
        self.assertEqual((self.product(), self.product("contract")), ("one", builder.PROTO + "\n"))
        self.assertTrue(self.recipe.is_fresh())
        self.assertEqual(sorted(os.listdir(self.recipe.source())), ["build.sh", "made"])

    def test_it_is_built_again_when_an_input_changed(self):
        self.build()
        self.write("made", "two")
        self.assertFalse(self.recipe.is_fresh())
        self.assertEqual((self.build(), self.product()), ([], "two"))

    def test_a_failure_is_told_with_its_last_words_and_tried_again(self):
        self.write("build.sh", "echo last words >&2; exit 3\n")
        self.assertEqual(self.build(), ["own"])
        self.assertRegex(self.said[-1], "(?s)own: FAILED: sh ended with 3:.*last words")
        self.assertFalse(self.recipe.is_fresh())

    def test_what_lacks_a_tool_is_skipped_aloud(self):
        self.recipe.reason = "there is no hammer"
        self.assertEqual(self.build(), [])
        self.assertEqual(self.said, ["own: SKIPPED: there is no hammer"])


class Tools(InFolder):
    """What the recipes ask of the machine."""

    def only(self, **programs):
        """A PATH with these scripts and nothing else."""
        for name, text in programs.items():
            path = os.path.join(self.folder, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(f"#!/bin/sh\n{text}\n")
            os.chmod(path, 0o755)
        os.environ["PATH"] = self.folder

    def test_each_missing_tool_is_told(self):
        self.only(java="")
        reasons = {recipe.name: recipe.lacks() for recipe in builder.RECIPES}
        self.assertIn("there is no go in PATH", reasons["go"])
        self.assertEqual(reasons["node"],
                         "there is no node and no npm and no openssl: tools/deps --clients")
        self.assertIn("there is no javac and no mvn", reasons["java"])
        self.assertIn("there is no openssl", reasons["python"])

    def test_an_old_go_is_told_and_a_newer_one_will_do(self):
        self.only(go="echo go1.19.8", protoc="", openssl="")
        self.assertIn("go1.19.8", builder.Go().lacks())
        for version in ("go1.24", "go1.24.3", "go1.30rc1", "go2.0"):
            self.only(go="echo " + version)
            self.assertIsNone(builder.Go().lacks())

    def test_inputs_of_all_recipes_are_there(self):
        for recipe in builder.RECIPES:
            self.assertRegex(recipe.digest(), "^[0-9a-f]{64}$")

    def test_other_words_are_refused(self):
        for words in ([], ["burn"], ["build", "cobol"]):
            with contextlib.redirect_stderr(io.StringIO()) as said:
                self.assertEqual(clients.main(words), 2)
            self.assertIn("usage: clients.py", said.getvalue())


if __name__ == "__main__":
    unittest.main(verbosity=2)
