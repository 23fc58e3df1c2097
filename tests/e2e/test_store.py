"""What callers are told when the store is held by somebody else, and after a restore."""
import os
import sqlite3
import unittest
import uuid

from broker import Broker, Refused, run
from mongod import is_mongodb


class Store(unittest.TestCase):
    def setUp(self):
        self.broker = Broker("store")
        self.addCleanup(self.broker.close)
        self.admin = None

    def start(self):
        self.broker.start()
        self.admin = self.broker.client("alpine", "admin")

    def refused(self, status, reason, call, *words, **fields):
        with self.assertRaises(Refused) as caught:
            call(*words, **fields)
        self.assertEqual((caught.exception.status, caught.exception.reason), (status, reason),
                         caught.exception)
        return caught.exception

    def rename(self, name, **more):
        return self.admin.call("RegistryService.UpdateRegistry", timeout=30,
                               registry={"id": "alpine", "name": name}, **more)

    @unittest.skipIf(is_mongodb(), "a database of a server cannot be held")
    def test_a_store_somebody_else_holds(self):
        self.start()
        other = sqlite3.connect(self.broker.values["store"], isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        asked = {"name": "Held", "request_id": str(uuid.uuid4())}
        refused = self.refused("UNAVAILABLE", "STORE_UNAVAILABLE", self.rename, **asked)
        self.assertIn("retry_delay", str(refused.details))
        self.assertEqual(self.admin.call("RegistryService.GetRegistry", id="alpine").get("name"),
                         None)
        other.execute("ROLLBACK")
        self.assertEqual(self.rename(**asked)["name"], "Held")

    def test_a_past_that_was_lost(self):
        self.start()
        kept = int(self.rename("Kept")["revision"])
        backup = os.path.join(self.broker.folder, "backup")
        self.broker.kontor("alpine", "admin", "backup", backup)
        for n in range(5):
            lost = int(self.rename(f"Lost {n}")["revision"])
        self.assertEqual(self.broker.stop(), 0)
        # An empty store under another name, as after a disk was lost.
        self.broker.move_to_new_store()
        run([os.environ["KONTORD"], "--config", self.broker.config, "--restore", backup])
        self.start()
        registry = self.admin.call("RegistryService.GetRegistry", id="alpine")
        self.assertEqual(registry["name"], "Kept")
        # Right away, while all of the lost past lies above what is applied, and later.
        self.lost_everywhere(lost, kept)
        self.assertGreater(int(self.rename("Goes on")["revision"]), lost)
        self.lost_everywhere(lost, kept)
        self.lost_everywhere(kept + 1, kept)

    def test_a_log_is_read_from_the_first_change_after_a_restore(self):
        self.start()
        self.rename("Kept")
        backup = os.path.join(self.broker.folder, "backup")
        self.broker.kontor("alpine", "admin", "backup", backup)
        self.assertEqual(self.broker.stop(), 0)
        self.broker.move_to_new_store()
        run([os.environ["KONTORD"], "--config", self.broker.config, "--restore", backup])
        self.start()
        first = int(self.rename("First")["revision"])
        self.assertEqual(self.after_anchor(first), [])
        second = int(self.rename("Second")["revision"])
        self.assertEqual(self.after_anchor(first), [second])

    def after_anchor(self, seq):
        """The positions after this one, whose hash goes ahead of them."""
        parts = list(self.admin.stream("RegistryService.ReadLog", after=seq))
        self.assertNotEqual(parts[0].get("anchor", ""), "")
        return [int(c["seq"]) for part in parts for c in part.get("commits", [])]

    def lost_everywhere(self, lost, kept):
        """Whoever names a lost position is told the last one that is in both pasts."""
        for call, words, fields in (
                (self.admin.call, ["RegistryService.GetRegistry"],
                 {"id": "alpine", "as_of": {"seq": lost}}),
                (self.admin.call, ["RegistryService.ListRegistries"], {"as_of": {"seq": lost}}),
                (lambda *a, **f: list(self.admin.stream(*a, **f)), ["OrderService.WatchOrders"],
                 {"after": {"seq": lost}}),
                (lambda *a, **f: list(self.admin.stream(*a, **f)), ["RegistryService.ReadLog"],
                 {"after": lost})):
            refused = self.refused("OUT_OF_RANGE", "HISTORY_CHANGED", call, *words, **fields)
            self.assertEqual(refused.values.get("lastCommonSeq"), str(kept), words)
            self.assertEqual(refused.values.get("seq"), str(lost), words)


if __name__ == "__main__":
    unittest.main(verbosity=2)
