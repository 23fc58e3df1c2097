"""What is exported as GOCDB's documents is read by readers as they are written for it, and comes back the same."""
import json
import os
import re
import tempfile
import time
import unittest
import xml.dom.minidom as dom

import gocdb_reader as reader
from broker import EXAMPLES, Broker, run
from gocdb_reader import children, names, text

DOCUMENTS = ("get_ngi", "get_site_list", "get_site", "get_service", "get_service_group", "get_downtime",
             "get_downtime_nested_services", "get_service_types", "get_cert_status_changes")
# Types are the catalogue's, everything else the configuration's.
IMPORTED = (("config", ("get_ngi", "get_site", "get_service", "get_service_group", "get_downtime", "get_cert_status_changes")),
            ("catalogue", ("get_service_types",)))
# The elements of each answer in GOCDB's order; those with a ? are left out when they are empty, all others never.
ORDER = {
    "NGI": "PRIMARY_KEY NAME OBJECT_ID DESCRIPTION EMAIL GGUS_SU ROD_EMAIL HELPDESK_EMAIL SECURITY_EMAIL SITE_COUNT SCOPES",
    "SITE": "PRIMARY_KEY SHORT_NAME OFFICIAL_NAME? SITE_DESCRIPTION? GOCDB_PORTAL_URL HOME_URL? CONTACT_EMAIL? "
            "CONTACT_TEL? ALARM_EMAIL? GIIS_URL? TIER? COUNTRY_CODE? COUNTRY? ROC SUBGRID? PRODUCTION_INFRASTRUCTURE? "
            "CERTIFICATION_STATUS TIMEZONE? LATITUDE? LONGITUDE? CSIRT_EMAIL? NOTIFICATIONS DOMAIN SITE_IP? SITE_IPV6? "
            "SCOPES EXTENSIONS",
    "SERVICE_ENDPOINT": "PRIMARY_KEY HOSTNAME GOCDB_PORTAL_URL HOSTDN? HOST_OS? HOST_ARCH? BETA SERVICE_TYPE HOST_IP? "
                        "HOST_IPV6? CORE IN_PRODUCTION NODE_MONITORED NOTIFICATIONS SITENAME COUNTRY_NAME COUNTRY_CODE "
                        "ROC_NAME URL ENDPOINTS SCOPES EXTENSIONS",
    "SERVICE_GROUP": "NAME DESCRIPTION MONITORED CONTACT_EMAIL GOCDB_PORTAL_URL SERVICE_ENDPOINT? SCOPES EXTENSIONS",
    "DOWNTIME": "PRIMARY_KEY HOSTNAME SERVICE_TYPE ENDPOINT HOSTED_BY GOCDB_PORTAL_URL AFFECTED_ENDPOINTS SEVERITY "
                "DESCRIPTION INSERT_DATE START_DATE END_DATE FORMATED_START_DATE FORMATED_END_DATE",
    "SERVICE_TYPE": "SERVICE_TYPE_NAME SERVICE_TYPE_DESC",
    "result": "TIME UNIX_TIME SITE OLD_STATUS NEW_STATUS CHANGED_BY COMMENT"}
MEMBER = ("HOSTNAME GOCDB_PORTAL_URL SERVICE_TYPE HOST_IP HOST_IPV6 HOSTDN IN_PRODUCTION NODE_MONITORED ENDPOINTS SCOPES "
          "EXTENSIONS")
NESTED = ("SEVERITY DESCRIPTION INSERT_DATE START_DATE END_DATE FORMATED_START_DATE FORMATED_END_DATE GOCDB_PORTAL_URL "
          "SERVICES")
HIT = "PRIMARY_KEY HOSTNAME SERVICE_TYPE ENDPOINT HOSTED_BY AFFECTED_ENDPOINTS"
# What we add, and no reader minds.
OURS = {"CSIRT_TEL", "EMERGENCY_TEL", "LOCATION", "DESCRIPTION", "CONTACT_EMAIL", "DPMT_URL"}
WAY = ["ID", "NAME", "EXTENSIONS", "URL", "INTERFACENAME", "ENDPOINT_MONITORED"]


