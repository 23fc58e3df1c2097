"""Who is hit: an order is delivered on endpoints, the endpoints get a downtime, and whoever may see the order
is told of it, through the API and on the command line."""
import json
import os
import unittest

from broker import Broker
from test_order import approve_all, create_project, example

ORDER = "coast/o-1"
HIT, OTHER = "alpine/st1", "alpine/st2"
DISK = "alpine/block-storage/standard"
START, END = "2150-01-01T00:00:00Z", "2150-01-01T06:00:00Z"


class Impact(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("impact").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        source = example("alpine.json")
        admin = cls.broker.client("alpine", "admin")
        admin.call("CatalogueService.Import", records=[{"provider": p} for p in source["providers"]] +
                   [{"service": s} for s in source["services"]])
        admin.call("ConfigurationService.Import", records=[{"site": s} for s in source["sites"]] +
                   [{"endpoint": e} for e in source["endpoints"]])
        create_project(cls.broker)
        cls.portal = cls.broker.client("coast", "portal")
        cls.sites = cls.broker.client("alpine", "site_admin")
        order = {**example("order.json"), "id": ORDER}
        order["items"] = [i for i in order["items"] if i["offer"] == DISK]
        cls.item = order["items"][0]["id"]
        cls.portal.call("OrderService.PlaceOrder", **order)
        approve_all(cls.broker, order)
        agent = cls.broker.client("alpine", "agent")
        session = agent.call("FulfilmentService.RegisterAgent", offers=[DISK], lease_seconds=60)["id"]
        job = agent.call("FulfilmentService.Claim", session=session)["jobs"][0]
        proof = {"item": job["item"], "fence": job["fence"]}
        agent.call("FulfilmentService.Begin", intent=job["intent"], **proof)
        agent.call("FulfilmentService.Complete", delivery={"backend_id": "b-1", "endpoints": [HIT, OTHER]}, **proof)
        cls.instance = job["item"]

    def declare(self, name, endpoint, **more):
        host = {HIT: "st1.alpine.example", OTHER: "st2.alpine.example"}[endpoint]
        return self.sites.call("ConfigurationService.DeclareDowntime", downtime={
            "id": f"alpine/{name}", "severity": "OUTAGE", "description": "Cables", "start_at": START, "end_at": END,
            "affected": [{"host": host}], **more})

    def hours(self, client, **question):
        reply = client.call("ConfigurationService.Impact", **question)
        return {o["order"]: int(o.get("hit_seconds", 0)) / 3600 for o in reply.get("orders", [])}

    def test_1_a_downtime_hits_an_order(self):
        self.declare("m-1", HIT)
        for registry, role in (("coast", "portal"), ("alpine", "site_admin"), ("alpine", "operator"),
                               ("coast", "shifter")):
            client = self.broker.client(registry, role)
            self.assertEqual(self.hours(client, downtime="alpine/m-1"), {ORDER: 6.0}, role)
        said = self.broker.kontor("alpine", "site_admin", "config", "impact", "alpine/m-1", "--output", "table")
        for word in ("coast/p1", ORDER, self.instance, HIT, "alpine/m-1", "6.0", "tell coast/p1"):
            self.assertIn(word, said)
        self.assertNotIn(OTHER, said)
        printed = json.loads(self.broker.kontor("coast", "portal", "config", "impact", HIT, "--endpoint",
                                                "--output", "json"))
        self.assertEqual(printed["orders"][0]["hitSeconds"], "21600")

    def test_2_two_that_overlap_count_once(self):
        self.declare("m-2", OTHER, start_at="2150-01-01T03:00:00Z", end_at="2150-01-01T09:00:00Z")
        for question, expected in (({"site": "alpine/north-hall"}, 6.0), ({"site": "alpine/south-hall"}, 6.0)):
            self.assertEqual(self.hours(self.portal, **question), {ORDER: expected})
        self.sites.call("ConfigurationService.CreateGroup", group={
            "id": "alpine/storage", "name": "Storage", "sites": ["alpine/north-hall"], "endpoints": [OTHER]})
        self.assertEqual(self.hours(self.portal, group="alpine/storage"), {ORDER: 9.0})
        self.assertEqual(self.hours(self.portal, group="alpine/storage", until="2150-01-01T04:00:00Z"), {ORDER: 4.0})

    def test_2_calendars_read_it(self):
        said = self.broker.kontor("coast", "portal", "config", "downtime", "calendar")
        self.assertIn("UID:alpine/m-1\n", said.replace("\r\n", "\n"))
        self.assertIn("DTSTART:21500101T000000Z", said)
        self.assertTrue(said.rstrip().endswith("END:VCALENDAR"))

    def test_3_what_carries_something_is_not_deleted(self):
        for what, name in (("Endpoint", HIT), ("Site", "alpine/north-hall")):
            with self.assertRaises(Exception) as caught:
                self.sites.call(f"ConfigurationService.Delete{what}", id=name)
            self.assertEqual(caught.exception.reason, "IN_USE")

    def test_4_monitors_report_and_drift_is_seen(self):
        """Both forms of SVMON's clients; what is reported again is no news."""
        self.sites.call("ConfigurationService.UpdateEndpoint",
                        endpoint={"id": HIT, "declared_version": "2.10"}, update_mask="declaredVersion")
        reports = [{"siteName": "", "hostNameId": "st1.alpine.example", "operatingSystem": "Debian 12",
                    "serviceType": "block-storage", "serviceComponentName": "", "tagAtSite": "2.9"},
                   {"siteName": "north-hall", "hostNameId": "nowhere.example", "operatingSystem": "",
                    "serviceType": "x", "serviceComponentName": "y", "tagAtSite": "1"}]
        path = os.path.join(self.broker.folder, "svmon.json")
        lines = os.path.join(self.broker.folder, "svmon.tsv")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(reports, file)
        with open(lines, "w", encoding="utf-8") as file:
            file.write("\tst1.alpine.example\tDebian 12\tblock-storage\t\t2.9\r\n\n"
                       "south-hall\tnb2.alpine.example\tDebian 12\tnotebooks\tjupyter\t4.1")
        said = self.broker.kontor("alpine", "monitor", "config", "version", "report", "--source", "svmon", path,
                                  "--output", "table")
        self.assertIn("2 reports, 2 of them news", said)
        self.assertIn("not known", said)
        said = self.broker.kontor("alpine", "monitor", "config", "version", "report", lines, "--output", "json")
        results = [json.loads(line) for line in said.splitlines()]
        self.assertEqual([r.get("endpoint", "") for r in results], [HIT, "alpine/nb2"])
        said = self.broker.kontor("alpine", "site_admin", "config", "impact", "block-storage=2.9", "--version",
                                  "--output", "table")
        self.assertIn("tell coast/p1", said)
        said = self.broker.kontor("coast", "portal", "config", "trace", ORDER, "--output", "table")
        self.assertIn("2.9, declared 2.10", said)
        said = self.broker.kontor("coast", "portal", "config", "endpoint", "list", "--site", "alpine/south-hall")
        self.assertIn("alpine/nb2", said)
        self.assertNotIn(HIT, said)
        drift = self.broker.kontor("coast", "portal", "config", "version", "list", "--drift", "--output", "table")
        for word in ("st1.alpine.example", "2.9", "2.10"):
            self.assertIn(word, drift)
        self.assertNotIn("nb2", drift)
        with open(lines, "w", encoding="utf-8") as file:
            file.write("a\tb\tc\n")
        with self.assertRaises(Exception) as caught:
            self.broker.kontor("alpine", "monitor", "config", "version", "report", lines)
        self.assertIn("svmon.tsv:1: has 3 columns", str(caught.exception))

    def test_5_once_it_is_terminated_it_is_carried_by_nothing(self):
        seen = self.portal.call("OrderService.GetInstance", id=self.instance)
        self.assertEqual(seen["delivery"]["endpoints"], [HIT, OTHER])
        before = self.broker.client("alpine", "admin").call("RegistryService.GetStatus")["seq"]
        self.portal.call("OrderService.PlaceOrder", id="coast/o-2", project="coast/p1", items=[
            {"id": "end", "action": "ACTION_TERMINATE", "instance": self.instance}])
        agent = self.broker.client("alpine", "agent")
        session = agent.call("FulfilmentService.RegisterAgent", offers=[DISK], lease_seconds=60,
                             kinds=["TERMINATE"])["id"]
        job = agent.call("FulfilmentService.Claim", session=session, wait_seconds=5)["jobs"][0]
        proof = {"item": job["item"], "fence": job["fence"]}
        agent.call("FulfilmentService.Begin", intent=job["intent"], **proof)
        agent.call("FulfilmentService.Complete", **proof)
        self.assertEqual(self.hours(self.portal, downtime="alpine/m-1"), {})
        # It was, before.
        self.assertEqual(self.hours(self.portal, downtime="alpine/m-1", as_of={"seq": before}), {ORDER: 6.0})
        for words, now, then in ((("impact", "alpine/m-1"), "nobody", "tell coast/p1"),
                                 (("trace", ORDER), "INSTANCE_TERMINATED", HIT.split("/")[1]),
                                 (("endpoint", "show", HIT), HIT, HIT)):
            self.assertIn(now, self.broker.kontor("coast", "portal", "config", *words, "--output", "table"))
            self.assertIn(then, self.broker.kontor("coast", "portal", "config", *words, "--as-of", str(before),
                                                   "--output", "table"))
        self.broker.kontor("coast", "portal", "config", "trace", ORDER, "--as-of", "yesterday", status=2)
        self.broker.kontor("coast", "portal", "config", "endpoint", "show", HIT, "--as-of", "2001-01-01T00:00:00Z",
                           status=None)
        self.sites.call("ConfigurationService.DeleteEndpoint", id=OTHER)


if __name__ == "__main__":
    unittest.main(verbosity=2)
