"""Nobody can tell which backend a broker has: two that hear the same answer the same.

usage: test_transcripts.py [SEED]      without one: 1
"""
import os
import random
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))

import peer
import script
from broker import Broker
from mongod import Mongod, store_address
from rights import MAY_CALL
from transcript import Player, Schema, differences

SEED = 1
FEW = 5  # Shown of what differs.
# For a server that takes its time: streams are followed to their end all the same.
LEFT_OUT = (script.watches, script.strangers, script.noise)
# What the script is refused with at least; what it is not refused with it does not compare.
REASONS = """AHEAD ALREADY_EXISTS CATALOGUE_CHANGED COMPLETION_DIFFERS FIELDS_INVALID HOME_REGISTRY
CONCURRENT_CHANGE ILLEGAL_STATE PAST_NO_RETURN LEASE_LOST MESSAGE_INVALID NAME_TAKEN NOT_FOUND NOT_OWNER ORDER_DIFFERS
OTHER_REGISTRY PAGE_TOKEN_INVALID PROJECT_ARCHIVED REGISTRY_SUSPENDED REQUEST_ID_REUSED
REVISION_MISMATCH ROLE_MISSING SCOPE_CHANGED""".split()


def shown(found):
    lines = [f"{len(found)} steps differ"]
    for n, what, left, right in found[:FEW]:
        lines += [f"step {n}: {what[:300]}", f"  - {left[:1500]}", f"  + {right[:1500]}"]
    return "\n".join(lines)


class Transcripts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"seed {SEED}")
        cls.schema = Schema()
        # A relative path begins at the broker's own folder.
        cls.first = Broker("first", store="kontor.db", calls_per_second=1000000).start()
        cls.addClassCleanup(cls.first.close)
        cls.steps = cls.play(cls.first)

    @classmethod
    def play(cls, broker, chapters=script.CHAPTERS):
        begin = time.monotonic()
        steps = script.play(Player(broker, cls.schema, random.Random(SEED)), chapters)
        print(f"{broker.values['store']}: {len(steps)} steps, {time.monotonic() - begin:.1f} s")
        return steps

    def play_on(self, store, chapters=script.CHAPTERS, **settings):
        # WhoAmI tells of certificates, so all brokers have the same ones.
        with Broker("other", certs=self.first.certs, store=store, calls_per_second=1000000,
                    **settings) as broker:
            return self.play(broker, chapters)

    def assert_same(self, steps):
        found = differences(self.steps, steps)
        self.assertEqual(found, [], shown(found))

    def test_1_the_script_says_much(self):
        answered = {re.search(r"(\w+Service\.\w+)", step[0])[1] for step in self.steps
                    if step[1].startswith("OK ")}
        self.assertEqual(set(MAY_CALL) - answered, set())
        reasons = set(re.findall(r'"reason": "([A-Z_]+)"', "\n".join(
            line for step in self.steps for line in step if line.startswith("detail "))))
        self.assertEqual(set(REASONS) - reasons, set())

    def test_2_a_changed_byte_is_found(self):
        chance = random.Random(SEED)
        for _ in range(200):
            n = chance.randrange(len(self.steps))
            steps = [list(step) for step in self.steps]
            line = chance.randrange(len(steps[n]))
            at = chance.randrange(len(steps[n][line]))
            text = steps[n][line]
            steps[n][line] = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1:]
            found = differences(self.steps, steps)
            self.assertEqual([(place, right) for place, _, _, right in found],
                             [(n, steps[n][line])])
        for steps in (self.steps[:-1], self.steps + self.steps[:1]):
            self.assertEqual(len(differences(self.steps, steps)), 1)

    def test_3_the_same_again(self):
        # Nothing is left in a transcript that differs by itself.
        self.assert_same(self.play_on("kontor.db"))

    def test_4_mongodb(self):
        server = Mongod()
        self.addCleanup(server.close)
        self.assert_same(self.play_on(store_address("", "same", server.uri)))
        self.assertEqual(server.tell("refused"), "ok")

    def test_4_a_setting_that_changes_one_answer_is_found(self):
        server = Mongod()
        self.addCleanup(server.close)
        chapters = script.CHAPTERS[:4]
        store = store_address("", "small", server.uri)
        found = differences(self.steps, self.play_on(store, chapters, message_max_bytes=65536))
        large = [left for _, what, left, _ in found[:1] if "Import" in what]
        self.assertTrue(large and large[0].startswith("OK "), shown(found))
        self.assertIn("RESOURCE_EXHAUSTED", found[0][3])
        # And nothing else, until the script that was cut short ends.
        self.assertTrue(found[1][3].startswith("end: "), shown(found[1:]))

    def test_5_ferretdb(self):
        if peer.Ferret.lacks() and os.environ.get("CI") != "true":
            self.skipTest(peer.Ferret.lacks())
        chapters = [one for one in script.CHAPTERS if one not in LEFT_OUT]
        with peer.Ferret() as ferret:
            found = differences(self.play_on("kontor.db", chapters),
                                self.play_on(store_address("", "same", ferret.uri), chapters))
        self.assertEqual(found, [], shown(found))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        SEED = int(sys.argv.pop(1))
    unittest.main(verbosity=2)