class Gocdb:
    """The same for whatever goes in."""
    files, form = (), "gocdb"

    @classmethod
    def setUpClass(cls):
        cls.first, cls.second = (Broker(f"gocdb {n}").start().furnish() for n in (1, 2))
        cls.addClassCleanup(cls.first.close)
        cls.addClassCleanup(cls.second.close)
        words = ("--keep-names",) if cls.form == "gocdb" else ()
        cls.first.kontor("alpine", "admin", "config", "import", "--format", cls.form, *words, *cls.files)
        cls.furnish()
        cls.said = {name: cls.export(cls.first, name) for name in DOCUMENTS}

    @classmethod
    def furnish(cls):
        """What is to be there besides."""

    @staticmethod
    def export(broker, *words):
        return broker.kontor("alpine", "site_admin", "config", "export", *words)

    def rows(self, name, tag=None):
        root = dom.parseString(self.said[name]).documentElement
        return [row for row in children(root) if tag in (None, row.tagName)]

    # The frame --------------------------------------------------------------------------

    def test_01_the_frame_stands_in_lines_of_its_own(self):
        for name, document in self.said.items():
            with self.subTest(name):
                lines = document.splitlines()
                self.assertEqual(lines[0], '<?xml version="1.0" encoding="UTF-8"?>')
                self.assertEqual((lines[1], lines[-1]), ("<results>", "</results>"))
                self.assertEqual(document.count("<results"), 1)
                self.assertEqual([names(row) for row in children(reader.joined([document]))],
                                 [names(row) for row in self.rows(name)])
                self.assertEqual(len(children(reader.joined([document, document]))), 2 * len(self.rows(name)))

    # Elements ---------------------------------------------------------------------------

    def check_order(self, row, order):
        """All that must be there is, in its order, and nothing else but what we add."""
        expected = order.split()
        found = [name for name in names(row) if name not in OURS or name in expected]
        known = [name.rstrip("?") for name in expected]
        self.assertEqual([name for name in found if name not in known], [], row.tagName)
        at = [known.index(name) for name in found]
        self.assertEqual(at, sorted(at), f"{row.tagName}: {found}")
        self.assertEqual([name for name in expected if not name.endswith("?") and name not in found], [], row.tagName)
        for child in children(row):
            if child.tagName + "?" in expected:
                self.assertTrue(child.childNodes, f"{child.tagName} is there, and empty")

    def test_02_elements_are_there_in_their_order(self):
        seen = set()
        for name, tag in (("get_ngi", "NGI"), ("get_site", "SITE"), ("get_service", "SERVICE_ENDPOINT"),
                          ("get_service_group", "SERVICE_GROUP"), ("get_downtime", "DOWNTIME"),
                          ("get_service_types", "SERVICE_TYPE"), ("get_cert_status_changes", "result")):
            self.assertEqual(len(self.rows(name, tag)), len(self.rows(name)), name)
            for row in self.rows(name):
                self.check_order(row, ORDER[tag])
                seen.add(tag)
        for row in self.rows("get_service_group"):
            for member in row.getElementsByTagName("SERVICE_ENDPOINT"):
                self.check_order(member, MEMBER)
        for row in self.rows("get_downtime_nested_services"):
            self.check_order(row, NESTED)
            for hit in row.getElementsByTagName("SERVICE"):
                self.check_order(hit, HIT + " END_DATE? FORMATED_END_DATE?")
        self.assertEqual(seen, set(ORDER))

    def test_03_ways_in_are_whole(self):
        for row in self.rows("get_service"):
            for way in children(row.getElementsByTagName("ENDPOINTS")[0]):
                self.assertEqual((way.tagName, names(way)), ("ENDPOINT", WAY))
                self.assertIn(text(way, "ENDPOINT_MONITORED"), "YN")
            for scope in children(row.getElementsByTagName("SCOPES")[0]):
                self.assertEqual(scope.tagName, "SCOPE")
            for extension in children(row.getElementsByTagName("EXTENSIONS")[-1]):
                self.assertEqual(names(extension), ["LOCAL_ID", "KEY", "VALUE"])

    def test_04_keys_are_attributes_and_elements(self):
        for name in ("get_site", "get_service", "get_downtime"):
            keys = [row.getAttribute("PRIMARY_KEY") for row in self.rows(name)]
            self.assertTrue(all(keys), name)
            self.assertEqual([text(row, "PRIMARY_KEY") for row in self.rows(name)], keys, name)
        for name in ("get_site", "get_service_group", "get_downtime", "get_cert_status_changes"):
            self.assertTrue(all(row.getAttribute("ID") for row in self.rows(name)), name)
        for row in self.rows("get_service_types"):
            self.assertTrue(row.getAttribute("TYPE_ID") and row.getAttribute("PRIMARY_KEY"))
        known = {row.getAttribute("PRIMARY_KEY") for row in self.rows("get_service")}
        for group in self.rows("get_service_group"):
            for member in group.getElementsByTagName("SERVICE_ENDPOINT"):
                self.assertIn(member.getAttribute("PRIMARY_KEY"), known)

    def test_05_yes_and_no_are_written_as_each_element_has_them(self):
        for name in ("BETA", "IN_PRODUCTION", "NODE_MONITORED", "NOTIFICATIONS"):
            for row in self.rows("get_service"):
                self.assertIn(text(row, name), ("Y", "N"), name)
        for row in self.rows("get_service_group"):
            self.assertIn(text(row, "MONITORED"), ("Y", "N"))
        for row in self.rows("get_site"):
            self.assertIn(text(row, "NOTIFICATIONS"), ("TRUE", "FALSE"))
            self.assertIn(text(row, "CERTIFICATION_STATUS"),
                          ("Candidate", "Uncertified", "Certified", "Suspended", "Closed"))

    # Readers ----------------------------------------------------------------------------

    def test_05_initiatives_count_their_sites(self):
        sites = [text(row, "ROC") for row in self.rows("get_site")]
        for row in self.rows("get_ngi"):
            self.assertEqual(text(row, "SITE_COUNT"), str(sites.count(text(row, "NAME"))))
            self.assertEqual(row.getAttribute("NAME"), text(row, "NAME"))
            self.assertEqual(row.getAttribute("PRIMARY_KEY"), text(row, "PRIMARY_KEY"))

    def test_06_sites_are_found_by_line(self):
        found = reader.bdii_sites(self.said["get_site_list"])
        self.assertEqual({name for _, name, _ in found}, set(reader.sites(self.said["get_site"])))
        for row in self.rows("get_site_list"):
            self.assertEqual(names(row), [])
            self.assertTrue(reader.nagios_finds(self.said["get_site_list"], row.getAttribute("NAME")))
        attributes = re.findall(r" ([A-Z_]+)=", self.said["get_site_list"].splitlines()[2])
        self.assertEqual(attributes, ["ID", "PRIMARY_KEY", "NAME", "COUNTRY", "COUNTRY_CODE", "ROC", "SUBGRID",
                                      "GIIS_URL"])

    def test_07_a_topology_joins(self):
        services, places = reader.topology(self.said["get_service"]), reader.sites(self.said["get_site"])
        self.assertEqual(len(services), len(self.rows("get_service")))
        for service in services.values():
            self.assertIn(service["SITENAME"], places)
            self.assertEqual(service["ROC_NAME"], places[service["SITENAME"]]["ROC"])
        pairs = {(service["HOSTNAME"], service["SERVICE_TYPE"]) for service in services.values()}
        for members in reader.groups(self.said["get_service_group"]).values():
            self.assertLessEqual(set(members), pairs)
        self.assertEqual(len(reader.cloud_services(self.said["get_service"])),
                         sum(service["IN_PRODUCTION"] == "Y" for service in services.values()))

    def test_08_downtimes_are_classified_one_by_one(self):
        rows = self.rows("get_downtime")
        self.assertTrue(rows)
        for row in rows:
            declared, start, end = (int(text(row, name)) for name in ("INSERT_DATE", "START_DATE", "END_DATE"))
            self.assertEqual(row.getAttribute("CLASSIFICATION"),
                             "SCHEDULED" if start > declared + 24 * 3600 else "UNSCHEDULED")
            self.assertEqual(reader.seconds(text(row, "FORMATED_START_DATE")), start - start % 60)
            self.assertEqual(reader.seconds(text(row, "FORMATED_END_DATE")), end - end % 60)
            self.assertEqual(text(row, "ENDPOINT"), text(row, "HOSTNAME") + text(row, "SERVICE_TYPE"))
            self.assertIn(text(row, "SEVERITY"), ("OUTAGE", "WARNING"))
        self.assertNotIn("<meta", self.said["get_downtime"])
        self.assertEqual(len(reader.downtimes(self.said["get_downtime"])),
                         sum(row.getAttribute("CLASSIFICATION") == "SCHEDULED" and text(row, "SEVERITY") == "OUTAGE"
                             for row in rows))
        self.assertEqual(len(reader.dirac_downtimes(self.said["get_downtime"])), len(rows))

    def test_09_both_renderings_say_the_same(self):
        flat = {(row.getAttribute("PRIMARY_KEY"), text(row, "HOSTNAME"), text(row, "SERVICE_TYPE"),
                 text(row, "HOSTED_BY"), int(text(row, "END_DATE"))) for row in self.rows("get_downtime")}
        nested = {(key, *service) for key, row in
                  reader.nested_downtimes(self.said["get_downtime_nested_services"]).items()
                  for service in row["services"]}
        self.assertEqual(nested, flat)

    def test_10_pages_end_at_count_0(self):
        for name in ("get_site", "get_service", "get_service_group"):
            pages, cursor = [], "0"
            while cursor is not None:
                pages.append(self.export(self.first, name, "--next-cursor", cursor))
                cursor = reader.next_cursor(pages[-1])
                self.assertEqual(reader.has_next(pages[-1]), cursor is not None)
            whole = [row for row in children(reader.joined(pages)) if row.tagName != "meta"]
            self.assertEqual([row.toxml() for row in whole], [row.toxml() for row in self.rows(name)])
            self.assertEqual(len(pages), -(-len(whole) // 100) + 1)
        before = self.export(self.first, "get_service", "--prev-cursor", "100")
        self.assertEqual(before, self.export(self.first, "get_service", "--next-cursor", "0"))
        self.first.kontor("alpine", "site_admin", "config", "export", "get_site_list", "--next-cursor", "0", status=2)
        self.first.kontor("alpine", "site_admin", "config", "export", "get_site", "--next-cursor", "0",
                          "--prev-cursor", "0", status=2)

    def test_11_types_and_history_are_read(self):
        used = {text(row, "SERVICE_TYPE") for row in self.rows("get_service")}
        self.assertLessEqual(used, set(reader.types(self.said["get_service_types"])))
        history = reader.changes(self.said["get_cert_status_changes"])
        self.assertTrue(history)
        self.assertEqual([row[0] for row in history], sorted((row[0] for row in history), reverse=True))

    def test_14_what_is_asked_for_is_a_part_of_all(self):
        """With the queries readers ask: each row of an answer is one of the whole document, and is what was asked for."""
        places = reader.sites(self.said["get_site"])
        for site in sorted(places)[:3]:
            services = self.export(self.first, "get_service", "--sitename", site, "--scope", "")
            self.assertEqual(list(reader.topology(services).items()),
                             [row for row in reader.topology(self.said["get_service"]).items()
                              if row[1]["SITENAME"] == site])
            downtimes = self.export(self.first, "get_downtime", "--topentity", site)
            self.assertEqual([row.toxml() for row in children(dom.parseString(downtimes).documentElement)],
                             [row.toxml() for row in self.rows("get_downtime") if text(row, "HOSTED_BY") == site])
        certified = self.export(self.first, "get_site_list", "--certification-status", "Certified")
        self.assertEqual([row.getAttribute("NAME") for row in children(dom.parseString(certified).documentElement)],
                         [row.getAttribute("NAME") for row in self.rows("get_site")
                          if text(row, "CERTIFICATION_STATUS") == "Certified"])
        kind = text(self.rows("get_service")[0], "SERVICE_TYPE")
        of_kind = self.export(self.first, "get_service", "--service-type", kind, "--next-cursor", "0")
        self.assertIn(f"service_type={kind}&amp;next_cursor=", of_kind)
        self.assertEqual({row["SERVICE_TYPE"] for row in reader.topology(of_kind).values()}, {kind})
        day = text(self.rows("get_downtime")[0], "FORMATED_START_DATE")[:10]
        window = self.export(self.first, "get_downtime", "--windowstart", day, "--windowend", day)
        first, last = reader.seconds(day + " 00:00"), reader.seconds(day + " 00:00") + 24 * 3600
        self.assertEqual([row.toxml() for row in children(dom.parseString(window).documentElement)],
                         [row.toxml() for row in self.rows("get_downtime")
                          if int(text(row, "END_DATE")) > first and int(text(row, "START_DATE")) < last])
        self.first.kontor("alpine", "site_admin", "config", "export", "get_downtime", "--ongoing-only", "maybe",
                          status=2)

    # And back ---------------------------------------------------------------------------

    def test_12_it_comes_back_the_same(self):
        for _ in range(2):
            for noun, documents in IMPORTED:
                paths = []
                for name in documents:
                    paths.append(os.path.join(self.second.folder, name + ".xml"))
                    with open(paths[-1], "w", encoding="utf-8") as file:
                        file.write(self.said[name])
                self.second.kontor("alpine", "admin", noun, "import", "--format", "gocdb", "--keep-names", *paths)
            for name in DOCUMENTS:
                with self.subTest(name):
                    self.assertEqual(self.export(self.second, name), self.said[name])

    def test_13_our_own_form_comes_back_the_same(self):
        """To another broker, and to the same, where it changes nothing."""
        for broker in (self.first, Broker("gocdb own")):
            if broker is not self.first:
                self.addCleanup(broker.close)
                broker.start().furnish()
            own = self.export(self.first)
            path = os.path.join(broker.folder, "own.json")
            with open(path, "w", encoding="utf-8") as file:
                file.write(own)
            said = broker.kontor("alpine", "admin", "config", "import", "--format", "kontor-1", path)
            types = self.export(self.first, "get_service_types", "--output", "json")
            self.assertEqual(list(json.loads(types)), ["vocabularies"])
            with open(path, "w", encoding="utf-8") as file:
                file.write(types)
            if json.loads(types)["vocabularies"]:
                broker.kontor("alpine", "admin", "catalogue", "import", "--format", "kontor-1", path)
            for name in DOCUMENTS:
                with self.subTest(name):
                    self.assertEqual(self.export(broker, name), self.said[name])
            if broker is self.first:
                outcomes = {json.loads(line).get("outcome") for line in said.splitlines() if line.startswith("{")}
                self.assertLessEqual(outcomes, {"SAME"})
                self.assertEqual(self.export(self.first), own)


class Example(Gocdb, unittest.TestCase):
    """Ours, with more than one thing of each kind, and all that GOCDB does not know."""
    files, form = (os.path.join(EXAMPLES, "alpine.json"),), "kontor-1"

    @classmethod
    def furnish(cls):
        admin, sites = cls.first.client("alpine", "admin"), cls.first.client("alpine", "site_admin")
        admin.call("RegistryService.CreatePrincipal", principal={
            "id": "alpine/cert", "identity": cls.first.uri("alpine", "certifier", "certifier-1"),
            "roles": ["CERTIFIER"], "scopes": ["r:alpine"]})
        cls.certifier = cls.first.client("alpine", "certifier")
        cls.certify("alpine/library", "SUSPENDED")
        cls.certify("alpine/library", "UNCERTIFIED")
        sites.call("ConfigurationService.CreateGroup", group={
            "id": "alpine/south", "name": "South", "endpoints": ["alpine/st2"], "sites": ["alpine/library"]})
        sites.call("ConfigurationService.CreateGroup", group={
            "id": "alpine/all", "name": "All of it", "groups": ["alpine/south"], "endpoints": ["alpine/nb1"]})
        sites.call("ConfigurationService.DeclareDowntime", downtime={
            "id": "alpine/whole", "severity": "OUTAGE", "description": "Power \"<&>' off",
            "start_at": "2150-01-01T00:00:00Z", "end_at": "2150-01-02T00:00:00Z",
            "affected": [{"site": "library"}, {"site": "south-hall", "host": "st2.alpine.example",
                                               "type": "block-storage", "end_at": "2150-01-01T06:00:00Z"}],
            "groups": ["alpine/all"]})

    @classmethod
    def certify(cls, site, certification):
        cls.certifier.call("ConfigurationService.MoveCertification", id=site, certification=certification, reason="why")

    def test_20_a_site_and_groups_within_groups_are_written_as_services(self):
        rows = [row for row in self.rows("get_downtime") if row.getAttribute("PRIMARY_KEY") == "whole"]
        self.assertEqual({text(row, "HOSTNAME"): text(row, "FORMATED_END_DATE") for row in rows},
                         {"tape1.alpine.example": "2150-01-02 00:00", "st2.alpine.example": "2150-01-01 06:00",
                          "nb1.alpine.example": "2150-01-02 00:00"})
        self.assertEqual(len(rows), 3)
        self.assertEqual(reader.groups(self.said["get_service_group"])["All of it"],
                         [("nb1.alpine.example", "notebooks"), ("st2.alpine.example", "block-storage"),
                          ("tape1.alpine.example", "archive")])

    def test_21_what_gocdb_cannot_say_is_told(self):
        self.export(self.first, "get_downtime")
        self.assertIn("alpine/whole: affected[0] is a whole site: written as the services there", run.stderr)
        self.assertIn("in all that get_downtime cannot say", run.stderr)
        self.export(self.first, "get_service")
        self.assertIn("alpine/st1: service has no place in gocdb", run.stderr)
        self.export(self.first, "get_site_list")
        self.assertEqual(run.stderr, "")
        self.first.kontor("alpine", "site_admin", "config", "export", "get_all", status=2)

    def test_22_only_ones_own_records_are_written(self):
        """Another registry has a site, an endpoint and a downtime, called alike; they are its own."""
        coast = self.first.client("coast", "admin")
        coast.call("ConfigurationService.CreateSite", site={"id": "coast/library", "short_name": "library"})
        coast.call("ConfigurationService.CreateEndpoint", endpoint={
            "id": "coast/st9", "site": "coast/library", "host": "st9.coast.example", "type": "block-storage"})
        coast.call("ConfigurationService.CreateGroup", group={
            "id": "coast/south", "name": "South", "endpoints": ["coast/st9"]})
        coast.call("ConfigurationService.DeclareDowntime", downtime={
            "id": "coast/whole", "severity": "OUTAGE", "description": "Power", "start_at": "2150-01-01T00:00:00Z",
            "end_at": "2150-01-02T00:00:00Z", "affected": [{"site": "library"}]})
        for name in DOCUMENTS:
            with self.subTest(name):
                self.assertEqual(self.export(self.first, name), self.said[name])
        self.assertNotIn("coast", self.export(self.first))
        theirs = self.first.kontor("coast", "admin", "config", "export", "get_downtime")
        self.assertEqual([row["HOSTNAME"] for row in reader.dirac_downtimes(theirs).values()], ["st9.coast.example"])

    def test_30_as_it_was(self):
        """Everything after this changes what is there; what was is read by position and by time."""
        before = self.first.client("alpine", "admin").call("ConfigurationService.ListSites", page_size=1)
        seq, own = before["position"]["seq"], self.export(self.first)
        sites = self.first.client("alpine", "site_admin")
        made = sites.call("ConfigurationService.CreateSite", site={
            "id": "alpine/odd", "short_name": "odd", "description": "\"<&>' and ]]> \u00e9"})
        sites.call("ConfigurationService.DeleteGroup", id="alpine/south")
        sites.call("ConfigurationService.CancelDowntime", id="alpine/whole", reason="not needed")
        self.certify("alpine/north-hall", "CLOSED")
        for name in DOCUMENTS:
            with self.subTest(name):
                self.assertEqual(self.export(self.first, name, "--as-of", seq), self.said[name])
        self.assertEqual(self.export(self.first, "--as-of", seq), own)
        self.assertNotEqual(self.export(self.first), own)
        at = (made.get("site") or made)["created_at"]
        self.assertIn('NAME="odd"', self.export(self.first, "get_site_list", "--as-of", at))
        self.assertIn('NAME="south-hall"', self.export(self.first, "get_site_list", "--as-of", at))
        self.first.kontor("alpine", "site_admin", "config", "export", "--as-of", "yesterday", status=2)
        self.first.kontor("alpine", "site_admin", "config", "export", "--as-of", "999999999", status=75)

    def test_31_services_of_closed_sites_are_not_answered(self):
        self.assertIn("<SITENAME>north-hall</SITENAME>", self.said["get_service"])
        self.assertNotIn("<SITENAME>north-hall</SITENAME>", self.export(self.first, "get_service"))
        self.assertIn("alpine/st1: id is left out: its site is closed", run.stderr)
        self.assertNotIn("nb1.alpine.example", self.export(self.first, "get_service_group"))
        odd = [row for row in dom.parseString(self.export(self.first, "get_site")).getElementsByTagName("SITE")
               if row.getAttribute("NAME") == "odd"]
        self.assertEqual(text(odd[0], "SITE_DESCRIPTION"), "\"<&>' and ]]> \u00e9")
        self.assertNotIn('PRIMARY_KEY="whole"', self.export(self.first, "get_downtime"))
        self.assertIn("alpine/whole: is_cancelled", run.stderr)
        self.assertIn('"cancelReason":"not needed"', self.export(self.first))


    def test_32_what_goes_on_is_asked_for(self):
        """By now, and by the time that is looked back to."""
        now = int(time.time())
        start, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + offset)) for offset in (-3600, 3600))
        made = self.first.client("alpine", "site_admin").call("ConfigurationService.DeclareDowntime", downtime={
            "id": "alpine/on", "severity": "WARNING", "description": "Fans", "start_at": start, "end_at": end,
            "affected": [{"site": "south-hall", "host": "st2.alpine.example", "type": "block-storage"}]})
        at = (made.get("downtime") or made)["created_at"]
        for words in ((), ("--as-of", at)):
            found = self.export(self.first, "get_downtime", "--ongoing-only", "yes", *words)
            self.assertEqual([row.getAttribute("PRIMARY_KEY") for row in children(dom.parseString(found).documentElement)],
                             ["on"], words)


