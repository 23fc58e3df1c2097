"""Operator groups from the command line: kept, listed, hidden where they should be, exported and imported."""
import json
import os
import unittest

from broker import EXAMPLES, Broker, Failed

ID = "alpine/operators"


class OperatorGroup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.brokers = [Broker(name).start().furnish() for name in ("operators", "operators-copy")]
        for broker in cls.brokers:
            cls.addClassCleanup(broker.close)
        cls.broker, cls.copy = cls.brokers
        cls.broker.kontor("alpine", "admin", "config", "import", "--format", "kontor-1",
                          os.path.join(EXAMPLES, "alpine.json"))

    def file(self, name, text):
        path = os.path.join(self.broker.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def kontor(self, registry, *words, **more):
        return self.broker.kontor(registry, "portal" if registry == "coast" else "site_admin", "config", *words, **more)

    def shown(self, registry):
        return json.loads(self.kontor(registry, "operator-group", "show", ID, "--output", "json"))

    def test_1_it_is_listed_and_whom_to_ask_is_hidden_from_others(self):
        self.assertIn("ALPINE", self.kontor("coast", "operator-group", "list", "--output", "table"))
        self.assertEqual([c["role"] for c in self.shown("alpine")["contacts"]], ["general", "security"])
        self.assertNotIn("contacts", self.shown("coast"))
        self.assertIn("alpine/north-hall", self.kontor("coast", "site", "list", "--operator-group", "ALPINE"))

    def test_2_it_is_changed_from_a_file_and_not_renamed(self):
        change = self.file("change.json", json.dumps({"id": ID, "description": "Three halls."}))
        self.kontor("alpine", "operator-group", "update", change)
        self.assertEqual(self.shown("coast")["description"], "Three halls.")
        with self.assertRaises(Failed) as caught:
            self.kontor("alpine", "operator-group", "update", self.file("name.json", json.dumps({"id": ID, "name": "X"})))
        self.assertIn("stays ALPINE as long as a site names it", str(caught.exception))

    def test_3_it_is_not_deleted_while_a_site_belongs_to_it(self):
        with self.assertRaises(Failed) as caught:
            self.kontor("alpine", "operator-group", "delete", ID)
        self.assertIn("give it another first", str(caught.exception))
        self.kontor("alpine", "operator-group", "create", self.file("new.json", json.dumps({"id": "alpine/x", "name": "X"})))
        self.kontor("alpine", "operator-group", "delete", "alpine/x")

    def test_4_an_export_goes_in_elsewhere_and_changes_nothing_here(self):
        text = self.broker.kontor("alpine", "site_admin", "config", "export")
        path = self.file("export.json", text)
        for broker in self.brokers:
            broker.kontor("alpine", "admin", "config", "import", "--format", "kontor-1", path)
        self.assertEqual(self.broker.kontor("alpine", "site_admin", "config", "export"), text)
        here, there = (json.loads(broker.kontor("alpine", "site_admin", "config", "export"))["operator_groups"]
                       for broker in self.brokers)
        for rows in here, there:
            for row in rows:
                for own in ("revision", "createdAt", "updatedAt"):
                    row.pop(own, None)
        self.assertEqual(len(here), 1)
        self.assertEqual(here, there)


if __name__ == "__main__":
    unittest.main(verbosity=2)
