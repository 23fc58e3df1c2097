"""EOSC's profiles through the command line into a broker and out again: what a broker exports in the
format it imported changes nothing when it is imported once more, and says what it lost.
"""
import json
import os
import unittest

from broker import EXAMPLES, Broker, run


class RoundTrip:
    """One profile; the example of the project is its catalogue."""
    format = None

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(cls.format).start().furnish()
        cls.addClassCleanup(cls.broker.close)
        cls.admin = cls.broker.client("alpine", "admin")
        cls.example = os.path.join(EXAMPLES, f"{cls.format}.json")
        cls.file = os.path.join(cls.broker.folder, "exported.json")

    def seq(self):
        return int(self.admin.call("RegistryService.GetStatus")["seq"])

    def kontor(self, *words, **more):
        return self.broker.kontor("alpine", "admin", "catalogue", *words, **more)

    def records(self):
        return {**{p["id"]: p for p in self.admin.pages("CatalogueService.ListProviders", "providers")},
                **{s["id"]: s for s in self.admin.pages("CatalogueService.ListServices", "services")}}

    def outcomes(self, path):
        said = self.kontor("import", "--format", self.format, "--output", "json", path)
        return [json.loads(line)["outcome"] for line in said.splitlines()]

    def test_1_the_example_goes_in(self):
        outcomes = self.outcomes(self.example)
        self.assertEqual(set(outcomes), {"CREATED"})
        with open(self.example, encoding="utf-8") as file:
            self.assertEqual(len(outcomes), len(json.load(file)))
        self.assertEqual(len(self.records()), len(outcomes))

    def test_2_an_export_is_the_same_catalogue(self):
        text = self.kontor("export", "--format", self.format)
        lost = [line for line in run.stderr.splitlines() if " has no place in " in line]
        records = json.loads(text)
        self.assertEqual(len(records), len(self.records()))
        # Every service has a phase once it is in a broker, and bare records have none.
        services = list(self.admin.pages("CatalogueService.ListServices", "services"))
        self.assertEqual(sorted(lost), sorted(
            f"kontor: {s['id']}: phase has no place in {self.format}" for s in services))
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)

    def test_3_an_export_that_is_imported_changes_nothing(self):
        before, seq = self.records(), self.seq()
        self.assertEqual(set(self.outcomes(self.file)), {"SAME"})
        self.assertEqual(self.seq(), seq)
        self.assertEqual(self.records(), before)

    def test_4_one_changed_member_writes_one_record(self):
        with open(self.file, encoding="utf-8") as file:
            records = json.load(file)
        records[-1]["description"] = "Otherwise."
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(records, file)
        outcomes = self.outcomes(self.file)
        self.assertEqual(sorted(outcomes), ["CHANGED"] + ["SAME"] * (len(records) - 1))

    def test_5_one_line_is_one_line(self):
        text = self.kontor("export", "--format", self.format, "--output", "json")
        self.assertEqual(text.count("\n"), 1)
        self.assertEqual(len(json.loads(text)), len(self.records()))


class Profile5(RoundTrip, unittest.TestCase):
    format = "eosc-5"


class Profile6(RoundTrip, unittest.TestCase):
    format = "eosc-6"

    def test_6_a_kind_gives_way_to_another(self):
        """The mask of an import holds all kinds, so one that changed does not keep the old one."""
        path = os.path.join(self.broker.folder, "plain.json")
        plain = {"id": "21.T15999/tides", "type": "Service", "name": "Tides of the delta",
                 "resourceOwner": "21.T15999/compute", "trl": "trl-8"}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(plain, file)
        before = self.records()["alpine/21.T15999~2Ftides"]
        self.assertIn("data_source", before)
        self.assertEqual(self.outcomes(path), ["CHANGED"])
        after = self.records()["alpine/21.T15999~2Ftides"]
        self.assertNotIn("data_source", after)
        self.assertEqual(after["phase"], before["phase"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
