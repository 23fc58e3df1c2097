"""`kontor agent run` with a program for every kind of work: approve, make, change, renew, end, clean up."""
import json
import os
import stat
import unittest

from broker import Broker, wait_for
from test_order import create_project, example

OFFER = "alpine/block-storage/standard"
PROGRAMS = {
    # Each line of the backend is one object: its name, then its size.
    "make": """#!/bin/sh
[ "$KONTOR_PARAM_size_gb" = 666 ] && exit 65
echo "$KONTOR_INTENT $KONTOR_PARAM_size_gb" >> "$BACKEND"
echo "{\\"backend_id\\": \\"b-$KONTOR_INTENT\\"}"
""",
    "find": """#!/bin/sh
grep -q "^$KONTOR_INTENT " "$BACKEND" || exit 66
echo "{\\"backend_id\\": \\"b-$KONTOR_INTENT\\"}"
""",
    "remove": """#!/bin/sh
grep -q "^$KONTOR_INTENT " "$BACKEND" || exit 66
grep -v "^$KONTOR_INTENT " "$BACKEND" > "$BACKEND.new"
mv "$BACKEND.new" "$BACKEND"
""",
    "change": """#!/bin/sh
[ "$KONTOR_BACKEND_ID" = "b-$KONTOR_INTENT" ] || exit 65
echo "$KONTOR_ACTION $KONTOR_KIND" >> "$BACKEND.changes"
[ "$KONTOR_ACTION" = ACTION_MODIFY ] || exit 0
sed -i "s/^$KONTOR_INTENT .*/$KONTOR_INTENT $KONTOR_PARAM_size_gb/" "$BACKEND"
""",
    "judge": """#!/bin/sh
[ "$KONTOR_PARAM_size_gb" -gt 500 ] || exit 0
[ "$KONTOR_PARAM_size_gb" = 666 ] && exit 0
echo "{\\"reason\\": \\"no more than 500\\"}"
exit 65
""",
}


class Kinds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("kinds").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        source = example("alpine.json")
        for service in source["services"]:
            for offer in service["offers"]:
                if f"{service['id']}/{offer['iid']}" == OFFER:
                    offer.update(is_evaluated=True, valid_days=30)
        records = [{"provider": p} for p in source["providers"]]
        records += [{"service": s} for s in source["services"]]
        cls.broker.client("alpine", "admin").call("CatalogueService.Import", records=records)
        create_project(cls.broker)
        cls.portal = cls.broker.client("coast", "portal")
        cls.backend = os.path.join(cls.broker.folder, "backend")
        open(cls.backend, "w", encoding="ascii").close()
        words = ["agent", "run", "--offer", OFFER]
        for option, name in (("provision", "make"), ("lookup", "find"), ("remove", "remove"),
                             ("modify", "change"), ("evaluate", "judge")):
            path = os.path.join(cls.broker.folder, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(PROGRAMS[name])
            os.chmod(path, stat.S_IRWXU)
            words += [f"--{option}", path]
        cls.log = open(os.path.join(cls.broker.folder, "agent.log"), "w", encoding="utf-8")
        cls.addClassCleanup(cls.log.close)
        cls.broker.spawn("alpine", "agent", *words, stdout=cls.log, BACKEND=cls.backend)

    def place(self, name, size=None, **item):
        if size is not None:
            item["parameters"] = [{"id": "size_gb", "value": {"integer": str(size)}}]
        self.portal.call("OrderService.PlaceOrder", id=f"coast/{name}", project="coast/p1",
                         items=[{"id": "x", **item}])
        return self.ended(f"coast/{name}")

    def item(self, order):
        return self.portal.call("OrderService.GetOrder", id=order)["items"][0]

    def ended(self, order):
        final = ("COMPLETED", "FAILED", "REJECTED", "CANCELLED_BEGUN")
        wait_for(lambda: self.item(order)["state"] in final or None, 20, f"{order} to end")
        return self.item(order)

    def objects(self):
        with open(self.backend, encoding="ascii") as file:
            return dict(line.split() for line in file)

    def instance(self):
        return self.portal.call("OrderService.GetInstance", id="coast/o-1/x")

    def test_1_what_is_too_large_is_rejected_by_the_agent(self):
        item = self.place("o-0", 501, offer=OFFER)
        self.assertEqual((item["state"], item["reason_text"]), ("REJECTED", "no more than 500"))
        self.assertEqual(item["approvals"][0]["decided_by"], "alpine/agent-1")

    def test_2_made_changed_renewed_and_ended(self):
        made = self.place("o-1", 10, offer=OFFER)
        self.assertEqual(made["state"], "COMPLETED", made)
        name = made["job"]["intent"]
        self.assertEqual(self.objects(), {name: "10"})
        until = self.instance()["valid_until"]
        self.assertEqual(self.place("o-2", 20, action="ACTION_MODIFY",
                                    instance="coast/o-1/x")["state"], "COMPLETED")
        self.assertEqual(self.objects(), {name: "20"})
        self.assertEqual(self.instance()["parameters"][0]["value"], {"integer": "20"})
        self.place("o-3", action="ACTION_RENEW", instance="coast/o-1/x")
        self.assertGreater(self.instance()["valid_until"], until)
        self.place("o-4", action="ACTION_SUSPEND", instance="coast/o-1/x")
        self.assertEqual(self.instance()["state"], "INSTANCE_SUSPENDED")
        self.place("o-5", action="ACTION_RESUME", instance="coast/o-1/x")
        with open(self.backend + ".changes", encoding="ascii") as file:
            self.assertEqual(file.read().splitlines(),
                             ["ACTION_MODIFY MODIFY", "ACTION_RENEW RENEW",
                              "ACTION_SUSPEND MODIFY", "ACTION_RESUME MODIFY"])
        self.place("o-6", action="ACTION_TERMINATE", instance="coast/o-1/x")
        self.assertEqual(self.instance()["state"], "INSTANCE_TERMINATED")
        self.assertEqual(self.objects(), {})
        table = self.broker.kontor("coast", "portal", "instance", "list", "--output", "table")
        self.assertIn("INSTANCE_TERMINATED", table)

    def test_3_k42_what_failed_is_cleaned_up_though_nothing_is_there(self):
        item = self.place("o-7", 666, offer=OFFER)
        self.assertEqual(item["state"], "FAILED")
        wait_for(lambda: self.item("coast/o-7").get("cleanup") == "CLEANUP_DONE" or None, 20,
                 "the cleanup")
        self.assertEqual(self.objects(), {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