def real_files():
    folder = os.environ.get("KONTOR_REAL_DATA")
    if not folder:
        raise unittest.SkipTest("KONTOR_REAL_DATA is not set: no real configuration is read")
    return tuple(os.path.join(folder, "configuration", name + ".xml") for name in
                 ("NGIs", "Sites", "ServiceEndpoints", "ServiceGroups", "Downtimes", "CertStatusChanges", "ServiceTypes"))


class RealFiles(Gocdb, unittest.TestCase):
    """GOCDB's own sample; its history has 26 changes that nobody may make, which are refused."""

    @classmethod
    def setUpClass(cls):
        *cls.files, cls.history, cls.types = real_files()
        super().setUpClass()

    @classmethod
    def furnish(cls):
        cls.judged = cls.first.kontor("alpine", "admin", "config", "import", "--format", "gocdb", "--keep-names",
                                      cls.history, status=67)
        cls.first.kontor("alpine", "admin", "catalogue", "import", "--format", "gocdb", cls.types)

    def test_20_nothing_is_missing(self):
        self.assertEqual(len(self.rows("get_site", "SITE")), 18)
        self.assertEqual(len(self.rows("get_service", "SERVICE_ENDPOINT")), 40)
        self.assertEqual(sum(len(members) for members in reader.groups(self.said["get_service_group"]).values()), 46)
        self.assertEqual(len(self.rows("get_downtime", "DOWNTIME")), 40)
        self.assertEqual(len(self.rows("get_downtime_nested_services", "DOWNTIME")), 35)
        self.assertEqual(len(reader.types(self.said["get_service_types"])), 96)
        self.assertEqual(len(self.rows("get_cert_status_changes", "result")), 583 - 26)
        # 9 in get_service, as its readers see them.
        self.assertEqual(len(reader.subjects([self.said["get_service"]])), 9)

    def test_21_types_are_those_of_the_file(self):
        with open(self.types, encoding="utf-8") as file:
            given = dom.parseString(file.read()).getElementsByTagName("SERVICE_TYPE")
        self.assertEqual([(row.getAttribute("TYPE_ID"), row.getAttribute("PRIMARY_KEY"),
                           text(row, "SERVICE_TYPE_NAME"), text(row, "SERVICE_TYPE_DESC")) for row in given],
                         [(row.getAttribute("TYPE_ID"), row.getAttribute("PRIMARY_KEY"),
                           text(row, "SERVICE_TYPE_NAME"), text(row, "SERVICE_TYPE_DESC"))
                          for row in self.rows("get_service_types")])

    def test_22_history_is_that_of_the_file(self):
        """But for what nobody may do: 15 Candidate to Certified, 10 Suspended to Certified, 1 Candidate to Candidate."""
        forbidden = {("Candidate", "Certified"): 15, ("Suspended", "Certified"): 10, ("Candidate", "Candidate"): 1}
        with open(self.history, encoding="utf-8") as file:
            given = [(int(text(row, "UNIX_TIME")), text(row, "SITE"), text(row, "OLD_STATUS"), text(row, "NEW_STATUS"),
                      text(row, "CHANGED_BY"), text(row, "COMMENT"))
                     for row in dom.parseString(file.read()).getElementsByTagName("result")]
        kept = [(int(text(row, "UNIX_TIME")), text(row, "SITE"), text(row, "OLD_STATUS"), text(row, "NEW_STATUS"),
                 text(row, "CHANGED_BY"), text(row, "COMMENT")) for row in self.rows("get_cert_status_changes")]
        self.assertEqual(len(given), 583)
        self.assertEqual({pair: sum(row[2:4] == pair for row in given) for pair in forbidden}, forbidden)
        self.assertEqual(sorted(kept), sorted(row for row in given if row[2:4] not in forbidden))


    def test_23_gaps_are_told_each_once(self):
        """Of what was taken; what a site was found as when it was taken over comes behind its history."""
        changes, found = {}, {row.getAttribute("NAME"): text(row, "CERTIFICATION_STATUS")
                              for row in self.rows("get_site")}
        for at, site, old, new in reader.changes(self.said["get_cert_status_changes"]):
            changes.setdefault(site, []).append((at, old, new))
        expected = 0
        for site, rows in changes.items():
            rows.sort()
            expected += sum(before[0] < behind[0] and before[2] != behind[1] for before, behind in zip(rows, rows[1:]))
            expected += site in found and rows[-1][2] != found[site]
        told = [finding for line in self.judged.splitlines() if line.startswith("{")
                for finding in json.loads(line).get("findings", ())
                if finding["description"].startswith("a gap in the history of ")]
        self.assertEqual(len(told), expected)
        self.assertGreaterEqual(len(told), 15)
        self.assertEqual({finding["field"] for finding in told}, {"from"})


