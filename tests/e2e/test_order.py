"""The order of the demo from end to end, by a foreign client over real TLS."""
import json
import os
import unittest
from datetime import date

from agent import Agent, Backend
from broker import EXAMPLES, Broker, Refused
from watcher import Watcher, line

OFFERS = ["alpine/block-storage/standard", "alpine/notebooks/gpu"]


def example(name):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
        return json.load(file)


def load_example(broker):
    """The example catalogue and sites through the import calls."""
    source = example("alpine.json")
    records = [{"provider": p} for p in source["providers"]]
    records += [{"service": s} for s in source["services"]]
    reply = broker.client("alpine", "admin").call("CatalogueService.Import", records=records)
    records = [{"operator_group": g} for g in source["operator_groups"]]
    records += [{"site": s} for s in source["sites"]]
    records += [{"endpoint": e} for e in source["endpoints"]]
    records += [{"downtime": d} for d in source["downtimes"]]
    more = broker.client("alpine", "site_admin").call("ConfigurationService.Import",
                                                      records=records)
    return reply["results"] + more["results"]


def create_project(broker):
    return broker.client("coast", "portal").call(
        "OrderService.CreateProject", project={"id": "coast/p1", "name": "Summer school"})


def approve_all(broker, order):
    for item in order["items"]:
        broker.client("alpine", "operator").call(
            "OrderService.DecideItem", id=f"{order['id']}/{item['id']}", decision="APPROVE",
            reason="welcome")


