"""A trimmed log: callers from before it are told where it begins, and all else is as it was."""
import os
import unittest
import uuid

from broker import Broker, Refused, run

PROJECT = "alpine/p1"
N_NAMES = 8


class Trim(unittest.TestCase):
    def setUp(self):
        self.broker = Broker("trim").start()
        self.addCleanup(self.broker.close)
        self.admin = self.broker.client("alpine", "admin")
        self.admin.call("RegistryService.CreatePrincipal",
                        principal={"id": "alpine/web", "roles": ["PORTAL"],
                                   "identity": self.broker.uri("alpine", "portal", "web"),
                                   "scopes": ["r:alpine"]})
        self.portal = self.broker.client("alpine", "portal")
        self.asked = {"project": {"id": PROJECT, "name": "Name 0"},
                      "request_id": str(uuid.uuid4())}
        self.made = self.portal.call("OrderService.CreateProject", **self.asked)
        self.revisions = [int(self.made["revision"])]
        self.revisions += [self.rename(f"Name {n}") for n in range(1, N_NAMES)]

    def rename(self, name):
        return int(self.portal.call("OrderService.UpdateProject",
                                    project={"id": PROJECT, "name": name})["revision"])

    def kontord(self, *words, status=0):
        return run([os.environ["KONTORD"], "--config", self.broker.config, *words], status=status)

    def trim(self, seq, status=0):
        self.assertEqual(self.broker.stop(), 0)
        said = self.kontord("--trim", str(seq), status=status)
        why = run.stderr
        self.broker.start()
        return said or why

    def trimmed(self, oldest, call, *words, **fields):
        with self.assertRaises(Refused) as caught:
            call(*words, **fields)
        refused = caught.exception
        self.assertEqual((refused.status, refused.reason), ("OUT_OF_RANGE", "TRIMMED"), refused)
        self.assertEqual(refused.values["oldest"], str(oldest))
        return refused

    def drain(self, *words, **fields):
        return list(self.portal.stream(*words, timeout=20, **fields))

    def read_log(self, after):
        commits = []
        for message in self.admin.stream("RegistryService.ReadLog", timeout=20, after=after):
            commits += message.get("commits", [])
        return [int(commit["seq"]) for commit in commits]

    def start_keeping(self, n):
        self.assertEqual(self.broker.stop(), 0)
        self.broker.set(trim_keep_commits=n)
        self.broker.start()
        status = self.admin.call("RegistryService.GetStatus")
        return int(status["seq"]), int(status.get("oldest", 0))

    def test_a_setting_trims_when_the_broker_starts(self):
        last, oldest = self.start_keeping(100)
        self.assertEqual(oldest, 0)
        self.assertEqual(self.start_keeping(4), (last, last - 4))
        self.trimmed(last - 4, self.portal.call, "OrderService.GetProject", id=PROJECT,
                     as_of={"seq": last - 5})
        # Not for one commit more: a trim judges the whole store.
        self.rename("Once more")
        self.assertEqual(self.start_keeping(4), (last + 1, last - 4))
        # The newest commit stays whatever the setting says.
        self.assertEqual(self.start_keeping(1), (last + 1, last))

    def test_a_broker_that_was_killed_is_trimmed(self):
        # Nothing was said at its end of how far its documents are.
        self.broker.kill()
        self.kontord("--trim", str(self.revisions[3]))
        # A call on a channel to the daemon that is gone may fail as that one did.
        for client in self.broker.clients.values():
            client.close()
        self.broker.clients = {}
        self.broker.start()
        self.portal = self.broker.client("alpine", "portal")
        self.assertEqual(self.portal.call("OrderService.GetProject", id=PROJECT)["name"],
                         f"Name {N_NAMES - 1}")
        self.assertGreater(self.rename("Goes on"), self.revisions[-1])

    def test_what_is_served_begins_at_the_base(self):
        oldest, last = self.revisions[3], self.revisions[-1]
        mine = self.portal.call("OrderService.GetProject", id=PROJECT, as_of={"seq": oldest})
        said = self.trim(oldest)
        self.assertIn(f"trimmed {oldest} commits up to {oldest}; a base of ", said)
        status = self.admin.call("RegistryService.GetStatus")
        self.assertEqual((status["oldest"], status["applied"]), (str(oldest), str(last)))
        # Before it nothing is there, whether the record is or not.
        for seq in (1, oldest - 1):
            for name in (PROJECT, "alpine/none"):
                self.trimmed(oldest, self.portal.call, "OrderService.GetProject", id=name,
                             as_of={"seq": seq})
            self.trimmed(oldest, self.portal.call, "OrderService.ListProjects",
                         as_of={"seq": seq})
            self.trimmed(oldest, self.drain, "OrderService.WatchOrders", after={"seq": seq})
            self.trimmed(oldest, self.read_log, seq)
        self.trimmed(oldest, self.drain, "OrderService.WatchOrders", after={"seq": 0})
        self.trimmed(oldest, self.portal.call, "OrderService.GetProject", id=PROJECT,
                     as_of={"time": "2001-01-01T00:00:00Z"})
        # At it, and behind it, all is as it was.
        self.assertEqual(self.portal.call("OrderService.GetProject", id=PROJECT,
                                          as_of={"seq": oldest}), mine)
        after = self.portal.call("OrderService.GetProject", id=PROJECT,
                                 as_of={"seq": oldest + 1})
        self.assertEqual(after["name"], "Name 4")
        self.assertEqual(self.read_log(oldest), list(range(oldest + 1, last + 1)))
        for seq in (oldest, oldest + 1):
            changes = [int(change["seq"]) for message in
                       self.drain("OrderService.WatchOrders", after={"seq": seq})
                       for change in message.get("changes", [])]
            self.assertEqual(changes, [r for r in self.revisions if r > seq])
        self.assertIn(f"{last - oldest} commits after a base at {oldest}, chain verified to "
                      f"{last}", self.kontord("--check"))

    def backup(self, name, status=0):
        path = os.path.join(self.broker.folder, name)
        said = self.broker.kontor("alpine", "admin", "backup", path, "--output", "table",
                                  status=status)
        return path, said or run.stderr

    def restore(self, backup):
        self.broker.stop()
        self.broker.move_to_new_store()
        self.kontord("--restore", backup)
        self.broker.start()

    def test_a_backup_of_a_trimmed_log_is_whole(self):
        # Enough that the base takes several messages.
        text = "x" * 8000
        for n in range(80):
            self.portal.call("OrderService.CreateProject",
                             project={"id": f"alpine/large-{n:02}", "name": f"Large {n}",
                                      "description": text})
        before, _ = self.backup("before")
        oldest = self.rename("Kept") - 1
        self.rename("Last")
        self.trim(oldest)
        messages = list(self.admin.stream("RegistryService.ReadLog", timeout=20, after=0))
        self.assertEqual(messages[0]["log_base"]["seq"], str(oldest))
        documents = [d for m in messages for d in m.get("documents", [])]
        self.assertEqual(len(documents), int(messages[0]["log_base"]["documents"]))
        self.assertGreater(sum(1 for m in messages if m.get("documents")), 2)
        self.assertEqual([int(c["seq"]) for m in messages for c in m.get("commits", [])],
                         [oldest + 1, oldest + 2])
        whole, said = self.backup("whole")
        self.assertIn(f"a base of {len(documents)} documents, 2 new commits", said)
        said = self.broker.kontor("alpine", "admin", "audit", "verify", whole, "--output", "table")
        self.assertIn(f"a base of {len(documents)} documents, 2 commits after {oldest}", said)
        # A file that ends where the log begins, or later, goes on; an older one does not.
        before, said = self.backup("before")
        self.assertIn("2 new commits", said)
        self.rename("More")
        whole, said = self.backup("whole")
        self.assertIn("1 new commits", said)
        self.trim(oldest + 2)
        _, said = self.backup("before", status=0)
        self.assertIn("1 new commits", said)
        self.rename("And more")
        self.trim(oldest + 3)
        self.restore(whole)
        self.assertEqual(self.portal.call("OrderService.GetProject", id=PROJECT)["name"], "More")
        self.trimmed(oldest, self.portal.call, "OrderService.GetProject", id=PROJECT,
                     as_of={"seq": oldest - 1})
        large = self.portal.call("OrderService.GetProject", id="alpine/large-79",
                                 as_of={"seq": oldest})
        self.assertEqual(large["description"], text)
        self.kontord("--check")

    def test_a_backup_from_before_a_trim_is_not_continued(self):
        path, _ = self.backup("old")
        for n in range(3):
            last = self.rename(f"Later {n}")
        self.trim(last - 1)
        _, said = self.backup("old", status=75)
        self.assertIn("ends where the log does not go on (TRIMMED): write a new file", said)
        said = self.broker.kontor("alpine", "admin", "audit", "verify", path, "--output", "table")
        self.assertIn(f"chain verified to {self.revisions[-1]}", said)

    def test_the_broker_goes_on(self):
        last = self.revisions[-1]
        self.trim(last - 1)
        self.assertEqual(self.rename("Goes on"), last + 1)
        # A key of a trimmed commit is gone: the request is judged like a new one.
        with self.assertRaises(Refused) as caught:
            self.portal.call("OrderService.CreateProject", **self.asked)
        self.assertEqual(caught.exception.reason, "ALREADY_EXISTS")
        self.broker.stop()
        self.kontord("--rebuild")
        self.kontord("--check")
        self.broker.start()
        self.assertEqual(self.portal.call("OrderService.GetProject", id=PROJECT)["name"],
                         "Goes on")

    def test_refusals(self):
        last = self.revisions[-1]
        self.assertIn(f"the newest commit, {last}, stays", self.trim(last, status=1))
        for word in ("0", "-1", "x", "7x", "", "99999999999999999999"):
            self.kontord("--trim", word, status=2)
            self.assertIn("--trim takes a position", run.stderr)
        self.kontord("--trim", "3", "--check", status=2)
        self.assertIn("exclude each other", run.stderr)
        self.assertNotIn("oldest", self.admin.call("RegistryService.GetStatus"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
