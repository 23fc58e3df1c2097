"""Real catalogues through the command line into a broker, compared field by field.

Needs KONTOR_REAL_DATA; says aloud that it skips without it.
"""
import json
import os
import sys
import unittest
import xml.etree.ElementTree as xml

from broker import EXAMPLES, Broker

# What each member of the source becomes, written down here once more.
TEXTS = {
    "title": "name", "tagline": "tagline", "description": "description", "logo": "logo",
    "webpage_url": "webpage", "connected_url": "order_url", "manual_url": "user_manual",
    "helpdesk_url": "helpdesk_page", "tutorial_url": "training_information",
    "terms_of_use_url": "terms_of_use", "sla_url": "sla_url",
    "access_policies_url": "access_policy", "restrictions": "restrictions",
}
LISTS = {
    "parents": "categories", "area": "scientific_domains",
    "places": "geographical_availabilities", "languages": "languages",
    "target_groups": "target_users", "platforms": "platforms",
}
PHASES = {"alpha": "PRE_PRODUCTION", "beta": "PRE_PRODUCTION", "production": "PRODUCTION"}
ACCESS = {True: "OPEN_ACCESS", False: "ORDER_REQUIRED", None: ""}
SITE = {
    "SHORT_NAME": "short_name", "OFFICIAL_NAME": "official_name",
    "SITE_DESCRIPTION": "description", "HOME_URL": "home_url", "COUNTRY": "country",
    "ROC": "operator_group", "PRODUCTION_INFRASTRUCTURE": "infrastructure",
    "TIMEZONE": "timezone", "IP_RANGE": "ip_range", "LOCATION": "location", "TIER": "tier",
    "GIIS_URL": "giis_url",
}
ENDPOINT = {
    "HOSTNAME": "host", "SERVICE_TYPE": "type", "URL": "url", "DESCRIPTION": "description",
    "HOST_IP": "host_ip", "HOSTDN": "host_dn", "HOST_OS": "host_os",
    "HOST_ARCH": "host_architecture",
}


# Certifications one goes to, and those nobody does. Source: the CONFIGURATION design.
LISTED = {("CANDIDATE", "UNCERTIFIED"), ("CANDIDATE", "CLOSED"), ("UNCERTIFIED", "CERTIFIED"),
          ("UNCERTIFIED", "CLOSED"), ("CERTIFIED", "SUSPENDED"), ("CERTIFIED", "CLOSED"),
          ("SUSPENDED", "UNCERTIFIED"), ("SUSPENDED", "CLOSED")}
FORBIDDEN = {("Candidate", "Certified"), ("Suspended", "Certified"), ("Candidate", "Candidate")}


def joins(rows):
    """Of each two changes of a site that follow each other: whether there is a gap between them."""
    last = {}
    for site, _, old, new in sorted(rows, key=lambda row: row[:2]):
        if site in last:
            yield last[site] != old
        last[site] = new


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def value_of(raw, is_decimal=False):
    if isinstance(raw, str):
        return {"text": raw}
    return {"decimal": f"{raw:.15g}"} if is_decimal else {"integer": str(raw)}


def choices_of(raw):
    """All of one kind: a whole number among decimals is one itself."""
    is_decimal = any(isinstance(v, float) for v in raw)
    return [value_of(v, is_decimal) for v in raw]


def parameter_of(raw):
    """The parameter as the contract writes it."""
    config = raw.get("config", {})
    bounds = {name: str(config[name]) for name in ("minimum", "maximum") if name in config}
    values = choices_of(config.get("values", []))
    choice = {"values": values, **({"display": config["mode"]} if "mode" in config else {})}
    number = {"default_integer": str(raw["value"])} if "value" in raw else {}
    kinds = {
        "select": ("choice", choice),
        "multiselect": ("multi_choice", {"values": values, "min_items": config.get("minItems")}),
        "range": ("integer", bounds),
        "attribute": ("constant", {"value": value_of(raw.get("value", 0))}),
        "date": ("date", {}),
        "input": ("integer", number) if raw["value_type"] == "integer" else ("text", {}),
    }
    kind, content = kinds[raw["type"]]
    made = {kind: content, "id": raw["id"], "label": raw["label"]}
    for name in ("description", "unit"):
        if raw.get(name):
            made[name] = raw[name]
    return made


def escaped(key):
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-")
                   else "".join(f"~{b:02X}" for b in c.encode()) for c in key)


