"""A backup from before the work, restored after it: nothing is created a second time."""
import os
import unittest

from agent import Agent, Backend
from broker import Broker, run, wait_for
from test_order import create_project, example, load_example

OFFER = "alpine/block-storage/standard"
ORDERS = ("begun", "claimed", "queued", "waiting")


class Restore(unittest.TestCase):
    def setUp(self):
        self.broker = Broker("restore").start().furnish()
        self.addCleanup(self.broker.close)
        load_example(self.broker)
        create_project(self.broker)
        self.portal = self.broker.client("coast", "portal")
        self.agent = self.broker.client("alpine", "agent")
        self.backend = Backend()

    def place(self, name):
        order = example("order.json")
        order["id"] = f"coast/{name}"
        order["items"] = order["items"][:1]
        self.assertEqual(order["items"][0]["offer"], OFFER)
        self.item = order["items"][0]["id"]
        self.portal.call("OrderService.PlaceOrder", **order)

    def approve(self, name):
        self.broker.client("alpine", "operator").call(
            "OrderService.DecideItem", id=f"coast/{name}/{self.item}", decision="APPROVE")

    def claim(self):
        session = self.agent.call("FulfilmentService.RegisterAgent", offers=[OFFER],
                                  lease_seconds=5)
        return self.agent.call("FulfilmentService.Claim", session=session["id"])["jobs"][0]

    def begin(self, job):
        self.agent.call("FulfilmentService.Begin", item=job["item"], fence=job["fence"],
                        intent=job["intent"])
        self.backend.create(job["intent"])

    def deliver_all(self):
        """Lets an agent work until every order is delivered."""
        agent = Agent(self.agent, self.backend, [OFFER])
        agent.start()
        wait_for(lambda: self.are_completed() or None, 40, "every order to be delivered")
        agent.stop()

    def are_completed(self):
        replies = [self.portal.call("OrderService.GetOrder", id=f"coast/{n}") for n in ORDERS]
        return all(r["order"]["state"] == "ORDER_COMPLETED" for r in replies)

    def restore(self, backup):
        self.assertEqual(self.broker.stop(), 0)
        self.broker.move_to_new_store()
        said = run([os.environ["KONTORD"], "--config", self.broker.config, "--restore", backup])
        self.assertIn(f"{len(ORDERS)} open items moved to recovery", said)
        self.broker.start()

    def test_nothing_is_created_twice(self):
        for name in ORDERS[:3]:
            self.place(name)
            self.approve(name)
            if name == "begun":
                self.begin(self.claim())
            if name == "claimed":
                claimed = self.claim()
        self.place("waiting")
        backup = os.path.join(self.broker.folder, "backup")
        self.broker.kontor("alpine", "admin", "backup", backup)
        # The future that is lost: all of it is begun, created and delivered.
        self.begin(claimed)
        self.approve("waiting")
        self.deliver_all()
        self.assertEqual(len(self.backend.made), len(ORDERS))
        self.restore(backup)
        self.approve("waiting")
        self.deliver_all()
        self.assertEqual(sorted(self.backend.made), sorted(set(self.backend.made)))
        self.assertEqual(len(self.backend.made), len(ORDERS))


if __name__ == "__main__":
    unittest.main(verbosity=2)
