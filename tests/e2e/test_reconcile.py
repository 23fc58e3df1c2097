"""What another configuration database says differently, from its files on the command line."""
import json
import os
import unittest
from xml.dom import minidom

from broker import EXAMPLES, Broker, Failed


class Reconcile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("reconcile").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        cls.example = os.path.join(EXAMPLES, "alpine.json")
        cls.broker.kontor("alpine", "admin", "config", "import", "--format", "kontor-1", cls.example)

    def file(self, name, text):
        path = os.path.join(self.broker.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def export(self, *words):
        return [self.file(f"{name}.xml", self.broker.kontor("alpine", "site_admin", "config", "export", name))
                for name in words]

    def reconcile(self, *words, who=("alpine", "site_admin")):
        said = self.broker.kontor(*who, "config", "reconcile", *words, "--output", "json")
        return [json.loads(line) for line in said.splitlines()]

    def test_1_our_own_export_says_the_same(self):
        files = self.export("get_site", "get_service")
        self.assertEqual(self.reconcile("--format", "gocdb", "--whole", *files), [])
        self.assertEqual(self.reconcile("--format", "kontor-1", "--whole", self.example), [])
        said = self.broker.kontor("alpine", "site_admin", "config", "reconcile", "--format", "gocdb", *files,
                                  "--output", "table")
        self.assertRegex(said, r"0 differences; (\d+) of the source's \1 are among \1 here")

    def test_2_what_is_changed_there_is_told(self):
        sites, services = self.export("get_site", "get_service")
        document = minidom.parse(services)
        rows = document.getElementsByTagName("SERVICE_ENDPOINT")
        host = rows[0].getElementsByTagName("HOSTNAME")[0].firstChild.data
        rows[0].getElementsByTagName("IN_PRODUCTION")[0].firstChild.data = "N"
        rows[1].getElementsByTagName("SERVICE_TYPE")[0].firstChild.data = "unheard.of"
        changed = self.file("changed.xml", document.toxml())
        found = self.reconcile("--format", "gocdb", "--whole", sites, changed)
        self.assertEqual([d["kind"] for d in found], ["DIFFERENT", "MISSING_HERE", "MISSING_THERE"])
        self.assertEqual((found[0]["host"], found[0]["field"], found[0]["here"], found[0]["there"]),
                         (host, "is_production", "true", "false"))
        self.assertEqual(found[1]["type"], "unheard.of")
        self.assertEqual(found[1]["here"], found[2]["type"])
        said = self.broker.kontor("alpine", "site_admin", "config", "reconcile", "--format", "gocdb", sites, changed,
                                  "--output", "table")
        for word in ("missing here", "different", "is_production", "unheard.of", "2 differences"):
            self.assertIn(word, said)

    def test_3_a_monitors_reports_are_compared_with_what_was_seen(self):
        def reports(host, tag):
            return self.file(f"svmon-{tag}.json", json.dumps(
                {"siteName": "north-hall", "hostNameId": host, "operatingSystem": "Debian 12",
                 "serviceType": "block-storage", "serviceComponentName": "", "tagAtSite": tag}))
        self.broker.kontor("alpine", "monitor", "config", "version", "report", reports("st1.alpine.example", "2.9"))
        found = self.reconcile("--format", "svmon", reports("ST1.alpine.example", "2.10"))
        self.assertEqual([(d["field"], d["here"], d["there"]) for d in found], [("version", "2.9", "2.10")])

    def test_4_another_registrys_are_asked_for_by_name(self):
        files = self.export("get_service")
        self.assertEqual(self.reconcile("--format", "gocdb", "--registry", "alpine", *files,
                                        who=("coast", "portal")), [])

    def test_5_what_cannot_be_compared_is_said(self):
        empty = self.file("empty.xml", '<?xml version="1.0"?>\n<results>\n</results>\n')
        for words, said in ((("--format", "gocdb", empty), "name no endpoints"),
                            (("--format", "osb", empty), "osb"),
                            (("--format", "svmon", empty), "empty.xml")):
            with self.assertRaises(Failed) as caught:
                self.reconcile(*words)
            self.assertIn(said, str(caught.exception))

    def test_6_real_files_say_the_same_once_they_are_imported(self):
        folder = os.environ.get("KONTOR_REAL_DATA")
        if not folder:
            print("KONTOR_REAL_DATA is not set: no real configuration is read")
            return
        files = [os.path.join(folder, "configuration", name + ".xml") for name in ("Sites", "ServiceEndpoints")]
        self.broker.kontor("coast", "admin", "config", "import", "--format", "gocdb", *files)
        self.assertEqual(self.reconcile("--format", "gocdb", "--whole", *files, who=("coast", "admin")), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
