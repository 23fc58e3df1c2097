"""What a provider has to give, from the command line: orders take it, one too many is refused, what is delivered keeps it
and what ends frees it; also over a broker that is killed."""
import json
import os
import re
import unittest

from broker import Broker, Failed
from test_order import approve_all, create_project, example

OFFER = "alpine/block-storage/standard"
CAPACITY = "alpine/disks"


class Capacity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("capacity").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        source = example("alpine.json")
        cls.service = next(s for s in source["services"] if s["id"] == OFFER.rsplit("/", 1)[0])
        admin = cls.broker.client("alpine", "admin")
        admin.call("CatalogueService.Import", records=[{"provider": p} for p in source["providers"]] +
                   [{"service": s} for s in source["services"]])
        create_project(cls.broker)
        order = example("order.json")
        cls.wish = next(i for i in order["items"] if i["offer"] == OFFER)

    def file(self, name, record):
        path = os.path.join(self.broker.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(record, file)
        return path

    def kontor(self, role, *words, **more):
        return self.broker.kontor("coast" if role == "portal" else "alpine", role, *words, **more)

    def place(self, name, *words, **more):
        path = self.file(f"{name}.json", {"id": f"coast/{name}", "project": "coast/p1", "items": [self.wish]})
        return self.kontor("portal", "order", "place", path, *words, **more)

    def free(self):
        said = self.kontor("operator", "config", "capacity", "use", CAPACITY, "--output", "json")
        return json.loads(said.splitlines()[0])["outlook"][0]["free"]["value"]

    def test_1_a_capacity_is_made_and_an_offer_takes_of_it(self):
        capacity = {"id": CAPACITY, "provider": self.service["provider"], "name": "Disks", "unit": "TB",
                    "steps": [{"value": "1"}]}
        self.kontor("operator", "config", "capacity", "create", self.file("disks.json", capacity))
        offer = next(o for o in self.service["offers"] if o["iid"] == OFFER.rsplit("/", 1)[1])
        offer["allocations"] = [{"capacity": CAPACITY, "amount": {"value": "0.5", "unit": "TB"}}]
        service = {"id": self.service["id"], "offers": self.service["offers"]}
        self.broker.client("alpine", "admin").call("CatalogueService.UpdateService", service=service, update_mask="offers")
        self.assertIn("Disks", self.kontor("operator", "config", "capacity", "list"))
        self.assertEqual(self.free(), "1")

    def test_2_a_plan_tells_what_it_would_take(self):
        said = self.place("plan", "--validate-only", "--output", "json")
        self.assertRegex(said, r'"capacity": ?"alpine/disks"')
        self.assertEqual(self.free(), "1")

    def test_3_one_too_many_is_refused_with_what_was_needed_and_when(self):
        self.place("o-1")
        self.place("o-2")
        self.assertEqual(self.free(), "0")
        with self.assertRaises(Failed) as caught:
            self.place("o-3")
        self.assertRegex(str(caught.exception), r"0\.5 TB of capacity alpine/disks needed, on 20\d\d-\d\d-\d\d not so much is free")
        said = self.kontor("operator", "config", "capacity", "use", CAPACITY, "--requested", "--output", "table")
        for word in ("coast/o-1/", "coast/o-2/", "coast/p1", "0.5 TB", "OFFERED"):
            self.assertIn(word, said)

    def test_4_a_kill_loses_none_and_frees_none(self):
        self.broker.kill()
        self.broker.start()
        self.assertEqual(self.free(), "0")
        self.kontor("portal", "order", "cancel", "coast/o-2")
        self.assertEqual(self.free(), "0.5")

    def test_5_what_is_delivered_has_it(self):
        approve_all(self.broker, {"id": "coast/o-1", "items": [self.wish]})
        agent = self.broker.client("alpine", "agent")
        session = agent.call("FulfilmentService.RegisterAgent", offers=[OFFER], lease_seconds=60)["id"]
        job = agent.call("FulfilmentService.Claim", session=session)["jobs"][0]
        proof = {"item": job["item"], "fence": job["fence"]}
        agent.call("FulfilmentService.Begin", intent=job["intent"], **proof)
        agent.call("FulfilmentService.Complete", delivery={"backend_id": "b-1"}, **proof)
        said = self.kontor("operator", "config", "capacity", "use", CAPACITY, "--output", "table")
        self.assertIn(job["item"], said)
        self.assertTrue(re.search(r"1 TB +0\.5 TB +0 TB +0\.5 TB", said), said)

    def test_6_the_customer_is_not_told_what_there_is(self):
        with self.assertRaises(Failed) as caught:
            self.kontor("portal", "config", "capacity", "use", CAPACITY)
        self.assertIn("needs one of the roles", str(caught.exception))


if __name__ == "__main__":
    unittest.main(verbosity=2)