MADE = """<?xml version="1.0" encoding="UTF-8"?>
<results>
<SITE PRIMARY_KEY="1"><SHORT_NAME>hall</SHORT_NAME><CONTACT_EMAIL>ada.one@alpine.example</CONTACT_EMAIL>
<CONTACT_TEL>+41-555-0101</CONTACT_TEL><CSIRT_EMAIL>bob.two@alpine.example</CSIRT_EMAIL>
<EMERGENCYTEL>+41-555-0102</EMERGENCYTEL><ALARM_EMAIL>cyd.three@alpine.example</ALARM_EMAIL>
<SITE_DESCRIPTION>kept words, then dan.four@alpine.example</SITE_DESCRIPTION></SITE>
<SERVICE_ENDPOINT PRIMARY_KEY="2"><HOSTNAME>a1.alpine.example</HOSTNAME><SERVICE_TYPE>alpine.diskk</SERVICE_TYPE>
<SITENAME>hall</SITENAME><HOSTDN>/C=CH/O=Alpine/CN=Eve Five</HOSTDN></SERVICE_ENDPOINT>
<SERVICE_ENDPOINT PRIMARY_KEY="3"><HOSTNAME>a2.alpine.example</HOSTNAME><SERVICE_TYPE>alpine.disk</SERVICE_TYPE>
<SITENAME>hall</SITENAME><HOSTDN>/C=CH/O=Alpine/CN=a2.alpine.example</HOSTDN></SERVICE_ENDPOINT>
<SERVICE_GROUP PRIMARY_KEY="4"><NAME>g</NAME><CONTACT_EMAIL>fay.six@alpine.example</CONTACT_EMAIL></SERVICE_GROUP>
<result><UNIX_TIME>1</UNIX_TIME><SITE>hall</SITE><OLD_STATUS>Candidate</OLD_STATUS><NEW_STATUS>Uncertified</NEW_STATUS>
<CHANGED_BY>/C=CH/O=Alpine/CN=gus seven</CHANGED_BY><COMMENT>gus seven agreed with hal.eight@alpine.example</COMMENT>
</result>
<SERVICE_TYPE TYPE_ID="5" PRIMARY_KEY="5G0"><SERVICE_TYPE_NAME>alpine.disk</SERVICE_TYPE_NAME></SERVICE_TYPE>
</results>
"""
PEOPLE = ("ada.one", "555-0101", "bob.two", "555-0102", "cyd.three", "dan.four", "Eve Five", "fay.six", "gus seven",
          "hal.eight")