class Order(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("order").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        cls.results = load_example(cls.broker)
        create_project(cls.broker)
        cls.portal = cls.broker.client("coast", "portal")

    def refused(self, status, call, *words, **fields):
        with self.assertRaises(Refused) as caught:
            call(*words, **fields)
        self.assertEqual(caught.exception.status, status, caught.exception)
        return caught.exception

    def test_1_every_example_record_is_created(self):
        source = example("alpine.json")
        self.assertEqual(len(self.results), sum(len(rows) for rows in source.values()))
        for result in self.results:
            self.assertEqual(result["outcome"], "CREATED", result)

    def test_1_reflection_lists_the_services(self):
        services = self.portal.services()
        for name in ("Catalogue", "Order", "Fulfilment", "Configuration", "Registry"):
            self.assertIn(f"kontor.v1.{name}Service", services)
        self.assertIn("grpc.health.v1.Health", services)

    def test_2_nine_gpus_are_refused_with_the_field(self):
        order = example("order.json")
        order["items"][1]["parameters"][0]["value"] = {"integer": "9"}
        refused = self.refused("INVALID_ARGUMENT", self.portal.call, "OrderService.PlaceOrder",
                               validate_only=True, **order)
        self.assertIn("gpus", json.dumps(refused.details))
        self.refused("NOT_FOUND", self.portal.call, "OrderService.GetOrder", id=order["id"])

    def test_2_what_does_not_go_together_is_refused_with_the_way_out(self):
        def give(**values):
            return [{"id": name, "value": value} for name, value in values.items()]

        order = example("order.json")
        order["items"] = [
            {"id": "files", "action": "ADD", "offer": "alpine/object-storage/bucket",
             "parameters": give(quota_gb={"integer": "10"}, webdav_name={"text": "data"},
                                protocols={"list": {"values": [{"text": "S3"}]}})},
            {"id": "vm", "action": "ADD", "offer": "alpine/virtual-machines/general",
             "parameters": give(cores={"integer": "8"}, memory_gb={"integer": "8"},
                                machines={"integer": "1"})}]
        details = json.dumps(self.refused("INVALID_ARGUMENT", self.portal.call,
                                          "OrderService.PlaceOrder", **order).details)
        for words in ("items[0].parameters[webdav_name]", "protocols has", "WebDAV",
                      "items[1].parameters[memory_gb]", "or change cores"):
            self.assertIn(words, details)

    def test_3_the_plan_says_what_would_happen(self):
        plan = self.portal.call("OrderService.PlaceOrder", validate_only=True,
                                **example("order.json"))["plan"]
        self.assertTrue(plan["is_complex"])
        self.assertEqual([i["approval"] for i in plan["items"]], [["PROVIDER_STEP"]] * 2)
        self.assertEqual(plan["totals"][0]["amount"]["units"], "14")

    def test_4_both_items_are_delivered_once_and_in_order(self):
        order = example("order.json")
        watcher = Watcher(self.portal, order["id"])
        watcher.start()
        placed = self.portal.call("OrderService.PlaceOrder", **order)
        self.assertEqual(placed["order"]["state"], "ORDER_ACKNOWLEDGED")
        self.assertFalse(placed.get("is_replayed", False))
        approve_all(self.broker, order)
        backend = Backend()
        agent = Agent(self.broker.client("alpine", "agent"), backend, OFFERS)
        agent.start()
        self.addCleanup(agent.stop)

        def is_done(changes):
            return any(c["kind"] == "order" and c["order"]["state"] == "ORDER_COMPLETED"
                       for c in changes)

        self.assertTrue(watcher.wait(is_done, 20), [line(c) for c in watcher.changes])
        self.assertEqual(len(backend.made), 2)
        self.assertEqual(len(set(backend.made)), 2)
        reply = self.portal.call("OrderService.GetOrder", id=order["id"])
        self.assertEqual([i["state"] for i in reply["items"]], ["COMPLETED"] * 2)
        seqs = [int(c["seq"]) for c in watcher.changes]
        self.assertEqual(seqs, sorted(seqs))
        self.assertEqual(len({line(c)[:3] for c in watcher.changes}), len(watcher.changes))
        begun = {c["id"]: int(c["seq"]) for c in reversed(watcher.changes)
                 if c["kind"] == "item" and c["item"]["state"] == "IN_PROGRESS"}
        done = {c["id"]: int(c["seq"]) for c in reversed(watcher.changes)
                if c["kind"] == "item" and c["item"]["state"] == "COMPLETED"}
        self.assertLess(done["coast/o-1/storage"], begun["coast/o-1/notebook"])
        watcher.is_over = True

    def test_5_the_same_order_again_is_a_replay_and_another_is_refused(self):
        order = example("order.json")
        again = self.portal.call("OrderService.PlaceOrder", **order)
        self.assertTrue(again["is_replayed"])
        self.assertEqual(again["order"]["state"], "ORDER_COMPLETED")
        order["note"] = "Something else."
        refused = self.refused("ALREADY_EXISTS", self.portal.call, "OrderService.PlaceOrder",
                               **order)
        self.assertEqual(refused.reason, "ORDER_DIFFERS")

    def test_6_others_see_nothing_of_it(self):
        for registry, role in (("alpine", "monitor"), ("coast", "reader")):
            self.refused("PERMISSION_DENIED", self.broker.client(registry, role).call,
                         "OrderService.GetOrder", id="coast/o-1")
        self.refused("NOT_FOUND", self.broker.client("coast", "portal").call,
                     "OrderService.GetOrder", id="coast/o-2")

    def test_7_it_is_all_there_after_a_kill(self):
        before = self.portal.call("OrderService.GetOrder", id="coast/o-1")
        self.broker.kill()
        self.broker.start()
        self.assertEqual(self.portal.call("OrderService.GetOrder", id="coast/o-1"), before)

    def test_8_sigterm_ends_with_zero(self):
        self.assertEqual(self.broker.stop(), 0)
        self.broker.start()


    def test_6_asked_answered_held_and_cancelled_from_the_command_line(self):
        order, item = example("order.json"), "coast/o-6/storage"
        order["id"], order["items"] = "coast/o-6", order["items"][:1]
        self.portal.call("OrderService.PlaceOrder", **order)

        def say(registry, role, *words):
            return json.loads(self.broker.kontor(registry, role, "order", *words))

        ask = say("alpine", "operator", "ask", item, "--question", "Which subnet?")
        self.assertEqual(ask["state"], "PENDING_INFO")
        actions = self.broker.kontor("coast", "portal", "order", "actions", "coast/o-6")
        self.assertEqual([(a["call"], a.get("needs")) for a in
                          map(json.loads, actions.splitlines())],
                         [("AnswerQuestion", ["answer"]), ("CancelOrder", None),
                          ("RescheduleItem", ["start_at"])])
        self.assertIn('"Which subnet?"', self.broker.kontor(
            "coast", "portal", "order", "show", "coast/o-6", "--output", "table"))
        say("coast", "portal", "answer", item, "--text", "the blue one")
        say("coast", "portal", "reschedule", item, "--start", f"{date.today().year + 2}-01-01T00:00:00Z")
        decided = say("alpine", "operator", "decide", item, "--approve")
        self.assertEqual((decided["state"], decided["reason"]), ("QUEUED", "WAITS_FOR_START"))
        say("coast", "portal", "reschedule", item)
        held = say("alpine", "operator", "hold", item, "--cause", "SHORTAGE", "--reason", "full")
        self.assertEqual((held["state"], held["reason"]), ("HELD", "SHORTAGE"))
        say("alpine", "operator", "resume", item)
        agent = self.broker.client("alpine", "agent")
        session = agent.call("FulfilmentService.RegisterAgent", offers=OFFERS[:1])["id"]
        job = agent.call("FulfilmentService.Claim", session=session)["jobs"][0]
        proof = {"item": item, "fence": job["fence"]}
        agent.call("FulfilmentService.Begin", intent=job["intent"], **proof)
        cancelled = say("coast", "portal", "cancel", "coast/o-6", "--reason", "no money")
        self.assertEqual(cancelled["order"]["state"], "ORDER_ASSESSING_CANCELLATION")
        self.broker.kontor("alpine", "operator", "order", "decide-cancel", item, "--decline",
                           status=2)
        held = agent.call("FulfilmentService.Renew", session=session)["jobs"][0]
        self.assertEqual((held["kind"], held["fence"]), ("ASSESS_CANCEL", job["fence"]))
        agent.call("OrderService.DecideCancel", id=item, decision="ACCEPT", fence=job["fence"])
        agent.call("FulfilmentService.Complete", **proof)
        self.assertEqual(self.portal.call("OrderService.GetOrder", id="coast/o-6")["order"]["state"],
                         "ORDER_CANCELLED")

    def test_6_both_sides_talk_from_the_command_line(self):
        order = example("order.json")
        order["id"], order["items"] = "coast/o-8", order["items"][:1]
        self.portal.call("OrderService.PlaceOrder", **order)
        desk = self.broker.client("alpine", "operator").call("RegistryService.WhoAmI")["principal"]

        def say(registry, role, *words, status=0):
            return self.broker.kontor(registry, role, "order", "message", "coast/o-8", *words,
                                      status=status)

        first = json.loads(say("coast", "portal", "--text", "When?", "--item", "storage"))
        self.assertEqual((first["scope"], first["role"], first["item"]),
                         ("PUBLIC", "CUSTOMER", "storage"))
        say("alpine", "operator", "--text", "They wait", "--internal")
        whole = json.loads(say("coast", "portal", "--text", "Only you", "--to", desk))
        self.assertEqual((whole["scope"], whole["to"]), ("DIRECT", desk))
        say("coast", "portal", "--internal", "--to", desk, "--text", "x", status=64 + 3)
        say("coast", "portal", status=2)
        for registry, role, expected in (("coast", "portal", ["When?", "Only you"]),
                                         ("alpine", "operator", ["When?", "They wait", "Only you"]),
                                         ("alpine", "agent", ["When?"])):
            said = self.broker.kontor(registry, role, "order", "messages", "coast/o-8")
            self.assertEqual([json.loads(one)["text"] for one in said.splitlines()], expected)
        self.assertIn("Only you", self.broker.kontor("coast", "portal", "order", "messages",
                                                     "coast/o-8", "--output", "table"))
        watched = self.broker.kontor("alpine", "agent", "order", "watch", "coast/o-8", "--after",
                                     "0", "--no-follow", "--kind", "message")
        self.assertEqual([json.loads(one)["message"]["text"] for one in watched.splitlines()],
                         ["When?"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
