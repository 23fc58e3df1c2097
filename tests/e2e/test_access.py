"""Access details from an agent's program to the customer's screen, and nowhere between.

The portal orders with the command line, which has them sealed to its own certificate; a program
answers them to `kontor agent run`; the broker keeps what it cannot open.
"""
import base64
import json
import os
import shutil
import tempfile
import unittest
import uuid

from broker import Broker, Client, Refused
from case import until_known
from mint import Mint, openssl
from sealing import opened, sealed_to
from test_order import OFFERS, approve_all, create_project, example, load_example
from town import ask

SECRET = "zq-correct-horse-battery"
ITEM = "coast/o-1/storage"
READS = (("OrderService.GetOrder", {"id": "coast/o-1"}), ("OrderService.ListOrders", {}),
         ("OrderService.ListItems", {}), ("OrderService.AllowedActions", {"id": ITEM}),
         ("OrderService.WatchOrders", {"after": {"seq": "0"}, "follow": False}),
         ("ConfigurationService.Trace", {"order": "coast/o-1"}))
PROGRAM = f"""#!/bin/sh
echo '{{"backend_id": "vol-1", "access": {{"user": "guest", "password": "{SECRET}"}}}}'
"""


def files_with(folder, text):
    """Files below a folder that hold these bytes."""
    found = []
    for where, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(where, name), "rb") as file:
                if text in file.read():
                    found.append(name)
    return found