# Every element an import reads, but for keys and what records are known and found by; and those it does not know.
FREE = {
    "NGI": "DESCRIPTION EMAIL ROD_EMAIL HELPDESK_EMAIL SECURITY_EMAIL GGUS_SU UNHEARD_OF",
    "SITE": ("OFFICIAL_NAME SITE_DESCRIPTION COUNTRY ROC PRODUCTION_INFRASTRUCTURE TIMEZONE IP_RANGE LOCATION TIER "
             "CONTACT_EMAIL CONTACT_TEL CSIRT_EMAIL CSIRTTEL EMERGENCYTEL COUNTRY_CODE ALARM_EMAIL HELPDESKEMAIL "
             "SITE_IPV6 SUBGRID SCOPE NOTIFICATIONS UNHEARD_OF"),
    "SERVICE_ENDPOINT": ("DESCRIPTION HOST_IP HOSTDN HOST_OS HOST_ARCH CONTACT_EMAIL HOST_IPV6 SCOPE NOTIFICATIONS "
                         "COUNTRY_NAME COUNTRY_CODE ROC_NAME UNHEARD_OF"),
    "SERVICE_GROUP": "NAME DESCRIPTION CONTACT_EMAIL UNHEARD_OF",
    "DOWNTIME": "DESCRIPTION UNHEARD_OF",
    "result": "COMMENT TIME CHANGED_BY UNHEARD_OF",
    "SERVICE_TYPE": "SERVICE_TYPE_DESC UNHEARD_OF"}
