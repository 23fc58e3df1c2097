"""What is exported as GOCDB's documents is read by readers as they are written for it, and comes back the same."""
import os
import re
import unittest
import xml.dom.minidom as dom

from broker import EXAMPLES, Broker

DOCUMENTS = ("get_site_list", "get_site", "get_service", "get_service_group", "get_downtime",
             "get_downtime_nested_services", "get_service_types")
IMPORTED = ("get_site", "get_service", "get_service_group", "get_downtime")
# What must be there although it is empty, by the element it stands in.
ALWAYS = {"SERVICE_ENDPOINT": ("HOSTNAME", "SERVICE_TYPE", "ENDPOINTS", "EXTENSIONS", "SCOPES"),
          "SITE": ("PRIMARY_KEY", "SHORT_NAME", "ROC", "CERTIFICATION_STATUS", "SCOPES", "EXTENSIONS"),
          "SERVICE_GROUP": ("NAME", "DESCRIPTION", "MONITORED", "CONTACT_EMAIL", "SCOPES", "EXTENSIONS"),
          "DOWNTIME": ("SEVERITY", "START_DATE", "END_DATE", "FORMATED_START_DATE", "FORMATED_END_DATE",
                       "GOCDB_PORTAL_URL", "DESCRIPTION")}


def text(element, name):
    node = element.getElementsByTagName(name)[0]
    return node.firstChild.data if node.firstChild else ""


def connector_view(document):
    """As the connectors of ARGO read it: pages are joined by dropping the lines of the frame."""
    lines = [line for line in document.splitlines()
             if not any(mark in line for mark in ("<?xml", "<results>", "</results>"))]
    return dom.parseString("<all>" + "\n".join(lines) + "</all>").documentElement


class Gocdb:
    """The same for whatever goes in."""
    files, form = (), "gocdb"

    @classmethod
    def setUpClass(cls):
        cls.first, cls.second = (Broker(f"gocdb {n}").start().furnish() for n in (1, 2))
        cls.addClassCleanup(cls.first.close)
        cls.addClassCleanup(cls.second.close)
        cls.first.kontor("alpine", "admin", "config", "import", "--format", cls.form, *cls.files)
        cls.said = {name: cls.first.kontor("alpine", "site_admin", "config", "export", name) for name in DOCUMENTS}

    def rows(self, name, tag):
        return dom.parseString(self.said[name]).getElementsByTagName(tag)

    def test_1_the_frame_stands_in_lines_of_its_own(self):
        for name, document in self.said.items():
            with self.subTest(name):
                lines = document.splitlines()
                self.assertEqual(lines[0], '<?xml version="1.0" encoding="UTF-8"?>')
                self.assertEqual((lines[1], lines[-1]), ("<results>", "</results>"))
                view = connector_view(document)
                self.assertEqual(len([n for n in view.childNodes if n.nodeType == n.ELEMENT_NODE]),
                                 len([n for n in dom.parseString(document).documentElement.childNodes
                                      if n.nodeType == n.ELEMENT_NODE]))

    def test_2_what_readers_ask_for_is_always_there(self):
        seen = set()
        for name in DOCUMENTS[1:6]:
            for tag, children in ALWAYS.items():
                for element in self.rows(name, tag):
                    for child in children:
                        self.assertTrue(element.getElementsByTagName(child), (name, tag, child))
                    seen.add((name, tag))
        self.assertIn(("get_service", "SERVICE_ENDPOINT"), seen)
        self.assertIn(("get_downtime", "DOWNTIME"), seen)

    def test_3_sites_are_found_by_line(self):
        names = [e.getAttribute("NAME") for e in self.rows("get_site", "SITE")]
        self.assertTrue(names)
        for name in names:
            self.assertTrue(re.search(rf'<SITE .* NAME="{re.escape(name)}" .*/>', self.said["get_site_list"]), name)

    def test_4_downtimes_are_classified_one_by_one(self):
        document = dom.parseString(self.said["get_downtime"]).documentElement
        rows = [n for n in document.childNodes if n.nodeType == n.ELEMENT_NODE]
        self.assertTrue(rows)
        for row in rows:
            self.assertIn(row.getAttribute("CLASSIFICATION"), ("SCHEDULED", "UNSCHEDULED"))
            self.assertRegex(text(row, "FORMATED_START_DATE"), r"^\d{4}-\d\d-\d\d \d\d:\d\d$")
            self.assertEqual(text(row, "ENDPOINT"), text(row, "HOSTNAME") + text(row, "SERVICE_TYPE"))
        nested = self.rows("get_downtime_nested_services", "DOWNTIME")
        self.assertEqual(len(nested), len({row.getAttribute("PRIMARY_KEY") for row in rows}))
        self.assertEqual(sum(len(n.getElementsByTagName("SERVICE")) for n in nested), len(rows))

    def test_5_it_comes_back_the_same(self):
        paths = []
        for name in IMPORTED:
            paths.append(os.path.join(self.second.folder, name + ".xml"))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(self.said[name])
        for _ in range(2):
            self.second.kontor("alpine", "admin", "config", "import", "--format", "gocdb", *paths)
            for name in DOCUMENTS:
                with self.subTest(name):
                    again = self.second.kontor("alpine", "site_admin", "config", "export", name)
                    self.assertEqual(again, self.said[name])