class Import(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = os.environ["KONTOR_REAL_DATA"]
        cls.market = os.path.join(cls.folder, "catalogue", "marketplace-2019-10.json")
        cls.gocdb = [os.path.join(cls.folder, "configuration", name) for name in
                     ("Sites.xml", "ServiceEndpoints.xml", "Downtimes.xml")]
        for path in [cls.market, *cls.gocdb]:
            if not os.path.exists(path):
                raise AssertionError(f"{path} is missing")
        cls.broker = Broker("import").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        cls.admin = cls.broker.client("alpine", "admin")
        cls.reader = cls.broker.client("coast", "reader")

    def seq(self):
        return int(self.admin.call("RegistryService.GetStatus")["seq"])

    def kontor(self, role, *words, **more):
        return self.broker.kontor("alpine", role, *words, **more)

    def test_1_the_marketplace_goes_in(self):
        self.kontor("admin", "catalogue", "import", "--format", "marketplace-2019", self.market)
        with open(self.market, encoding="utf-8") as file:
            raw = json.load(file)
        services = {s["source"]["key"]: s for s in
                    self.reader.pages("CatalogueService.ListServices", "services", page_size=20)}
        providers = {p["id"]: p["name"] for p in
                     self.reader.pages("CatalogueService.ListProviders", "providers")}
        self.assertEqual(len(services), 57)
        self.assertEqual(len(providers), 46)
        related = {s["title"]: set() for s in raw["services"]}
        for row in raw["relations"]:
            related[row["source"]].add(row["target"])
            if row["both"]:
                related[row["target"]].add(row["source"])
        titles = {s["id"]: s["name"] for s in services.values()}
        for source in raw["services"]:
            with self.subTest(source["_key"]):
                got = services[source["_key"]]
                self.compare_service(source, got, providers)
                self.assertEqual({titles[i] for i in got.get("related_services", [])},
                                 related[source["title"]])

    def compare_service(self, source, got, providers):
        self.assertEqual(got["id"], "alpine/" + escaped(source["_key"]))
        for member, field in TEXTS.items():
            self.assertEqual(got.get(field, ""), source.get(member) or "", member)
        for member, field in LISTS.items():
            self.assertEqual(got.get(field, []), as_list(source.get(member)), member)
        self.assertEqual(got["phase"], PHASES[source["phase"]])
        self.assertEqual(got.get("order_type", ""), ACCESS[source.get("open_access")])
        names = [providers[i] for i in [got["provider"], *got.get("resource_providers", [])]]
        self.assertEqual(names, source["providers"])
        offers = source.get("offers", [])
        self.assertEqual(len(got.get("offers", [])), len(offers))
        for offer, made in zip(offers, got.get("offers", [])):
            self.assertEqual((made["iid"], made["name"], made["description"]),
                             (offer["_iid"], offer["name"], offer["description"]))
            self.assertEqual(made.get("is_internal", False), source.get("open_access") is False)
            self.assertEqual(made.get("parameters", []),
                             [parameter_of(p) for p in offer.get("parameters", [])])

    def test_2_once_more_changes_nothing(self):
        before = self.seq()
        self.kontor("admin", "catalogue", "import", "--format", "marketplace-2019", self.market)
        self.assertEqual(self.seq(), before)

    def test_3_one_change_writes_one_record(self):
        with open(self.market, encoding="utf-8") as file:
            raw = json.load(file)
        gone = raw["services"].pop(5)
        raw["relations"] = [r for r in raw["relations"]
                            if gone["title"] not in (r["source"], r["target"])]
        touched = {r["source"] for r in raw["relations"]}  # only to be sure there are some left
        self.assertTrue(touched)
        raw["services"][0]["offers"][0]["parameters"][0]["config"]["values"].append(16)
        copy = os.path.join(self.broker.folder, "changed copy.json")
        with open(copy, "w", encoding="utf-8") as file:
            json.dump(raw, file)
        before = {s["id"]: s["revision"] for s in
                  self.reader.pages("CatalogueService.ListServices", "services")}
        self.kontor("admin", "catalogue", "import", "--format", "marketplace-2019", copy)
        after = {s["id"]: s["revision"] for s in
                 self.reader.pages("CatalogueService.ListServices", "services")}
        self.assertEqual(set(after), set(before), "a record that is missing is kept")
        changed = {i for i in after if after[i] != before[i]}
        self.assertIn("alpine/" + escaped(raw["services"][0]["_key"]), changed)
        self.assertNotIn("alpine/" + escaped(gone["_key"]), changed)

    def test_4_gocdb_goes_in(self):
        for _ in range(2):
            self.kontor("site_admin", "config", "import", "--format", "gocdb", "--keep-names", *self.gocdb)
            after = self.seq()
        self.kontor("site_admin", "config", "import", "--format", "gocdb", "--keep-names", *self.gocdb)
        self.assertEqual(self.seq(), after)
        own = self.broker.client("alpine", "site_admin")
        sites = {s["source"]["key"]: s for s in own.pages("ConfigurationService.ListSites", "sites")}
        ends = {e["source"]["key"]: e for e in
                self.reader.pages("ConfigurationService.ListEndpoints", "endpoints")}
        self.assertEqual((len(sites), len(ends)), (18, 40))
        for row in xml.parse(self.gocdb[0]).getroot():
            got = sites[row.findtext("PRIMARY_KEY")]
            for element, field in SITE.items():
                self.assertEqual(got.get(field, ""), row.findtext(element) or "", element)
            self.assertEqual(got["latitude"], float(row.findtext("LATITUDE")))
            contacts = {c["role"]: c["contact"] for c in got["contacts"]}
            self.assertEqual(contacts["general"]["email"], row.findtext("CONTACT_EMAIL"))
            self.assertEqual(contacts.get("emergency", {}).get("phone", ""), row.findtext("EMERGENCYTEL") or "")
        for got in self.reader.pages("ConfigurationService.ListSites", "sites"):
            self.assertNotIn("contacts", got, "internal")
        names = {s["id"]: s["short_name"] for s in sites.values()}
        for row in xml.parse(self.gocdb[1]).getroot():
            got = ends[row.findtext("PRIMARY_KEY")]
            for element, field in ENDPOINT.items():
                wanted = row.findtext(element) or ""
                wanted = wanted.replace(" ", "%20") if field == "url" else wanted
                self.assertEqual(got.get(field, ""), wanted, element)
            self.assertEqual(names[got["site"]], row.findtext("SITENAME"))

    def test_5_downtimes_have_their_known_answers(self):
        downs = list(self.reader.pages("ConfigurationService.ListDowntimes", "downtimes"))
        self.assertEqual(len(downs), 35)
        self.assertEqual(sum(d["classification"] == "SCHEDULED" for d in downs), 22)
        self.assertEqual(sum(d["severity"] == "OUTAGE" for d in downs), 31)
        affected = [a for d in downs for a in d["affected"]]
        self.assertEqual(len(affected), 40)
        self.assertEqual([a for a in affected if a.get("endpoint")], [], "none is known here")

    def test_5_certifications_have_their_known_answers(self):
        path = os.path.join(self.folder, "configuration", "CertStatusChanges.xml")
        rows = [(row.findtext("SITE"), int(row.findtext("UNIX_TIME")), row.findtext("OLD_STATUS"),
                 row.findtext("NEW_STATUS")) for row in xml.parse(path).getroot()]
        self.assertEqual((len(rows), len({row[0] for row in rows})), (583, 262))
        self.assertEqual((sum(1 for _ in joins(rows)), sum(joins(rows))), (321, 15))
        refused = [row for row in rows if row[2:] in FORBIDDEN]
        self.assertEqual(len(refused), 26)
        # Records are refused: the command says so by its status, and takes all others.
        for _ in range(2):
            said = self.kontor("site_admin", "config", "import", "--format", "gocdb", path, status=67)
            self.assertEqual(said.count(" is a change nobody may make"), 26)
        kept = list(self.reader.pages("ConfigurationService.ListCertificationChanges", "changes",
                                      page_size=100))
        self.assertEqual(len(kept), 557)
        self.assertEqual(sum(c.get("is_override", False) for c in kept), 71)
        self.assertEqual(sum((c["from"], c["to"]) in LISTED for c in kept), 486)
        by_name = {}
        for row in rows:
            if row[2:] not in FORBIDDEN:
                by_name.setdefault("alpine/" + escaped(row[0]), []).append(row)
        for site, wanted in by_name.items():
            got = self.reader.pages("ConfigurationService.ListCertificationChanges", "changes",
                                    site=site, page_size=3)
            self.assertEqual([(c["from"], c["to"]) for c in got],
                             [(r[2].upper(), r[3].upper()) for r in sorted(wanted, key=lambda r: r[1])])
        # Names of people stay where they were.
        self.assertEqual([c for c in self.broker.client("alpine", "site_admin").pages(
            "ConfigurationService.ListCertificationChanges", "changes") if c.get("changed_by")], [])

    def test_6_a_bad_file_is_refused_with_its_place(self):
        bad = os.path.join(self.broker.folder, "bad.json")
        with open(bad, "w", encoding="utf-8") as file:
            file.write('{"services": [')
        before = self.seq()
        with self.assertRaises(Exception) as caught:
            self.kontor("admin", "catalogue", "import", "--format", "marketplace-2019", bad)
        self.assertIn("bad.json:1:", str(caught.exception))
        self.assertEqual(self.seq(), before)

    def test_7_the_example_goes_in_through_both_nouns(self):
        example = os.path.join(EXAMPLES, "alpine.json")
        self.kontor("admin", "catalogue", "import", "--format", "kontor-1", example)
        self.kontor("site_admin", "config", "import", "--format", "kontor-1", example)
        # What the broker writes itself is nothing a source could change: once more is no change.
        before = self.seq()
        self.kontor("admin", "catalogue", "import", "--format", "kontor-1", example)
        self.kontor("site_admin", "config", "import", "--format", "kontor-1", example)
        self.assertEqual(self.seq(), before)
        got = self.reader.call("CatalogueService.GetService", id="alpine/notebooks")
        self.assertEqual(got["name"], "Notebooks")


if __name__ == "__main__":
    if not os.environ.get("KONTOR_REAL_DATA"):
        print("SKIPPED: KONTOR_REAL_DATA is not set, no real catalogue is imported")
        sys.exit(77)
    unittest.main(verbosity=2)