URLS = {"SITE": "HOME_URL GIIS_URL DPMT_URL GOCDB_PORTAL_URL", "SERVICE_ENDPOINT": "URL DPMT_URL GOCDB_PORTAL_URL",
        "SERVICE_GROUP": "DPMT_URL GOCDB_PORTAL_URL", "DOWNTIME": "GOCDB_PORTAL_URL"}
# What each record is known by, and what it cannot be without.
KNOWN = {
    "NGI": "<NAME>NGI_ALPINE</NAME>",
    "SITE": "<SHORT_NAME>hall</SHORT_NAME>",
    "SERVICE_ENDPOINT": "<HOSTNAME>a1.alpine.example</HOSTNAME><SERVICE_TYPE>disk</SERVICE_TYPE><SITENAME>hall</SITENAME>",
    "SERVICE_GROUP": "",
    "DOWNTIME": "<HOSTNAME>a1.alpine.example</HOSTNAME><SERVICE_TYPE>disk</SERVICE_TYPE><HOSTED_BY>hall</HOSTED_BY>"
                "<SEVERITY>OUTAGE</SEVERITY><INSERT_DATE>1</INSERT_DATE><START_DATE>2</START_DATE><END_DATE>3</END_DATE>",
    "result": "<UNIX_TIME>1</UNIX_TIME><SITE>hall</SITE><OLD_STATUS>Candidate</OLD_STATUS>"
              "<NEW_STATUS>Uncertified</NEW_STATUS>",
    "SERVICE_TYPE": "<SERVICE_TYPE_NAME>disk</SERVICE_TYPE_NAME>"}


