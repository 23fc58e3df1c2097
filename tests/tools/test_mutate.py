"""tools/mutate finds its tables, and what it changes is really noticed.

usage: test_mutate.py ROOT BUILD        BUILD: a build directory with its tests built
"""
import collections
import os
import subprocess
import sys
import unittest

BUILD = os.path.abspath(sys.argv.pop())
ROOT = os.path.abspath(sys.argv.pop())
MUTATE = os.path.join(ROOT, "tools", "mutate")


def mutate(*words):
    done = subprocess.run([MUTATE, *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class TestMutate(unittest.TestCase):
    def test_the_list_has_every_class(self):
        status, text = mutate("--list")
        self.assertEqual(status, 0, text)
        kinds = collections.Counter(line.split()[0] for line in text.splitlines())
        self.assertGreater(kinds["roles"], 200)
        self.assertGreater(kinds["limit"], 50)
        self.assertGreater(kinds["rule"], 300)
        self.assertGreater(kinds["effect"], 200)
        names = text.splitlines()
        self.assertEqual(len(names), len(set(names)))
        moves = {line.split("item_moves[")[1].split("]")[0] for line in names
                 if "item_moves[" in line and line.endswith(": left out")}
        self.assertGreaterEqual(len(moves), 79)

    def check(self, only, test):
        status, text = mutate("--build", BUILD, "--only", only)
        self.assertEqual(status, 0, text)
        self.assertIn("1 noticed, 0 SURVIVED", text)
        self.assertIn(test, text)

    def test_a_row_of_the_machine_is_noticed(self):
        self.check("item_moves[[]I10[]]: left out", "test_item_state")

    def test_a_role_is_noticed(self):
        self.check("order_service.c PlaceOrder: -PEER", "test_roles")

    def test_a_limit_is_noticed(self):
        self.check("job.c BACKOFF_MAX_DOUBLINGS: 6 - 1", "test_job")

    def test_a_limit_of_a_header_is_noticed(self):
        self.check("server/order/access.h ACCESS_MAX_RECEIPTS: 64 + 1", "test_order_access")

    def test_a_rule_is_noticed(self):
        self.check("claim_request.wait_seconds: RULE_NUMBER 60 -> 61", "test_rules")

    def test_an_effect_is_noticed(self):
        self.check("idle_states[[]QUEUED[]]: left out", "test_aggregate")

    def test_what_does_not_fit_is_told(self):
        status, text = mutate("--only", "there is no such row")
        self.assertEqual(status, 2, text)
        self.assertIn("nothing to try", text)


if __name__ == "__main__":
    unittest.main()