class Access(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("access", log_calls="all").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        load_example(cls.broker)
        create_project(cls.broker)
        cls.portal = cls.broker.client("coast", "portal")
        # What the agent's machine has is not the broker's.
        cls.folder = tempfile.mkdtemp(prefix="kontor agent ")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.program = os.path.join(cls.folder, "make-volume")
        with open(cls.program, "w", encoding="ascii") as file:
            file.write(PROGRAM)
        os.chmod(cls.program, 0o700)

    def place(self, name, *words):
        order = example("order.json")
        order["id"], order["items"] = f"coast/{name}", order["items"][:1]
        self.broker.kontor("coast", "portal", "order", "place", "-", *words,
                           stdin=json.dumps(order))
        approve_all(self.broker, order)

    def run_agent(self):
        return self.broker.kontor("alpine", "agent", "agent", "run", "--offer", OFFERS[0],
                                  "--provision", self.program, "--no-lookup", "--jobs", "1")

    def claim(self):
        """A job taken by hand, begun."""
        agent = self.broker.client("alpine", "agent")
        session = agent.call("FulfilmentService.RegisterAgent", offers=OFFERS[:1])["id"]
        job = agent.call("FulfilmentService.Claim", session=session)["jobs"][0]
        proof = {"item": job["item"], "fence": job["fence"]}
        agent.call("FulfilmentService.Begin", intent=job["intent"], **proof)
        return agent, job, proof

    def open(self, *words, status=0):
        return self.broker.kontor("coast", "portal", "order", "open", ITEM, *words,
                                  status=status)

    def sealed(self):
        reply = until_known(self.portal, "OrderService.OpenAccess", id=ITEM,
                            request_id=str(uuid.uuid4()))
        return base64.b64decode(reply["sealed"])

    def item(self, name="o-1"):
        return self.portal.call("OrderService.GetOrder", id=f"coast/{name}")["items"][0]

    def refused(self, reason, client, **fields):
        with self.assertRaises(Refused) as caught:
            client.call("OrderService.OpenAccess", **{"id": ITEM, **fields})
        self.assertEqual(caught.exception.reason, reason, caught.exception)

    def test_1_what_the_agent_says_is_what_the_portal_reads(self):
        self.place("o-1")
        self.refused("ACCESS_MISSING", self.portal)
        self.assertNotIn(SECRET, self.run_agent())
        item = self.item()
        self.assertEqual((item["state"], item["has_access"]), ("COMPLETED", True))
        self.assertEqual(json.loads(self.open()), {"user": "guest", "password": SECRET})

    def test_2_openssl_opens_it_as_well(self):
        sealed = self.portal.call("OrderService.OpenAccess", id=ITEM)["sealed"]
        self.assertIn(SECRET.encode(), opened(sealed, self.broker.path("coast", "portal")))

    def test_3_who_opened_it_and_when_is_in_the_order(self):
        receipts = self.item()["receipts"]
        self.assertGreaterEqual(len(receipts), 2)
        self.assertEqual({r["opened_by"] for r in receipts}, {"coast/web"})
        self.assertEqual(receipts, sorted(receipts, key=lambda r: r["opened_at"]))
        shown = self.broker.kontor("alpine", "operator", "order", "show", "coast/o-1")
        self.assertEqual(len(json.loads(shown)["items"][0]["receipts"]), len(receipts))

    def test_3_the_same_request_makes_one_receipt(self):
        before = len(self.item()["receipts"])
        again = str(uuid.uuid4())
        for _ in range(3):
            self.assertIn(SECRET, self.open("--request-id", again))
        self.assertEqual(len(self.item()["receipts"]), before + 1)

    def test_4_nobody_else_is_answered(self):
        before = self.item()
        mint = Mint(os.path.join(self.broker.folder, "mint"))
        uri = "spiffe://coast.example/portal/other"
        self.portal.call("OrderService.CreateProject", project={"id": "coast/p2", "name": "Other"})
        self.broker.client("coast", "admin").call(
            "RegistryService.CreatePrincipal",
            principal={"id": "coast/other", "identity": uri, "roles": ["PORTAL"],
                       "scopes": ["j:coast/p2"]})
        other = Client(f"localhost:{self.broker.port}",
                       mint.client(self.broker.path("coast", "ca"), [uri]),
                       self.broker.path("alpine", "ca") + ".pem")
        self.addCleanup(other.close)
        self.refused("NOT_FOUND", other)
        for role in ("operator", "agent", "shifter", "admin"):
            self.refused("ROLE_MISSING", self.broker.client("alpine", role))
        self.assertEqual(self.item(), before)

    def test_4_another_key_opens_nothing(self):
        shifter = self.broker.path("coast", "shifter")
        self.open("--with-cert", shifter + ".pem", "--with-key", shifter + ".key", status=71)
        # An order manager of the customer's gets the bytes, but not what they mean.
        self.broker.kontor("coast", "shifter", "order", "open", ITEM, status=71)
        self.assertEqual(self.item()["receipts"][-1]["opened_by"], "coast/shifter-1")

    def test_5_no_read_shows_what_is_sealed(self):
        sealed = self.sealed()
        n = 0
        for registry, role in (("coast", "portal"), ("coast", "shifter"), ("alpine", "operator"),
                               ("alpine", "agent"), ("alpine", "shifter"), ("alpine", "admin")):
            for method, fields in READS:
                answer = ask(self.broker.client(registry, role), method, fields)
                n += answer.refused is None and b"vol-1" in answer.raw
                self.assertNotIn(sealed, answer.raw, f"{role} {method}")
        self.assertGreater(n, 15)

    def test_6_it_is_there_after_a_kill_and_made_anew_from_the_log(self):
        self.broker.kill()
        self.broker.start()
        self.assertIn(SECRET, self.open())
        self.assertEqual(self.broker.stop(), 0)
        self.broker.kontord("--rebuild")
        self.broker.kontord("--check")
        self.broker.start()
        self.assertIn(SECRET, self.open())

    def test_7_no_file_of_the_broker_has_the_secret(self):
        sealed = self.sealed()
        self.assertEqual(self.broker.stop(), 0)
        if not self.broker.values["store"].startswith("mongodb"):
            self.assertTrue(files_with(self.broker.folder, sealed[-64:]), "the test looks past it")
        self.assertEqual(files_with(self.broker.folder, SECRET.encode()), [])
        self.broker.start()

    def test_8_a_foreign_agent_seals_with_openssl_to_several(self):
        shifter = self.broker.path("coast", "shifter")
        self.place("o-8", "--seal-to", self.broker.path("coast", "portal") + ".pem", "--seal-to",
                   shifter + ".pem")
        agent, job, proof = self.claim()
        paths = []
        for n, pem in enumerate(job["seal_to"]):
            paths.append(os.path.join(self.folder, f"{n}.pem"))
            with open(paths[-1], "w", encoding="ascii") as file:
                file.write(pem)
        agent.call("FulfilmentService.Complete", **proof, delivery={
            "backend_id": "vol-8", "sealed": sealed_to(SECRET.encode(), *paths)})
        for role in ("portal", "shifter"):
            self.assertEqual(self.broker.kontor("coast", role, "order", "open",
                                                "coast/o-8/storage"), SECRET)

    def key(self, name, *kind):
        """A key of this kind with a certificate; its path without .pem and .key."""
        path = os.path.join(self.folder, name)
        openssl("req", "-x509", "-nodes", "-newkey", *kind, "-subj", "/CN=" + name, "-keyout",
                path + ".key", "-out", path + ".pem")
        return path

    def test_8_a_key_of_its_own_opens_it_rsa_as_well(self):
        path = self.key("own", "rsa:2048")
        self.place("o-7", "--seal-to", path + ".pem")
        self.run_agent()
        words = ("coast", "portal", "order", "open", "coast/o-7/storage")
        self.broker.kontor(*words, status=71)
        self.assertIn(SECRET, self.broker.kontor(*words, "--with-cert", path + ".pem",
                                                 "--with-key", path + ".key"))

    def test_8_other_kinds_of_keys_are_refused_at_placing(self):
        for name, *kind in (("weak", "rsa:1024"), ("edwards", "ed25519"),
                            ("curve", "ec", "-pkeyopt", "ec_paramgen_curve:P-384")):
            order = example("order.json")
            order["id"] = "coast/o-6"
            with self.subTest(name):
                self.broker.kontor("coast", "portal", "order", "place", "-", "--seal-to",
                                   self.key(name, *kind) + ".pem", stdin=json.dumps(order),
                                   status=67)
                with self.assertRaises(Refused):
                    self.portal.call("OrderService.GetOrder", id="coast/o-6")

    def test_9_an_order_that_names_nobody_gets_none(self):
        self.place("o-9", "--no-seal")
        said = self.run_agent()
        self.assertIn("names nobody to seal them to", said)
        item = self.item("o-9")
        self.assertNotEqual(item["state"], "COMPLETED")
        self.assertIn("names nobody to seal them to", item["history"][-1]["reason"])
        self.assertNotIn(SECRET, json.dumps(item))


if __name__ == "__main__":
    unittest.main(verbosity=2)
