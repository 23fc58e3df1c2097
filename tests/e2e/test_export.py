"""Export: everything a caller sees as it was at one position, whatever is written meanwhile."""
import random
import threading
import unittest

from broker import Broker
from client import Refused

N_SERVICES = 700
SEED = random.SystemRandom().randrange(1 << 32)


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"seed {SEED}", flush=True)
        cls.random = random.Random(SEED)
        cls.broker = Broker("export", calls_per_second=1000000).start().furnish()
        cls.addClassCleanup(cls.broker.close)
        cls.admin = cls.broker.client("alpine", "admin")
        cls.reader = cls.broker.client("coast", "reader")
        cls.admin.call("CatalogueService.CreateVocabulary", vocabulary={
            "id": "alpine/V", "name": "V", "terms": [{"id": "a", "name": "A"}]})
        cls.admin.call("CatalogueService.CreateProvider", skip_template=True, provider={
            "id": "alpine/p", "name": "P", "main_contact": {"name": "Hidden"}})
        records = [{"service": {"id": f"alpine/s-{n:04}", "provider": "alpine/p", "name": f"Service {n}",
                                "description": "x" * cls.random.choice((10, 10, 10, 60000)),
                                "phase": "FORTHCOMING" if n % 7 == 0 else "PRODUCTION"}} for n in range(N_SERVICES)]
        while records:
            n = next((i for i in range(1, len(records)) if sum(
                len(r["service"]["description"]) for r in records[:i + 1]) > 1 << 20), len(records))
            n = min(n, 400)
            results = cls.admin.call("CatalogueService.Import", records=records[:n])["results"]
            assert {r["outcome"] for r in results} == {"CREATED"}
            del records[:n]

    def export(self, client, name="CatalogueService.Export", **fields):
        """The position, and the changes."""
        messages = list(client.stream(name, timeout=60, **fields))
        position = messages[0]["position"]
        self.assertNotIn("changes", messages[0])
        changes = [change for message in messages[1:] for change in message.get("changes", [])]
        return position, changes

    def listed(self, client, seq):
        """The same out of the Lists, as of the position."""
        found = {}
        for method, field in (("ListVocabularies", "vocabularies"), ("ListProviders", "providers"),
                              ("ListServices", "services"), ("ListBundles", "bundles")):
            for record in client.pages(f"CatalogueService.{method}", field, as_of={"seq": seq}):
                found[record["id"]] = record
        return found

    def compare(self, client):
        position, changes = self.export(client)
        by_id = {}
        for change in changes:
            self.assertEqual(change["op"], "PUT")
            record = change[change["kind"]]
            self.assertEqual((record["id"], record["revision"], record["updated_at"]),
                             (change["id"], change["seq"], change["at"]))
            self.assertNotIn("more", change)
            by_id[change["id"]] = record
        self.assertEqual(len(by_id), len(changes))
        kinds = [change["kind"] for change in changes]
        order = [kind for n, kind in enumerate(kinds) if n == 0 or kinds[n - 1] != kind]
        self.assertEqual(order, [k for k in ("vocabulary", "provider", "service", "bundle") if k in kinds])
        self.assertEqual(by_id, self.listed(client, position["seq"]))
        return by_id

    def test_1_each_gets_what_it_may_see(self):
        whole = self.compare(self.admin)
        self.assertEqual(len(whole), N_SERVICES + 2)
        seen = self.compare(self.reader)
        self.assertEqual(len(seen), N_SERVICES - N_SERVICES // 7 + 2)
        self.assertIn("main_contact", whole["alpine/p"])
        self.assertNotIn("main_contact", seen["alpine/p"])

    def test_2_kinds_and_prefixes(self):
        _, changes = self.export(self.admin, kinds=["provider", "vocabulary"])
        self.assertEqual([c["id"] for c in changes], ["alpine/V", "alpine/p"])
        _, changes = self.export(self.admin, id_prefix="alpine/s-0003")
        self.assertEqual([c["id"] for c in changes], ["alpine/s-0003"])
        _, changes = self.export(self.admin, kinds=["bundle"])
        self.assertEqual(changes, [])
        _, changes = self.export(self.admin, "ConfigurationService.Export")
        self.assertEqual(changes, [])
        with self.assertRaises(Refused) as refused:
            self.export(self.admin, kinds=["order"])
        self.assertEqual(refused.exception.reason, "FIELDS_INVALID")

    def test_3_what_is_written_meanwhile_changes_nothing(self):
        stop = threading.Event()
        writer = self.broker.client("alpine", "admin")

        def write():
            n = 0
            while not stop.is_set():
                n += 1
                writer.call("CatalogueService.UpdateService", update_mask="tagline", service={
                    "id": f"alpine/s-{n % N_SERVICES:04}", "tagline": f"Written {n}"})

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        try:
            for _ in range(5):
                self.compare(self.admin)
        finally:
            stop.set()
            thread.join(60)

    def test_4_watching_from_there_misses_nothing(self):
        position, changes = self.export(self.admin)
        self.admin.call("CatalogueService.UpdateService", update_mask="tagline", service={
            "id": "alpine/s-0001", "tagline": "After"})
        state = {c["id"]: c[c["kind"]] for c in changes}
        for message in self.admin.stream("CatalogueService.Watch", timeout=60, after=position):
            for change in message.get("changes", []):
                state[change["id"]] = change[change["kind"]]
        self.assertEqual(state, self.listed(self.admin, self.admin.call("RegistryService.GetStatus")["seq"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
