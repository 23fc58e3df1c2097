"""One scenario, played by a client in each language against one real broker; prints the table.

Each program runs every step of scenario.json with orders of its own and says how it ended. What it
says is not all that is believed: afterwards the broker is asked whether each order was delivered
exactly once, and by whom.
"""
import json
import os
import subprocess
import sys
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

import builder  # noqa: E402
from broker import Broker, run  # noqa: E402
from case import until_known  # noqa: E402

SCENARIO = os.path.join(HERE, "scenario.json")
LIMIT_SECONDS = 60


def steps():
    with open(SCENARIO, encoding="utf-8") as file:
        return [step["step"] for step in json.load(file)["steps"]]


class Play:
    """One language's program over a scenario, and what it said."""

    def __init__(self, broker, strangers, recipe, scenario=SCENARIO):
        self.broker = broker
        self.recipe = recipe
        self.order = f"coast/{recipe.name}-1"
        self.results = {}  # what each step differs in; empty: it is right
        self.retries = []  # statuses of calls that were sent again
        self.said = []     # lines that are none of ours
        self.is_away = False
        command = [*recipe.command(), f"localhost:{broker.port}", broker.certs, strangers,
                   scenario, self.order, recipe.name]
        self.log = open(os.path.join(broker.folder, recipe.name + ".log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)

    def play(self):
        """Listens until the program ends; a limit ends one that hangs. Answers its status."""
        limit = threading.Timer(LIMIT_SECONDS, self.process.kill)
        limit.start()
        try:
            for line in self.process.stdout:
                self._take(line)
            return self.process.wait()
        finally:
            limit.cancel()
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self._come_back()

    def _take(self, line):
        try:
            said = json.loads(line)
        except json.JSONDecodeError:
            self.said.append(line)
            return
        if "step" in said:
            self.results[said["step"]] = said["differs"] if not said["ok"] else []
        elif said.get("wants") == "kill":
            self._kill()
        elif "retry" in said:
            self.retries.append(said["retry"])
            self._come_back()

    def _kill(self):
        """The broker comes back once a call found it away; at once where a library repeats calls
        by itself and tells nobody."""
        self.broker.kill()
        self.is_away = True
        self.process.stdin.write("killed\n")
        self.process.stdin.flush()
        if not self.recipe.tells_retries:
            self._come_back()

    def _come_back(self):
        if self.is_away:
            self.is_away = False
            self.broker.start()

    def errors(self):
        self.log.seek(0)
        return "".join(self.said) + self.log.read()

    def close(self):
        self.log.close()


class Clients(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("clients").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        cls.strangers = os.path.join(cls.broker.folder, "strangers")
        run([os.environ["KONTOR_DEV_CA"], cls.strangers])
        with open(os.path.join(HERE, "catalogue.json"), encoding="utf-8") as file:
            catalogue = json.load(file)
        cls.broker.client("alpine", "admin").call("CatalogueService.Import", **catalogue)
        cls.broker.client("coast", "portal").call(
            "OrderService.CreateProject", project={"id": "coast/p1", "name": "Summer school"})
        cls.columns = {}
        cls.addClassCleanup(cls.print_table)

    @classmethod
    def print_table(cls):
        """Rows: steps. Columns: languages."""
        names = list(cls.columns)
        width = max(len(step) for step in steps())
        print("\n" + " " * width, *(f"{name:>7}" for name in names))
        for step in steps():
            print(f"{step:<{width}}", *(f"{cls.columns[name](step):>7}" for name in names))
        sys.stdout.flush()

    def play(self, recipe):
        reason = recipe.lacks()
        if reason is None and not recipe.is_fresh():
            reason = "not built as it is now: tests/clients/clients.py build"
        if reason:
            self.columns[recipe.name] = lambda step: "-"
            if os.environ.get("CI") == "true":
                self.fail(f"{recipe.name}: {reason}")
            builder.say(recipe.name, f"SKIPPED: {reason}")
            self.skipTest(reason)
        recipe.prepare(os.path.join(self.broker.folder, recipe.name))
        self.assert_it_tells_what_is_wrong(recipe)
        played = Play(self.broker, self.strangers, recipe)
        self.addCleanup(played.close)
        self.columns[recipe.name] = lambda step: {None: "-", True: "ok", False: "WRONG"}[
            None if step not in played.results else not played.results[step]]
        status = played.play()
        wrong = {step: played.results.get(step, "never came to it") for step in steps()
                 if played.results.get(step) != []}
        self.assertEqual(wrong, {}, f"it ended with {status}: {played.errors()}")
        self.assertEqual((status, played.said), (0, []), played.errors())
        if recipe.tells_retries:
            self.assertEqual(set(played.retries), {"UNAVAILABLE"})
        self.look(recipe.name)

    def assert_it_tells_what_is_wrong(self, recipe):
        """A program that finds everything right would pass whatever the broker does."""
        scenario = os.path.join(self.broker.folder, "wrong.json")
        wrong = [{"step": name, "who": "portal", "op": "whoami", "expect": {key: value}}
                 for name, key, value in (
                     ("text", "principal", "coast/nobody"), ("list", "roles", []),
                     ("status", "status", "NOT_FOUND"), ("absent", "none", "x"),
                     ("names", "metadata", ["none"]))]
        with open(scenario, "w", encoding="ascii") as file:
            json.dump({"steps": wrong}, file)
        played = Play(self.broker, self.strangers, recipe, scenario)
        self.addCleanup(played.close)
        self.assertNotEqual(played.play(), 0, played.errors())
        self.assertEqual([name for name, differs in played.results.items() if differs],
                         [step["step"] for step in wrong], played.errors())

    def look(self, language):
        """From the outside: each order is completed by one delivery, made by this language."""
        portal = self.broker.client("coast", "portal")
        for order in (f"coast/{language}-1", f"coast/{language}-1-b"):
            reply = until_known(portal, "OrderService.GetOrder", id=order)
            self.assertEqual(reply["order"]["state"], "ORDER_COMPLETED")
            item, = reply["items"]
            ends = [move["actor"] for move in item["history"] if move["to"] == "COMPLETED"]
            self.assertEqual(len(ends), 1, item["history"])
            self.assertEqual(item["delivery"]["outputs"],
                             [{"id": "made_by", "value": {"text": language}}])
            made = [each for each in portal.pages("OrderService.ListInstances", "instances",
                                                  project="coast/p1") if each["order"] == order]
            self.assertEqual(len(made), 1, made)
            self.assertEqual(made[0]["delivery"]["backend_id"], item["delivery"]["backend_id"])


def add_tests():
    for recipe in builder.RECIPES:
        setattr(Clients, f"test_{recipe.name}", lambda self, recipe=recipe: self.play(recipe))


add_tests()

if __name__ == "__main__":
    ended = unittest.main(verbosity=2, exit=False).result
    # A run that checked nothing is a skipped one.
    is_nothing = ended.wasSuccessful() and len(ended.skipped) == ended.testsRun
    sys.exit(77 if is_nothing else not ended.wasSuccessful())