def crowd():
    """A document with somebody else in every element; who is kept by --keep-names, and who is never taken."""
    kept, never, rows = [], [], []

    def somebody(element, place):
        number = len(kept) + len(never)
        # What has no place of its own is dropped, whoever is in it.
        lost = element in ("UNHEARD_OF", "COUNTRY_NAME", "ROC_NAME", "TIME") or (
            (place, element) in (("SERVICE_ENDPOINT", "COUNTRY_CODE"), ("DOWNTIME", "GOCDB_PORTAL_URL")))
        (never if lost else kept).append(f"person{number}x")
        return f"person{number}x@alpine.example"

    for place, known in KNOWN.items():
        words = FREE[place].split()
        row = known + "".join(f"<{name}>{somebody(name, place)}</{name}>" for name in words)
        for name in URLS.get(place, "").split():
            row += f"<{name}>https://alpine.example/?to={somebody(name, place)}</{name}>"
        if place in ("SITE", "SERVICE_ENDPOINT", "SERVICE_GROUP"):
            row += f"<SCOPES><SCOPE>{somebody('SCOPE', place)}</SCOPE></SCOPES><EXTENSIONS>"
            row += f"<EXTENSION><KEY>{somebody('KEY', place)}</KEY><VALUE>{somebody('VALUE', place)}</VALUE></EXTENSION>"
            row += f"<EXTENSION><KEY>of</KEY><VALUE>{somebody('VALUE', place)}</VALUE></EXTENSION></EXTENSIONS>"
        if place == "SITE":
            row += f"<DOMAIN><DOMAIN_NAME>{somebody('DOMAIN', place)}</DOMAIN_NAME></DOMAIN>"
        if place == "SERVICE_ENDPOINT":
            row += (f"<ENDPOINTS><ENDPOINT><NAME>{somebody('NAME', place)}</NAME><URL>https://"
                    f"{somebody('URL', place)}/</URL><INTERFACENAME>{somebody('I', place)}</INTERFACENAME></ENDPOINT>"
                    "</ENDPOINTS>")
        rows.append(f'<{place} PRIMARY_KEY="{len(rows)}">{row}</{place}>')
    return "<results>\n" + "\n".join(rows) + "\n</results>\n", kept, never


