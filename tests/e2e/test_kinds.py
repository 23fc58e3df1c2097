"""`kontor agent run` with a program for every kind of work: approve, make, change, renew, end, clean up,
say whether it still can be cancelled."""
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
# Some take until they are told to stop, or may end.
trap 'echo told >> "$BACKEND.$KONTOR_PARAM_size_gb.told"; exit 75' TERM
while [ "$KONTOR_PARAM_size_gb" -gt 400 ] && [ ! -e "$BACKEND.$KONTOR_PARAM_size_gb.may-end" ]; do
    sleep 0.1
done
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
    # 402 cannot be cancelled any more; 403 is not known at first.
    "ponder": """#!/bin/sh
grep -q '"cancel_reason": *"changed our mind"' || exit 1
[ "$KONTOR_CANCEL_REASON" = "changed our mind" ] || exit 1
echo "$KONTOR_KIND $KONTOR_INTENT" >> "$BACKEND.$KONTOR_PARAM_size_gb.asked"
case "$KONTOR_PARAM_size_gb" in
402) echo "{\\"reason\\": \\"it is cut already\\"}"; exit 65 ;;
403) [ "$(wc -l < "$BACKEND.403.asked")" -gt 1 ] || exit 75 ;;
esac
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
                    offer.update(is_evaluated=True, valid_days=30, settle_seconds=1)
        records = [{"provider": p} for p in source["providers"]]
        records += [{"service": s} for s in source["services"]]
        cls.broker.client("alpine", "admin").call("CatalogueService.Import", records=records)
        create_project(cls.broker)
        cls.portal = cls.broker.client("coast", "portal")
        cls.backend = os.path.join(cls.broker.folder, "backend")
        open(cls.backend, "w", encoding="ascii").close()
        # It hears of a cancel at a third of its lease.
        words = ["agent", "run", "--offer", OFFER, "--lease", "9"]
        for option, name in (("provision", "make"), ("lookup", "find"), ("remove", "remove"),
                             ("modify", "change"), ("evaluate", "judge"), ("assess", "ponder")):
            path = os.path.join(cls.broker.folder, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(PROGRAMS[name])
            os.chmod(path, stat.S_IRWXU)
            words += [f"--{option}", path]
        cls.log = open(os.path.join(cls.broker.folder, "agent.log"), "w", encoding="utf-8")
        cls.addClassCleanup(cls.log.close)
        cls.broker.spawn("alpine", "agent", *words, stdout=cls.log, BACKEND=cls.backend)

    def place(self, name, size=None, **item):
        self.send(name, size, **item)
        return self.ended(f"coast/{name}")

    def send(self, name, size=None, **item):
        if size is not None:
            item["parameters"] = [{"id": "size_gb", "value": {"integer": str(size)}}]
        self.portal.call("OrderService.PlaceOrder", id=f"coast/{name}", project="coast/p1",
                         items=[{"id": "x", **item}])

    def begin(self, name, size):
        """Orders what takes until it may end; answers the name of its object once it is made."""
        self.send(name, size, offer=OFFER)
        wait_for(lambda: str(size) in self.objects().values() or None, 20, f"{name} to be made")
        return self.item(f"coast/{name}")["job"]["intent"]

    def cancel(self, name):
        self.portal.call("OrderService.CancelOrder", id=f"coast/{name}", reason="changed our mind")

    def lines(self, size, what):
        try:
            with open(f"{self.backend}.{size}.{what}", encoding="ascii") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def item(self, order):
        return self.portal.call("OrderService.GetOrder", id=order)["items"][0]

    def ended(self, order, seconds=20):
        final = ("COMPLETED", "FAILED", "REJECTED", "CANCELLED_BEGUN")
        wait_for(lambda: self.item(order)["state"] in final or None, seconds,
                 f"{order} to end")
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

    def test_4_a_cancel_it_accepts_ends_the_work_and_undoes_it(self):
        name = self.begin("o-8", 401)
        self.cancel("o-8")
        item = self.ended("coast/o-8")
        self.assertEqual((item["state"], item["cancel"]["decided_by"]),
                         ("CANCELLED_BEGUN", "alpine/agent-1"))
        self.assertEqual(self.lines(401, "asked"), [f"ASSESS_CANCEL {name}"])
        self.assertEqual(self.lines(401, "told"), ["told"])
        self.assertEqual(self.objects(), {})

    def test_5_a_cancel_it_declines_lets_the_work_go_on(self):
        name = self.begin("o-9", 402)
        self.cancel("o-9")
        wait_for(lambda: self.item("coast/o-9")["state"] == "IN_PROGRESS" or None, 20,
                 "the cancel to be declined")
        self.assertEqual(self.item("coast/o-9")["cancel"]["decision"], "it is cut already")
        # Asked again, it is asked again.
        self.cancel("o-9")
        wait_for(lambda: len(self.lines(402, "asked")) == 2 or None, 20, "the second question")
        open(f"{self.backend}.402.may-end", "w", encoding="ascii").close()
        self.assertEqual(self.ended("coast/o-9")["state"], "COMPLETED")
        self.assertEqual(self.lines(402, "told"), [])
        self.assertEqual(self.objects(), {name: "402"})
        self.place("o-10", action="ACTION_TERMINATE", instance="coast/o-9/x")
        self.assertEqual(self.objects(), {})

    def test_6_what_it_leaves_open_it_is_asked_again(self):
        self.begin("o-11", 403)
        self.cancel("o-11")
        self.assertEqual(self.ended("coast/o-11")["state"], "CANCELLED_BEGUN")
        self.assertEqual(len(self.lines(403, "asked")), 2)
        self.assertEqual(self.objects(), {})

    def test_7_what_nobody_works_on_is_asked_by_a_job(self):
        name = self.begin("o-12", 404)
        self.broker.client("alpine", "operator").call(
            "OrderService.HoldItem", id="coast/o-12/x", cause="MAINTENANCE", reason="a disk is full")
        self.cancel("o-12")
        # Not before the lease of whom it was taken from is over.
        self.assertEqual(self.ended("coast/o-12", 40)["state"], "CANCELLED_BEGUN")
        self.assertEqual(self.lines(404, "asked"), [f"ASSESS_CANCEL {name}"])
        self.assertEqual(self.objects(), {})

    def test_8_the_agent_has_said_what_it_did(self):
        with open(self.log.name, encoding="utf-8") as file:
            events = [json.loads(line) for line in file if line.startswith("{")]
        what = [one["what"] for one in events if one["item"] == "coast/o-8/x"]
        self.assertEqual([one for one in what if one in ("assess", "cancelled", "done")],
                         ["assess", "cancelled", "done"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
