"""One who is killed at the worst moment: an agent that has created and not said so, a consumer that
has seen and not saved it. And the kill test itself must fail where a part is wrong on purpose."""
import json
import os
import subprocess
import unittest

from broker import Broker, wait_for
from ledger import Ledger
from storm import furnish
from storm_part import repeat
from storm_plan import OPEN, Plan
from test_storm import play


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("crash").start()
        cls.addClassCleanup(cls.broker.close)
        furnish(cls.broker)
        cls.portal = cls.broker.client("coast", "portal")
        cls.ledger = Ledger(os.path.join(cls.broker.folder, "backend"))

    def place(self, name):
        repeat(self.portal, "OrderService.PlaceOrder", id=f"coast/{name}", project="coast/p1",
               items=[{"id": "volume", "action": "ADD", "offer": OPEN}])
        return f"coast/{name}"

    def item(self, order):
        return repeat(self.portal, "OrderService.GetOrder", id=order)["items"][0]

    # Agents ----------------------------------------------------------------------------

    def agent(self, *words):
        """An agent on libkontor; it ends with the test."""
        process = subprocess.Popen(
            [os.environ["KONTOR_STORM_AGENT"], "--backend", self.ledger.folder, *words, OPEN],
            stdin=subprocess.PIPE, env=self.broker.environment("alpine", "agent"))
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def created_and_killed(self, name):
        """An order whose agent was killed between the creation and its Complete."""
        order = self.place(name)
        first = self.agent("--name", "first", "--plant", "stuck")
        item = wait_for(lambda: self.item(order) if self.item(order)["state"] == "IN_PROGRESS"
                        else None, 20, "work to begin")
        intent = item["job"]["intent"]
        wait_for(lambda: self.ledger.exists(intent) or None, 20, "the object")
        first.kill()
        self.assertEqual(first.wait(), -9)
        self.assertEqual(self.item(order)["state"], "IN_PROGRESS")
        return order, intent

    def completed(self, order):
        wait_for(lambda: self.item(order)["state"] == "COMPLETED" or None, 40, "its completion")
        return self.item(order)

    def test_k25_an_agent_killed_after_it_created_leaves_one_object(self):
        order, intent = self.created_and_killed("k-25")
        self.agent("--name", "second")
        item = self.completed(order)
        self.assertEqual(self.ledger.told(intent), ["create", "found"])
        self.assertEqual((item["job"]["attempt"], item["delivery"]["backend_id"]), (2, intent))

    def test_k25_and_the_broker_is_killed_with_it(self):
        order, intent = self.created_and_killed("k-25-broker")
        self.broker.kill()
        self.broker.start()
        self.agent("--name", "second")
        self.completed(order)
        self.assertEqual(self.ledger.told(intent), ["create", "found"])

    def test_k25_an_agent_that_does_not_look_creates_twice(self):
        """What the tests above rest on: the backend refuses nothing, and counts."""
        order, intent = self.created_and_killed("k-25-blind")
        self.agent("--name", "second", "--plant", "blind")
        self.completed(order)
        self.assertEqual(self.ledger.told(intent), ["create", "create"])

    # Consumers -------------------------------------------------------------------------

    def consumer(self, after):
        process = subprocess.Popen(
            [os.environ["KONTOR"], "order", "watch", "coast", "--after", str(after)],
            stdout=subprocess.PIPE, env=self.broker.environment("coast", "portal"))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def take(self, process):
        """The changes of the next position, whole."""
        changes = [json.loads(process.stdout.readline())]
        while changes[-1].get("more"):
            changes.append(json.loads(process.stdout.readline()))
        return changes

    def test_k53_a_consumer_that_crashed_gets_again_what_it_had_not_saved(self):
        saved = int(repeat(self.portal, "OrderService.ListOrders")["position"]["seq"])
        orders = [self.place(f"k-53-{n}") for n in range(3)]
        seen = []
        for order in orders:
            # Seen twice, by two that crash before they save it; saved by the third.
            lives = []
            for _ in range(3):
                process = self.consumer(saved)
                lives.append(self.take(process))
                process.kill()
                self.assertEqual(process.wait(), -9)
                self.broker.kill()
                self.broker.start()
            self.assertEqual(lives[1:], lives[:1] * 2)
            self.assertIn(order, [change["id"] for change in lives[0]])
            self.assertGreater(int(lives[0][0]["seq"]), saved)
            saved = int(lives[0][-1]["seq"])
            seen += lives[0]
        self.assertEqual([change["id"] for change in seen if change["kind"] == "order"], orders)

    # The kill test ---------------------------------------------------------------------

    def test_the_kill_test_fails_where_a_part_is_wrong(self):
        plan = Plan(1, 100, 8, ("blind", "messy", "forgetful"), calm=0.4)
        faults, _, _ = play(plan)
        kinds = {fault.partition(":")[0] for fault in faults}
        self.assertLessEqual({"twice", "left", "watch"}, kinds, faults)


if __name__ == "__main__":
    unittest.main(verbosity=2)
