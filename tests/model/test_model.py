"""The rules of the append hold in every schedule tried, and the search finds each part left out.

usage: test_model.py [FIRST]        the first seed; without it another each time, which is printed
"""
import random
import sys
import unittest

import log_model
from log_world import BREAKAGES, Node, Violation, World

SCHEDULES = 20000
# What is rarest comes up in one schedule of fifty.
SCHEDULES_OF_A_BREAKAGE = 1000
DEPTH = 6
FIRST = int(sys.argv.pop()) if sys.argv[1:] else random.SystemRandom().randrange(10 ** 9)


class TestModel(unittest.TestCase):
    def test_the_rules_hold(self):
        found, counts = log_model.search(FIRST, SCHEDULES)
        print(f"from seed {FIRST}: {dict(counts)}")
        self.assertIsNone(found, found and log_model.replay(found[0]))
        # It proves nothing unless everything that could go wrong came up, and work was done.
        for event in ("acknowledged", "elections", "rollbacks", "crashes", "turns", "repeats",
                      "late inserts", "clashes", "slots found ours", "slots of others",
                      "slots empty"):
            self.assertGreater(counts[event], SCHEDULES / 50, event)

    def test_a_clash_over_a_slot_that_reads_empty_is_no_fault(self):
        """Another's insert may be in the slot that no majority has yet: the rules must bear it."""
        _, counts = log_model.search(FIRST, SCHEDULES // 10)
        self.assertGreater(counts["clashes over a slot that reads empty"], 0)

    def test_the_rules_hold_in_every_short_schedule(self):
        worlds = log_model.exhaust(DEPTH)
        print(f"{worlds} worlds of up to {DEPTH} steps")
        self.assertGreater(worlds, 10000)

    def test_each_part_left_out_is_found(self):
        self.assertEqual({breakage.rule for breakage in BREAKAGES.values()}, {"A", "B"})
        for name, breakage in BREAKAGES.items():
            with self.subTest(name):
                found, _ = log_model.search(FIRST, SCHEDULES_OF_A_BREAKAGE, name)
                self.assertIsNotNone(found, f"{breakage.meaning}: nothing found from {FIRST}")
                seed, violation = found
                print(f"{name}: seed {seed}, after {seed - FIRST + 1}: {violation.kind}")
                self.assertIn(violation.kind, breakage.harm)

    def test_a_seed_plays_the_same_again(self):
        (seed, violation), _ = log_model.search(FIRST, SCHEDULES_OF_A_BREAKAGE, "renumber")
        self.assertEqual(log_model.replay(seed, "renumber"),
                         f"python3 tests/model/log_model.py --break renumber --seed {seed}")
        for _ in range(2):
            shown = []
            with self.assertRaises(Violation) as again:
                log_model.play(seed, "renumber", shown.append)
            self.assertEqual(str(again.exception), str(violation))
            self.assertGreater(len(shown), 5)
        self.assertEqual(log_model.play(FIRST), log_model.play(FIRST))


class TestJudge(unittest.TestCase):
    """Each thing that must never be, put there by hand."""

    def world(self, *inserts):
        """What node 0 has in slots, taken over by node 1."""
        world = World()
        for slot, client, n in inserts:
            world.nodes[0].insert(slot, [world.commits[client][n - 1]], True)
        return world

    def pull(self, world):
        while world.step_pull(1, 0):
            pass

    def refuse(self, kind, act, *words):
        with self.assertRaises(Violation) as caught:
            act(*words)
        self.assertEqual(caught.exception.kind, kind)

    def test_good_ones_pass(self):
        world = self.world((1, 0, 1), (2, 1, 1), (3, 0, 2), (4, 1, 3))
        self.pull(world)
        self.assertEqual([entry.slot for entry in world.truth], [1, 2, 3, 4])
        world.finish(0, 1)

    def test_a_gap(self):
        self.refuse("gap", self.pull, self.world((1, 0, 1), (3, 0, 2)))
        self.refuse("gap", self.pull, self.world((2, 0, 1), (1, 0, 2)))

    def test_a_commit_twice(self):
        self.refuse("twice", self.pull, self.world((1, 0, 1), (2, 1, 1), (3, 0, 1)))

    def test_an_inversion(self):
        self.refuse("inversion", self.pull, self.world((1, 0, 2), (2, 1, 1), (3, 0, 1)))

    def test_a_lost_one(self):
        world = self.world((1, 0, 1))
        world.acknowledged = frozenset(world.commits[0][:1])
        self.refuse("lost", world.clone().finish, 1, 2)
        self.pull(world)
        world.finish(1, 2)

    def test_a_failed_one_that_is_there(self):
        world = self.world((1, 0, 1))
        world.failed = frozenset(world.commits[0][:1])
        world.clone().finish(1, 2)
        self.refuse("failed", world.finish, 0, 1)

    def test_what_one_node_has_is_no_truth(self):
        world = self.world((1, 0, 1))
        self.assertTrue(world.step_elect(2, 1))
        self.pull_from(world, 1, 2)
        self.assertEqual(world.truth, ())
        self.pull_from(world, 0, 2)
        self.assertEqual((world.nodes[0].eids(False), world.counts["rollbacks"]), ((), 1))

    def pull_from(self, world, i, j):
        while world.step_pull(i, j):
            pass

    def test_an_older_log_gets_no_vote(self):
        world = self.world((1, 0, 1))
        self.pull(world)
        self.assertFalse(world.step_elect(2, 1))
        self.assertTrue(world.step_elect(1, 2))

    def test_an_ordered_batch_stops_at_a_taken_slot(self):
        for is_ordered, eids in ((True, ("a", "b")), (False, ("a", "b", "d"))):
            node = Node()
            self.assertTrue(node.insert(1, ["a", "b"], is_ordered))
            self.assertFalse(node.insert(2, ["c", "d"], is_ordered))
            self.assertEqual(node.eids(False), eids)


if __name__ == "__main__":
    unittest.main(verbosity=2)
