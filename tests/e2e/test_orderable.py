"""Service brokers' catalogues and TMF633 through the command line into a broker and out again, and
eInfraCentral's profiles into it: the examples of the project go in whole, what a broker exports changes
nothing when it is imported once more, and what was lost was said.
"""
import json
import os
import unittest

from broker import EXAMPLES, Broker, run


class Import:
    """One format; the example of the project is its catalogue."""
    format = None
    ending = "json"
    n_records = 0

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(cls.format).start().furnish()
        cls.addClassCleanup(cls.broker.close)
        cls.admin = cls.broker.client("alpine", "admin")
        cls.example = os.path.join(EXAMPLES, f"{cls.format}.{cls.ending}")
        cls.file = os.path.join(cls.broker.folder, "exported.json")

    def seq(self):
        return int(self.admin.call("RegistryService.GetStatus")["seq"])

    def kontor(self, *words, **more):
        return self.broker.kontor("alpine", "admin", "catalogue", *words, **more)

    def services(self):
        return {s["id"]: s for s in self.admin.pages("CatalogueService.ListServices", "services")}

    def outcomes(self, path):
        said = self.kontor("import", "--format", self.format, "--output", "json", path)
        return [json.loads(line)["outcome"] for line in said.splitlines() if "outcome" in line]

    def test_1_the_example_goes_in(self):
        self.assertEqual(self.outcomes(self.example), ["CREATED"] * self.n_records)

    def test_2_once_more_changes_nothing(self):
        seq = self.seq()
        self.assertEqual(self.outcomes(self.example), ["SAME"] * self.n_records)
        self.assertEqual(self.seq(), seq)


class Export(Import):
    """A format that is written, too."""
    lost = ()

    def test_3_an_export_says_what_it_loses(self):
        text = self.kontor("export", "--format", self.format)
        lost = [line for line in run.stderr.splitlines() if " in all that " not in line]
        self.assertEqual(sorted(lost), sorted(self.lost))
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)

    def test_4_an_export_that_is_imported_changes_nothing(self):
        before, seq = self.services(), self.seq()
        self.assertEqual(set(self.outcomes(self.file)), {"SAME"})
        self.assertEqual(self.seq(), seq)
        self.assertEqual(self.services(), before)

    def test_5_one_changed_member_writes_one_record(self):
        with open(self.file, encoding="utf-8") as file:
            catalogue = json.load(file)
        records = catalogue["services"] if isinstance(catalogue, dict) else catalogue
        records[0]["description"] = "Otherwise."
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(catalogue, file)
        self.assertEqual(sorted(self.outcomes(self.file)), ["CHANGED"] + ["SAME"] * (self.n_records - 1))


class ServiceBroker(Export, unittest.TestCase):
    format = "osb"
    n_records = 3
    lost = [f"kontor: alpine/{local}: phase has no place in osb" for local in
            ("5a8e1f0c-7d3b-4c1e-9f40-2b6d8a7c1e55", "0c2f6b1e-52d4-4f0b-8a43-9d7e1b3c6f21")]

    def test_6_the_plans_can_be_ordered(self):
        offers = {o["iid"]: o for s in self.services().values() for o in s["offers"]}
        self.assertEqual(set(offers), {"small", "trial", "shared"})
        self.assertTrue(all(o["is_internal"] for o in offers.values()))
        kinds = {p["id"]: next(k for k in p if k in (
            "text", "choice", "integer", "decimal", "boolean", "multi_choice", "date", "constant"))
            for p in offers["small"]["parameters"]}
        self.assertEqual(kinds, {
            "name": "text", "version": "choice", "storage": "integer", "load": "decimal", "public": "boolean",
            "extensions": "multi_choice", "until": "date", "region": "constant"})


class Specifications(Export, unittest.TestCase):
    format = "tmf633"
    n_records = 3
    lost = ["kontor: alpine/fjord-centre: name is not kept: services name it by its key"]

    def test_6_the_life_cycle_became_the_phase(self):
        self.assertEqual({i: s["phase"] for i, s in self.services().items()},
                         {"alpine/fjord-compute": "PRODUCTION", "alpine/fjord-volume": "PRE_PRODUCTION"})


class Profiles(Import, unittest.TestCase):
    format = "einfracentral-2017"
    ending = "xml"
    n_records = 5

    def test_3_a_phase_that_moved_is_left_alone(self):
        self.kontor("move", "alpine/1.20", "PRODUCTION", "--override", "--reason", "tried long enough")
        seq = self.seq()
        self.assertEqual(self.outcomes(self.example), ["SAME"] * self.n_records)
        self.assertEqual(self.seq(), seq)
        self.assertEqual(self.services()["alpine/1.20"]["phase"], "PRODUCTION")


@unittest.skipUnless(os.environ.get("KONTOR_REAL_DATA"), "KONTOR_REAL_DATA is not set: no real file is imported")
class RealFiles(unittest.TestCase):
    """What the tests of the importers count is what a broker takes: not one record is refused."""

    def test_a_broker_takes_real_files_whole_and_once(self):
        broker = Broker("real").start().furnish()
        self.addCleanup(broker.close)
        admin = broker.client("alpine", "admin")
        folder = os.path.join(os.environ["KONTOR_REAL_DATA"], "catalogue")
        files = {"osb": (["osb-catalog.json"], 3 + 3), "tmf633": (["tmf633-bundle.json"], 1 + 1),
                 "einfracentral-2017": ([os.path.join("einfracentral-sample", name)
                                         for name in ("0.0.xml", "3.02.xml")], 2 + 2)}
        for form, (names, n_records) in files.items():
            paths = [os.path.join(folder, name) for name in names]
            for outcome in ("CREATED", "SAME"):
                said = broker.kontor("alpine", "admin", "catalogue", "import", "--format", form,
                                     "--output", "json", *paths)
                self.assertEqual([json.loads(line)["outcome"] for line in said.splitlines() if "outcome" in line],
                                 [outcome] * n_records)
        services = list(admin.pages("CatalogueService.ListServices", "services"))
        self.assertEqual(sum(len(s.get("offers", [])) for s in services if s["source"]["format"] == "osb"), 62)


if __name__ == "__main__":
    unittest.main(verbosity=2)
