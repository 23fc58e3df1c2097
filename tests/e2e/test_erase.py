"""What a person asked to be erased: gone for readers, watchers, auditors, and after a restore."""
import os
import unittest
import uuid

from broker import Broker, Failed, Refused, run
from mongod import is_mongodb, store_holds
from test_order import create_project, example, load_example

SECRET = "Jane Doe of the second floor"
PROJECT = "alpine/p1"


class Erase(unittest.TestCase):
    def setUp(self):
        self.broker = Broker("erase")
        # A database is no place for a file, so the journal has one named.
        self.broker.set(journal=os.path.join(self.broker.folder, "journal"))
        self.broker.start()
        self.addCleanup(self.broker.close)
        self.admin = self.broker.client("alpine", "admin")
        self.admin.call("RegistryService.CreatePrincipal",
                        principal={"id": "alpine/web", "roles": ["PORTAL"],
                                   "identity": self.broker.uri("alpine", "portal", "web"),
                                   "scopes": ["r:alpine"]})
        self.portal = self.broker.client("alpine", "portal")
        self.asked = {"project": {"id": PROJECT, "name": SECRET}, "request_id": str(uuid.uuid4())}
        self.old = int(self.portal.call("OrderService.CreateProject", **self.asked)["revision"])

    def rename(self, name):
        return int(self.portal.call("OrderService.UpdateProject",
                                    project={"id": PROJECT, "name": name})["revision"])

    def kontord(self, *words, status=0):
        return run([os.environ["KONTORD"], "--config", self.broker.config, *words], status=status)

    def erase(self, *words, kind="project", name=PROJECT, status=0):
        self.assertEqual(self.broker.stop(), 0)
        said = self.kontord("--erase", kind, name, *words, status=status)
        why = run.stderr
        self.broker.start()
        return said or why

    def refused(self, status, reason, call, *words, **fields):
        with self.assertRaises(Refused) as caught:
            call(*words, **fields)
        self.assertEqual((caught.exception.status, caught.exception.reason), (status, reason),
                         caught.exception)
        return caught.exception

    def watched(self):
        changes = []
        for message in self.portal.stream("OrderService.WatchOrders", timeout=20,
                                          after={"seq": 0}):
            changes += message.get("changes", [])
        return changes

    def is_held(self, path):
        """Whether a file holds the secret anywhere."""
        with open(path, "rb") as file:
            return SECRET.encode() in file.read()

    def is_stored(self):
        """Whether the store holds the secret; the broker is stopped."""
        return store_holds(self.broker.values["store"], SECRET)

    def test_before_and_after(self):
        self.broker.stop()
        self.assertTrue(self.is_stored())
        self.broker.start()
        now = self.rename("The project of nobody")
        get = "OrderService.GetProject"
        self.assertEqual(self.portal.call(get, id=PROJECT, as_of={"seq": self.old})["name"], SECRET)
        self.assertEqual([c["seq"] for c in self.watched()], [str(self.old), str(now)])
        said = self.erase("--reason", "art. 17")
        self.assertEqual(said, f"erased 1 old versions and remarks of project {PROJECT}; "
                               f"the log says so at {now + 1}\n")
        self.assertEqual(self.portal.call(get, id=PROJECT)["name"], "The project of nobody")
        self.refused("NOT_FOUND", "NOT_FOUND", self.portal.call, get, id=PROJECT,
                     as_of={"seq": self.old})
        self.assertEqual(self.portal.call(get, id=PROJECT, as_of={"seq": now})["revision"],
                         str(now))
        # Whoever watches from before sees the record as it is, and the remark about it.
        first, remark = self.watched()
        self.assertEqual(first["seq"], str(now))
        self.assertEqual((remark["op"], remark["actor"], remark["note"]["text"]),
                         ("NOTE", "~broker/erase", "art. 17"))
        # The request is not done again, and its answer would be a lie.
        again = self.refused("NOT_FOUND", "NOT_FOUND", self.portal.call,
                             "OrderService.CreateProject", **self.asked)
        self.assertIn("is erased", again.text)
        self.kontord("--check")
        self.broker.stop()
        self.assertFalse(self.is_stored())

    def test_a_backup_of_before_comes_back_erased(self):
        backup = os.path.join(self.broker.folder, "backup")
        self.rename("The project of nobody")
        self.broker.kontor("alpine", "admin", "backup", backup)
        self.assertTrue(self.is_held(backup))
        self.erase("--reason", "art. 17")
        self.broker.kontor("alpine", "admin", "backup", backup + ".after")
        self.assertFalse(self.is_held(backup + ".after"))
        said = self.broker.kontor("alpine", "admin", "audit", "verify", backup + ".after",
                                  "--output", "table")
        self.assertIn(", 1 erased", said)
        self.broker.stop()
        self.broker.move_to_new_store()
        said = self.kontord("--restore", backup)
        self.assertIn("1 erasures in the journal", said)
        self.assertFalse(self.is_stored())
        self.broker.start()
        self.assertEqual(self.portal.call("OrderService.GetProject", id=PROJECT)["name"],
                         "The project of nobody")
        self.refused("NOT_FOUND", "NOT_FOUND", self.portal.call, "OrderService.GetProject",
                     id=PROJECT, as_of={"seq": self.old})
        self.kontord("--check")

    def test_a_version_that_is_present_again_is_told(self):
        backup = os.path.join(self.broker.folder, "backup")
        self.broker.kontor("alpine", "admin", "backup", backup)
        self.rename("The project of nobody")
        self.erase("--reason", "art. 17")
        self.broker.stop()
        self.broker.move_to_new_store()
        said = self.kontord("--restore", backup)
        self.assertIn(f"project {PROJECT} was erased up to {self.old}, but revision {self.old} is "
                      "its present one again: change or remove it, then erase it again", said)
        self.broker.start()
        self.assertEqual(self.portal.call("OrderService.GetProject", id=PROJECT)["name"], SECRET)

    def test_without_a_journal(self):
        """Beside a file there is a place for one; beside a database one is asked for."""
        self.rename("The project of nobody")
        self.broker.set(journal="")
        if is_mongodb():
            self.assertIn("set `journal`", self.erase("--reason", "r", status=1))
            self.assertTrue(self.is_told())
        else:
            self.assertIn("erased 1 old versions", self.erase("--reason", "r"))
            self.assertTrue(os.path.exists(self.broker.values["store"] + ".journal"))

    def is_told(self):
        old = self.portal.call("OrderService.GetProject", id=PROJECT, as_of={"seq": self.old})
        return old["name"] == SECRET

    def test_a_message_goes_whole(self):
        """Nobody can change a message, so it need not be changed first."""
        self.broker.furnish()
        load_example(self.broker)
        create_project(self.broker)
        portal = self.broker.client("coast", "portal")
        portal.call("OrderService.PlaceOrder", **example("order.json"))
        order = example("order.json")["id"]
        message = portal.call("OrderService.PostMessage", order=order, text=SECRET + " says so")
        portal.call("OrderService.PostMessage", order=order, text="And I, too")
        said = self.erase("--reason", "art. 17", kind="message", name=message["id"])
        self.assertIn(f"erased 1 old versions and remarks of message {message['id']}", said)
        portal = self.broker.client("coast", "portal")
        left = portal.call("OrderService.ListMessages", order=order)["messages"]
        self.assertEqual([m["text"] for m in left], ["And I, too"])
        changes = []
        for answer in portal.stream("OrderService.WatchOrders", timeout=20, after={"seq": 0},
                                    kinds=["message"]):
            changes += answer.get("changes", [])
        self.assertEqual([(c["op"], c["id"] == message["id"]) for c in changes],
                         [("PUT", False), ("DELETE", True)])
        self.kontord("--check")
        self.broker.stop()
        self.assertFalse(store_holds(self.broker.values["store"], SECRET + " says"))

    def test_refusals(self):
        self.assertIn("--erase needs --reason", self.erase(status=2))
        self.assertIn("there is no kind \"thing\"",
                      self.erase("--reason", "r", kind="thing", status=1))
        self.assertIn("knows no project alpine/none",
                      self.erase("--reason", "r", name="alpine/none", status=1))
        self.assertIn("has no old version left", self.erase("--reason", "r"))
        # Not beside a broker that runs.
        with self.assertRaises(Failed) as caught:
            self.kontord("--erase", "project", PROJECT, "--reason", "r")
        self.assertIn("is in use by another broker", str(caught.exception))
        self.kontord("--erase", "project", status=2)
        self.assertIn("a value is missing after --erase", run.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