class Example(Gocdb, unittest.TestCase):
    """Ours, with more than one thing of each kind, and texts that XML has to escape."""
    files, form = (os.path.join(EXAMPLES, "alpine.json"),), "kontor-1"

    def test_6_services_of_closed_sites_are_not_answered(self):
        sites = self.first.client("alpine", "site_admin")
        self.assertIn("<SITENAME>north-hall</SITENAME>", self.said["get_service"])
        self.first.client("alpine", "admin").call("RegistryService.CreatePrincipal", principal={
            "id": "alpine/cert", "identity": self.first.uri("alpine", "certifier", "certifier-1"),
            "roles": ["CERTIFIER"], "scopes": ["r:alpine"]})
        self.first.client("alpine", "certifier").call("ConfigurationService.MoveCertification",
                                                      id="alpine/north-hall", certification="CLOSED", reason="gone")
        sites.call("ConfigurationService.CreateSite", site={
            "id": "alpine/odd", "short_name": "odd", "description": "\"<&>' and ]]> \u00e9"})
        self.assertNotIn("<SITENAME>north-hall</SITENAME>",
                         self.first.kontor("alpine", "site_admin", "config", "export", "get_service"))
        odd = [e for e in dom.parseString(self.first.kontor("alpine", "site_admin", "config", "export", "get_site"))
               .getElementsByTagName("SITE") if e.getAttribute("NAME") == "odd"]
        self.assertEqual(text(odd[0], "SITE_DESCRIPTION"), "\"<&>' and ]]> \u00e9")
        self.first.kontor("alpine", "site_admin", "config", "export", "get_all", status=2)

    def test_7_a_site_and_a_group_are_written_as_services(self):
        sites = self.first.client("alpine", "site_admin")
        sites.call("ConfigurationService.CreateGroup", group={
            "id": "alpine/south", "name": "South", "endpoints": ["alpine/st2"], "sites": ["alpine/library"]})
        sites.call("ConfigurationService.DeclareDowntime", downtime={
            "id": "alpine/whole", "severity": "OUTAGE", "description": "Power", "start_at": "2150-01-01T00:00:00Z",
            "end_at": "2150-01-02T00:00:00Z", "affected": [{"site": "library"}], "groups": ["alpine/south"]})
        rows = [e for e in dom.parseString(self.first.kontor("alpine", "site_admin", "config", "export", "get_downtime"))
                .getElementsByTagName("DOWNTIME") if e.getAttribute("PRIMARY_KEY") == "whole"]
        self.assertEqual(sorted(text(e, "HOSTNAME") for e in rows), ["st2.alpine.example", "tape1.alpine.example"])


class RealFiles(Gocdb, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = os.environ.get("KONTOR_REAL_DATA")
        if not folder:
            raise unittest.SkipTest("KONTOR_REAL_DATA is not set: no real configuration is read")
        cls.files = tuple(os.path.join(folder, "configuration", name + ".xml") for name in
                          ("Sites", "ServiceEndpoints", "ServiceGroups", "Downtimes"))
        super().setUpClass()

    def test_6_nothing_is_missing(self):
        self.assertEqual(len(self.rows("get_site", "SITE")), 18)
        self.assertEqual(len(self.rows("get_service", "SERVICE_ENDPOINT")), 40)
        self.assertEqual(len(self.rows("get_service_group", "SERVICE_ENDPOINT")), 46)
        self.assertEqual(len(self.rows("get_downtime", "DOWNTIME")), 40)
        self.assertEqual(len(self.rows("get_downtime_nested_services", "DOWNTIME")), 35)


if __name__ == "__main__":
    unittest.main(verbosity=2)