class People(unittest.TestCase):
    """Who people are does not get into the store, unless it is asked to."""

    def files_of(self, broker):
        """All that the broker writes: store, journals of it, log."""
        found = b""
        for folder, _, entries in os.walk(broker.folder):
            for name in entries:
                path = os.path.join(folder, name)
                if not path.startswith(broker.certs) and not name.endswith(".xml"):
                    with open(path, "rb") as file:
                        found += file.read()
        return found

    def store_after(self, files, *words, status=0):
        """The bytes of a store that took the files, while it runs and once it has ended."""
        if os.environ.get("KONTOR_STORE") == "mongodb":
            self.skipTest("the store of this run is no file: it is not looked through")
        broker = Broker("gocdb people").start().furnish()
        self.addCleanup(broker.close)
        self.said = broker.kontor("alpine", "admin", "config", "import", "--format", "gocdb", *words, *files,
                                  status=status)
        self.told = run.stderr
        running = self.files_of(broker)
        broker.stop()
        return running + self.files_of(broker)

    def made(self, document=MADE):
        folder = tempfile.TemporaryDirectory(prefix="kontor gocdb ")
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "made.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(document)
        return path

    def test_1_names_are_not_in_the_store(self):
        store = self.store_after([self.made()])
        for name in PEOPLE:
            self.assertNotIn(name.encode(), store, name)
        for kept in (b"kept words, then [redacted]", b"CN=a2.alpine.example", b"[redacted] agreed with [redacted]"):
            self.assertIn(kept, store)
        self.assertIn("--keep-names keeps them", self.said)
        self.assertIn("1 records of kind vocabulary are not taken here: use kontor catalogue import", self.told)

    def test_2_names_are_there_when_they_are_to_be_kept(self):
        store = self.store_after([self.made()], "--keep-names")
        for name in PEOPLE:
            self.assertIn(name.encode(), store, name)
        self.assertNotIn(b"[redacted]", store)

    def take(self, path, *words):
        """Both commands over a file; the broker, and what they said."""
        broker = Broker("gocdb crowd").start().furnish()
        self.addCleanup(broker.close)
        said = ""
        for noun in ("catalogue", "config"):
            said += broker.kontor("alpine", "admin", noun, "import", "--format", "gocdb", *words, path) + run.stderr
        return broker, said

    def test_8_what_monitors_call_types_stays(self):
        """A vocabulary that was made here is taken over: the list of types is the file's, what svmon calls one is not."""
        broker = Broker("gocdb take over").start().furnish()
        self.addCleanup(broker.close)
        admin = broker.client("alpine", "admin")
        admin.call("CatalogueService.CreateVocabulary", vocabulary={
            "id": "alpine/SERVICE_TYPE", "name": "Types", "terms": [
                {"id": "alpine.disk", "name": "disk", "extras": [{"key": "svmon", "value": "find"},
                                                                 {"key": "TYPE_ID", "value": "1"}]},
                {"id": "alpine.tape", "name": "tape"}]})
        path = self.made()

        def take(*words):
            said = broker.kontor("alpine", "admin", "catalogue", "import", "--format", "gocdb", *words, path)
            outcomes = [json.loads(line)["outcome"] for line in said.splitlines() if '"outcome"' in line]
            types = admin.call("CatalogueService.GetVocabulary", id="alpine/SERVICE_TYPE")
            return outcomes, [(term["id"], sorted((extra["key"], extra["value"]) for extra in term.get("extras", ())))
                              for term in types["terms"]]

        self.assertEqual([row[0] for row in take()[1]], ["alpine.disk", "alpine.tape"])
        taken = [("alpine.disk", [("PRIMARY_KEY", "5G0"), ("TYPE_ID", "5"), ("svmon", "find")])]
        self.assertEqual(take("--take-over"), (["CHANGED"], taken))
        self.assertEqual(take(), (["SAME"], taken))

    def test_6_nobody_is_in_any_field(self):
        """Every element has somebody in it: nobody gets into the store, nor is told; asked to, everybody does."""
        if os.environ.get("KONTOR_STORE") == "mongodb":
            self.skipTest("the store of this run is no file: it is not looked through")
        document, kept, never = crowd()
        self.assertGreater(len(kept), 60)
        path = self.made(document)
        broker, said = self.take(path)
        running = self.files_of(broker)
        self.assertNotIn("REFUSED", said)
        again = broker.kontor("alpine", "admin", "config", "import", "--format", "gocdb", path)
        self.assertEqual({json.loads(line)["outcome"] for line in again.splitlines() if '"outcome"' in line}, {"SAME"})
        broker.stop()
        store = running + self.files_of(broker)
        self.assertEqual([name for name in kept + never if name.encode() in store or name in said], [])
        self.assertIn(b"[redacted]", store)
        broker, said = self.take(path, "--keep-names")
        broker.stop()
        store = self.files_of(broker)
        self.assertEqual([name for name in kept if name.encode() not in store], [])
        self.assertEqual([name for name in never if name.encode() in store or name in said], [])

    def test_7_what_is_left_out_stays_left_out(self):
        """Documents of what was redacted come back as they are, redacted once more or not."""
        document, _, _ = crowd()
        first, _ = self.take(self.made(document))
        for words in ((), ("--keep-names",)):
            second = Broker("gocdb crowd again").start().furnish()
            self.addCleanup(second.close)
            said = {}
            for noun, documents in reversed(IMPORTED):
                for name in documents:
                    said[name] = Gocdb.export(first, name)
                    second.kontor("alpine", "admin", noun, "import", "--format", "gocdb", *words,
                                  self.made(said[name]))
            for name, document in said.items():
                self.assertEqual(Gocdb.export(second, name), document, name)

    def test_3_real_files_leave_no_address_in_the_store(self):
        files = real_files()[:6]
        addresses = set()
        for path in files:
            with open(path, encoding="utf-8") as file:
                document = file.read()
            addresses |= set(re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", document))
            addresses |= set(re.findall(r"<CHANGED_BY>([^<]+)<", document))
        self.assertGreater(len(addresses), 70)
        store = self.store_after(files, status=67)
        self.assertEqual([name for name in addresses if name.encode() in store], [])
        self.assertIn(b"cream01.brunnengs.ch", store)

    def test_4_what_was_put_in_by_hand_stays(self):
        broker = Broker("gocdb hand").start().furnish()
        self.addCleanup(broker.close)
        path = self.made()
        broker.kontor("alpine", "admin", "config", "import", "--format", "gocdb", path)
        broker.client("alpine", "site_admin").call(
            "ConfigurationService.UpdateSite", site={"id": "alpine/hall", "contacts": [
                {"role": "general", "contact": {"email": "desk@alpine.example"}}]}, update_mask="contacts")
        broker.kontor("alpine", "admin", "config", "import", "--format", "gocdb", path)
        self.assertIn("desk@alpine.example", broker.kontor("alpine", "site_admin", "config", "export", "get_site"))

    def test_5_a_type_that_is_no_term_is_told_with_the_nearest(self):
        broker = Broker("gocdb types").start().furnish()
        self.addCleanup(broker.close)
        path = self.made()
        broker.kontor("alpine", "admin", "catalogue", "import", "--format", "gocdb", path)
        said = broker.kontor("alpine", "admin", "config", "import", "--format", "gocdb", path)
        self.assertIn("no term of alpine/SERVICE_TYPE; near it: alpine.disk (alpine.disk)", said)
        self.assertEqual(said.count("no term of"), 1)
        broker.kontor("alpine", "admin", "config", "import", "--format", "kontor-1", "--keep-names", path, status=2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
