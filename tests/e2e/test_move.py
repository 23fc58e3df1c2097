"""From MongoDB to a file and back, one command each way; and maintenance that was killed in it."""
import os
import subprocess
import unittest

from broker import Failed, run, wait_for
from case import Case, project, until_known, whole_log
from mongod import store_address
from test_order import approve_all, create_project, example, load_example

LISTS = (("alpine", "admin", "CatalogueService.ListProviders", "providers"),
         ("alpine", "admin", "CatalogueService.ListServices", "services"),
         ("alpine", "admin", "ConfigurationService.ListSites", "sites"),
         ("alpine", "admin", "ConfigurationService.ListEndpoints", "endpoints"),
         ("alpine", "admin", "RegistryService.ListPrincipals", "principals"),
         ("coast", "portal", "OrderService.ListProjects", "projects"),
         ("coast", "portal", "OrderService.ListOrders", "orders"),
         ("coast", "portal", "OrderService.ListItems", "items"))
HELD_MS = 60000


class Move(Case):
    def setUp(self):
        self.mongod = self.server()
        self.kontord = self.broker(self.mongod)

    def fill(self):
        """Records of every family, and some with a past."""
        self.kontord.start().furnish()
        load_example(self.kontord)
        create_project(self.kontord)
        portal = self.kontord.client("coast", "portal")
        for n in range(3):
            order = {**example("order.json"), "id": f"coast/o-{n}"}
            portal.call("OrderService.PlaceOrder", **order)
            if n == 1:
                approve_all(self.kontord, order)
        for n in range(5):
            portal.call("OrderService.UpdateProject",
                        project={"id": "coast/p1", "description": str(n)})
        return portal.seq

    def start(self):
        """The channels of a daemon before it are of no use any more."""
        for client in self.kontord.clients.values():
            client.close()
        self.kontord.clients = {}
        self.kontord.start()

    def everything(self):
        """All that can be listed, and how it was at an earlier position."""
        found = {}
        for registry, role, method, field in LISTS:
            client = self.kontord.client(registry, role)
            found[method] = list(client.pages(method, field, page_size=7))
            if "Principals" not in method:
                found[method + " before"] = list(client.pages(method, field,
                                                              as_of={"seq": self.middle}))
        found["log"] = whole_log(self.kontord.client("alpine", "admin"))
        return found

    def path(self, name):
        return os.path.join(self.kontord.folder, name)

    def backup(self, name="backup", status=0):
        self.kontord.kontor("alpine", "admin", "backup", self.path(name), status=status)
        return self.path(name)

    def move_to(self, store):
        self.kontord.set(store=store)

    # There and back ------------------------------------------------------------------------

    def moved(self, store):
        """Backs up, loses a little, and restores into another store."""
        backup = self.backup()
        kept = self.everything()
        portal = self.kontord.client("coast", "portal")
        common = int(kept["log"][-1]["seq"])
        lost = int(portal.call("OrderService.CreateProject", **project("lost"))["revision"])
        self.assertEqual(self.kontord.stop(), 0)
        self.says(run([os.environ["KONTOR"], "audit", "verify", backup]), str(common))
        self.move_to(store)
        self.says(self.kontord.kontord("--restore", backup), "restored", "moved to recovery")
        self.start()
        portal = self.kontord.client("coast", "portal")
        for seq in (lost, lost + 1):
            refused = self.refused("OUT_OF_RANGE", "HISTORY_CHANGED", portal.call,
                                   "OrderService.ListProjects", as_of={"seq": lost})
            self.assertEqual(refused.values["lastCommonSeq"], str(common))
        self.refused("NOT_FOUND", "NOT_FOUND", portal.call, "OrderService.GetProject",
                     id="coast/lost")
        status = self.kontord.client("alpine", "admin").call("RegistryService.GetStatus")
        self.assertEqual(status["histories"][-1]["last_common_seq"], str(common))
        self.kontord.kontor("alpine", "admin", "backup", backup, status=None)
        self.says(run.stderr, "write a new file")
        now = self.everything()
        self.assertEqual(now["log"][:len(kept["log"])], kept["log"])
        self.says(self.kontord.kontord("--check"), "chain verified")
        # Recovery touches what was queued, and nothing else.
        for method in kept:
            if method.endswith("before") or "Order" not in method and method != "log":
                self.assertEqual(now[method], kept[method], method)
        self.middle = now["log"][-1]["seq"]
        return int(status["histories"][-1]["first_seq"])

    def test_to_a_file_and_back(self):
        self.middle = self.fill() - 3
        self.assertEqual(self.kontord.client("alpine", "admin").call(
            "RegistryService.GetStatus")["store"], "mongodb")
        first = self.moved("moved.db")
        self.assertEqual(self.kontord.client("alpine", "admin").call(
            "RegistryService.GetStatus")["store"], "sqlite")
        os.rename(self.path("backup"), self.path("older"))
        self.assertGreater(self.moved(store_address("", "back", self.mongod.uri)), first)
        histories = self.kontord.client("alpine", "admin").call(
            "RegistryService.GetStatus")["histories"]
        self.assertEqual(len(histories), 3)

    def test_a_backup_that_grows(self):
        self.fill()
        path = self.backup()
        sizes = [os.path.getsize(path)]
        portal = self.kontord.client("coast", "portal")
        for n in range(3):
            seq = int(portal.call("OrderService.CreateProject", **project(f"q{n}"))["revision"])
            self.backup()
            sizes.append(os.path.getsize(path))
            self.says(run([os.environ["KONTOR"], "audit", "verify", path]), str(seq))
            self.kontord.kill()
            self.start()
            portal = self.kontord.client("coast", "portal")
        self.assertEqual(sizes, sorted(set(sizes)))
        self.assertLess(sizes[-1], 2 * sizes[0])
        # Onto what is there already nothing is restored.
        self.assertEqual(self.kontord.stop(), 0)
        self.says(self.kontord.kontord("--restore", path, status=1), "not empty")

    # Maintenance ---------------------------------------------------------------------------

    def test_check_beside_a_broker_and_behind_a_kill(self):
        seq = self.fill()
        self.says(self.kontord.kontord("--check"), f"chain verified to {seq}", "2 registries")
        portal = self.kontord.client("coast", "portal")
        # Its documents are not written yet when it dies.
        self.assertEqual(self.mongod.tell(f"script delay={HELD_MS}@insert/project"), "ok")
        before = self.mongod.tell("count insert")
        future = portal.channel.unary_unary("/kontor.v1.OrderService/CreateProject").future(
            portal._method("OrderService.CreateProject")[1](
                project={"id": "coast/late", "name": "late"}).SerializeToString())
        wait_for(lambda: int(self.mongod.tell("count insert").split()[1])
                 >= int(before.split()[1]) + 2 or None, 20, "the document's insert")
        self.kontord.kill()
        self.assertIsNotNone(future.exception(timeout=20))
        self.assertEqual(self.mongod.tell("script"), "ok")
        self.says(self.kontord.kontord("--check"), f"chain verified to {seq + 1}")
        self.start()
        self.assertEqual(self.kontord.client("coast", "portal").call(
            "OrderService.GetProject", id="coast/late")["revision"], str(seq + 1))

    def killed_in(self, words, fault, n=1):
        """Ends kontord at a command of a fault, with SIGKILL."""
        self.assertEqual(self.mongod.tell(f"script {fault}"), "ok")
        command = fault.split("@")[1].split("/")[0].split("#")[0]
        before = int(self.mongod.tell(f"count {command}").split()[1])
        child = subprocess.Popen([os.environ["KONTORD"], "--config", self.kontord.config, *words],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: int(self.mongod.tell(f"count {command}").split()[1]) >= before + n
                 or None, 30, f"{n} {command}")
        child.kill()
        self.assertEqual(child.wait(30), -9)
        self.assertEqual(self.mongod.tell("script"), "ok")
        # What was held comes late, or never: both must be borne.
        self.assertEqual(self.mongod.tell("settle"), "ok")

    def test_a_rebuild(self):
        self.middle = self.fill() - 3
        kept = self.everything()
        self.says(self.kontord.kontord("--rebuild", status=1), "in use by another broker",
                  f"process {self.kontord.daemon.pid}", "stop that one first")
        self.assertEqual(self.everything(), kept)
        self.kontord.kill()
        self.says(self.kontord.kontord("--rebuild"), "rebuilt every document")
        self.start()
        self.assertEqual(self.everything(), kept)
        self.assertEqual(self.kontord.stop(), 0)
        for fault, n in ((f"delay={HELD_MS}@drop#3", 3), (f"delay={HELD_MS}@createIndexes#2", 2),
                         (f"delay={HELD_MS}@insert#1", 1), (f"delay_after={HELD_MS}@insert#2", 2)):
            with self.subTest(fault):
                self.killed_in(["--rebuild"], fault, n)
                with self.assertRaises(Failed) as caught:
                    self.start()
                self.says(str(caught.exception), "did not end", "kontord --rebuild")
                self.says(self.kontord.kontord("--rebuild"), "rebuilt every document")
                self.says(self.kontord.kontord("--check"), "chain verified")
        self.start()
        self.assertEqual(self.everything(), kept)

    def test_a_restore_that_was_killed(self):
        self.middle = self.fill() - 3
        kept = self.everything()
        backup = self.backup()
        self.assertEqual(self.kontord.stop(), 0)
        for fault, n in ((f"delay={HELD_MS}@insert/log#1", 2),
                         (f"delay_after={HELD_MS}@insert/log#1", 2),
                         (f"delay={HELD_MS}@insert/service#1", 5)):
            with self.subTest(fault):
                self.move_to(store_address("", "restored", self.mongod.uri))
                self.killed_in(["--restore", backup], fault, n)
                with self.assertRaises(Failed) as caught:
                    self.start()
                self.says(str(caught.exception), "did not end", "kontord --restore")
                self.says(self.kontord.kontord("--rebuild", status=1), "kontord --restore")
                self.says(self.kontord.kontord("--restore", backup), "restored")
                self.says(self.kontord.kontord("--check"), "chain verified")
        self.start()
        now = self.everything()
        self.assertEqual(now["log"][:len(kept["log"])], kept["log"])
        for method in (m for m in kept if m.endswith("before")):
            self.assertEqual(now[method], kept[method])


if __name__ == "__main__":
    unittest.main(verbosity=2)
