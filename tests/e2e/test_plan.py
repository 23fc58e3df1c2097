"""A data management plan's way, from the command line: judged, handed over without its people, ordered for, delivered, and
told what became of it; also over a broker that is killed. Real plans are read from KONTOR_REAL_DATA, and said aloud to be
skipped without it."""
import copy
import json
import os
import unittest

from broker import EXAMPLES, Broker, Failed, run
from mongod import is_mongodb
from test_order import approve_all, create_project, load_example

DISK = "alpine/block-storage/standard"
PEOPLE = ("Given Name", "given@name.example", "0000-0001-2345-6789", "Other Name")
# Two spellings of one store: its webpage, and an endpoint of it.
HOSTS = ("http://COMPUTE.alpine.example:80/block-storage/", "https://www.st1.alpine.example")


def part(url, **more):
    return {"title": "Planned", "data_access": "open", "byte_size": 700000000000, "available_until": "2090-01-31",
            "host": {"title": "Archive", "url": url, "backup_frequency": "weekly"}, **more}


def dataset(title, *parts):
    return {"title": title, "description": "Recorded by Other Name.", "personal_data": "no", "sensitive_data": "no",
            "dataset_id": {"identifier": title, "type": "other"}, "distribution": list(parts)}


PLAN = {"dmp": {
    "title": "Snow", "language": "eng", "ethical_issues_exist": "no", "created": "2026-01-01T10:00:00Z",
    "modified": "2026-01-02T10:00:00Z", "dmp_id": {"identifier": "10.1234/snow/0000-0001-2345-6789", "type": "doi"},
    "contact": {"name": "Given Name", "mbox": "given@name.example",
                "contact_id": {"identifier": "0000-0001-2345-6789", "type": "orcid"}},
    "contributor": [{"name": "Other Name", "role": ["DataManager"],
                     "contributor_id": {"identifier": "other-77", "type": "other"}}],
    "dataset": [dataset("heights", part(HOSTS[0])), dataset("depths", part(HOSTS[1])),
                dataset("notes", part("https://elsewhere.example"))]}}


def apply(patch, document):
    """RFC 6902, as far as members of objects go."""
    document = copy.deepcopy(document)
    for operation in patch:
        *way, last = operation["path"].split("/")[1:]
        place = document
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        if operation["op"] == "test":
            assert place[last] == operation["value"], operation
        elif operation["op"] == "replace":
            assert last in place, operation
            place[last] = operation["value"]
        else:
            assert operation["op"] == "add", operation
            place[last] = operation["value"]
    return document


class Plan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("plan").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        load_example(cls.broker)
        create_project(cls.broker)
        cls.plan = cls.file("plan.json", PLAN)

    @classmethod
    def file(cls, name, document):
        path = os.path.join(cls.broker.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file)
        return path

    def kontor(self, *words, role="portal", **more):
        return self.broker.kontor("coast", role, *words, **more)

    def validate(self, path, *words, status=0):
        """Without a broker, and without knowing of one."""
        return run([os.environ["KONTOR"], "config", "plan", "validate", path, *words], status=status)

    def bring(self, path, *words, **more):
        return self.bring_as("coast/snow", path, *words, **more)

    def bring_as(self, plan, path, *words, **more):
        return self.kontor("config", "plan", "import", path, "--id", plan, "--project", "coast/p1", *words, **more)

    def real(self, name):
        folder = os.environ.get("KONTOR_REAL_DATA")
        if not folder:
            raise unittest.SkipTest("KONTOR_REAL_DATA is not set: no real plan is read")
        return os.path.join(folder, "configuration", name)

    def test_1_a_plan_is_judged_without_a_broker(self):
        said = json.loads(self.validate(self.plan, "--output", "json"))
        self.assertEqual((said["version"], said["acceptedBy"]), ("1.2", ["1.0", "1.1", "1.2"]))
        self.assertIn("valid by version 1.1 (named)", self.validate(self.plan, "--version", "1.1", "--output", "table"))
        wrong = copy.deepcopy(PLAN)
        wrong["dmp"]["language"] = "english"
        wrong["dmp"]["dataset"][1]["distribution"][0]["available_until"] = "2090-02-30"
        wrong["dmp"]["dataset"][1]["isued"] = "2026-01-01"
        path = self.file("wrong.json", wrong)
        said = json.loads(self.validate(path, "--output", "json", status=1))
        self.assertEqual([f["field"] for f in said["faults"]],
                         ["$.dmp.language", "$.dmp.dataset[1].distribution[0].available_until"])
        self.assertIn("was issued meant?", said["notes"][0]["description"])
        self.assertIn("there is no version 1.3", self.said_by(self.validate, path, "--version", "1.3", status=2))
        broken = self.file("broken.json", "")
        with open(broken, "w", encoding="utf-8") as file:
            file.write('{"dmp": {"a": 1, "a": 2}}')
        self.assertIn("duplicate", self.validate(broken, "--output", "table", status=1))

    @staticmethod
    def said_by(call, *words, status):
        try:
            call(*words)
        except Failed as failed:
            return str(failed)
        raise AssertionError(f"{words} did not end with {status}")

    def test_1_the_example_is_a_plan(self):
        path = os.path.join(EXAMPLES, "plan.json")
        for version in ("1.0", "1.1", "1.2"):
            self.validate(path, "--version", version, "--strict")
        self.bring_as("coast/example", path)
        self.assertIn("is that of another plan of project coast/p1 already",
                      self.said_by(self.bring_as, "coast/again", path, status=67))
        said = json.loads(self.kontor("config", "plan", "propose", "coast/example", "--output", "json"))
        self.assertEqual([(i["offer"], i.get("byteSize"), i["until"]) for i in said["items"]],
                         [(DISK, None, "2029-02-28"), ("alpine/archive/tape", "400000000000", "2040-12-31")])
        # Of the store one distribution does not say how much: that is asked, and nothing else.
        self.assertEqual([q["id"] for q in said["items"][0]["questions"]], ["size_gb"])
        given = {p["id"]: p["value"] for p in said["order"]["items"][1]["parameters"]}
        self.assertEqual(given, {"size_tb": {"integer": "1"}, "until": {"date": "2040-12-31"}})

    def test_1_strictly_notes_count(self):
        odd = copy.deepcopy(PLAN)
        odd["dmp"]["supports"] = 1
        path = self.file("odd.json", odd)
        self.validate(path)
        self.validate(path, "--strict", status=1)

    def test_1_example_9_by_version(self):
        path = self.real("madmp-example-9.json")
        said = json.loads(self.validate(path, "--output", "json"))
        self.assertEqual((said["version"], said["isNamed"], said["acceptedBy"]), ("1.2", True, ["1.0", "1.2"]))
        self.validate(path, "--version", "1.0")
        said = json.loads(self.validate(path, "--version", "1.1", "--output", "json", status=1))
        self.assertEqual([f["field"] for f in said["faults"]], ['$["$schema"]'])

    def test_1_plan_8_by_version(self):
        path = self.real("madmp-community-8.json")
        for version in ("1.0", "1.1"):
            self.validate(path, "--version", version)
        said = json.loads(self.validate(path, "--version", "1.2", "--output", "json", status=1))
        self.assertEqual([f["field"] for f in said["faults"]], [f"$.dmp.dataset[{n}].is_reused" for n in range(3)])
        self.assertEqual(said["acceptedBy"], ["1.0", "1.1"])

    def test_2_what_is_not_valid_is_not_taken(self):
        wrong = copy.deepcopy(PLAN)
        del wrong["dmp"]["title"]
        said = self.said_by(self.bring, self.file("untitled.json", wrong), status=67)
        self.assertIn("$.dmp.title", said)
        said = self.bring(self.file("untitled.json", wrong), "--validate-only", "--output", "table", status=1)
        self.assertIn("fault  $.dmp.title", said)
        self.assertNotIn("coast/snow", self.kontor("config", "plan", "list", "--output", "json"))

    def stored(self):
        """All bytes that are kept, and all that was logged."""
        backup = os.path.join(self.broker.folder, "log of all")
        self.broker.kontor("alpine", "admin", "backup", backup)
        paths = [backup, self.broker.log]
        if not is_mongodb():
            store = self.broker.values["store"]
            paths += [store + end for end in ("", "-wal") if os.path.exists(store + end)]
        content = b""
        for path in paths:
            with open(path, "rb") as file:
                content += file.read()
        os.unlink(backup)
        return content

    def test_3_people_are_out_before_it_is_stored(self):
        said = self.bring(self.plan, "--output", "table")
        self.assertIn("CREATED", said)
        self.assertIn("9 places that name people were replaced", said)
        content = self.stored()
        self.assertIn(b"10.1234/snow", content)
        for name in PEOPLE + ("other-77",):
            self.assertNotIn(name.encode(), content)
        self.assertIn("SAME", self.bring(self.plan, "--output", "table"))

    def test_3_what_is_refused_is_logged_without_people(self):
        wrong = copy.deepcopy(PLAN)
        wrong["dmp"]["language"] = "as OTHER NAME speaks"
        wrong["dmp"]["created"] = "when given@name.example came"
        self.said_by(self.bring, self.file("wrong.json", wrong), status=67)
        broken = self.file("broken.json", "")
        with open(broken, "w", encoding="utf-8") as file:
            file.write('{"dmp": 1 "Given Name"}')
        self.said_by(self.bring, broken, status=67)
        content = self.stored()
        self.assertIn(b"as redacted speaks", content)
        self.assertIn(b"not JSON", content)
        for name in PEOPLE:
            self.assertNotIn(name.lower().encode(), content.lower())

    def test_3_real_people_are_out_as_well(self):
        path = self.real("madmp-example-9.json")
        self.kontor("config", "plan", "import", path, "--id", "coast/ex9", "--project", "coast/p1")
        with open(path, encoding="utf-8") as file:
            dmp = json.load(file)["dmp"]
        content = self.stored()
        for person in [dmp["contact"], *dmp["contributor"]]:
            for text in (person["name"], person["mbox"]):
                self.assertNotIn(text.encode(), content)
        self.assertIn(b"r3d100010468", content)
        said = json.loads(self.kontor("config", "plan", "propose", "coast/ex9", "--output", "json"))
        self.assertNotIn("items", said["order"])
        found = {f["field"] for f in said["findings"]}
        self.assertIn("$.dmp.dataset[0].distribution[0].host.url", found)
        self.assertIn("$.dmp.dataset[1].distribution[0].host", found)

    def test_3_zenodo_is_one_place_in_two_real_plans(self):
        paths = {"ex9": self.real("madmp-example-9.json"), "community-8": self.real("madmp-community-8.json")}
        offer = {"iid": "deposit", "name": "Deposit", "is_internal": True, "order_type": "OPEN_ACCESS"}
        self.broker.client("alpine", "admin").call(
            "CatalogueService.CreateService", override_reason="as it stands",
            service={"id": "alpine/zenodo", "provider": "alpine/library", "name": "Zenodo", "phase": "PRODUCTION",
                     "webpage": "https://www.zenodo.org/", "offers": [offer],
                     "alternative_ids": [{"scheme": "re3data", "id": "https://re3data.org/repository/r3d100010468"}]})
        found = {}
        for name, path in paths.items():
            self.kontor("config", "plan", "import", path, "--id", f"coast/{name}", "--project", "coast/p1")
            said = json.loads(self.kontor("config", "plan", "propose", f"coast/{name}", "--output", "json"))
            found[name] = [(i["offer"], i["hosts"], len(i["paths"])) for i in said["items"] if "item" in i]
        self.assertEqual(found, {
            "ex9": [("alpine/zenodo/deposit", ["https://www.re3data.org/repository/r3d100010468"], 1)],
            "community-8": [("alpine/zenodo/deposit", ["https://zenodo.org"], 4)]})

    def test_4_it_is_shown_to_its_project_only(self):
        said = json.loads(self.kontor("config", "plan", "show", "coast/snow", "--output", "json"))
        self.assertEqual((said["identifier"], said["version"]), ("10.1234/snow/redacted", "1.2"))
        self.assertIn("Snow", self.kontor("config", "plan", "list", "--project", "coast/p1", "--output", "table"))
        with self.assertRaises(Failed):
            self.broker.kontor("alpine", "admin", "config", "plan", "show", "coast/snow")
        said = self.kontor("config", "watch", "coast/snow", "--after", "0", "--no-follow", "--output", "json")
        self.assertIn('"plan":{', said)

    def propose(self, *words):
        return self.kontor("config", "plan", "propose", "coast/snow", "--order", "coast/o-snow", *words)

    def test_5_what_has_to_be_ordered_is_proposed(self):
        said = json.loads(self.propose("--output", "json"))
        order = said["order"]
        self.assertEqual([i["offer"] for i in order["items"]], [DISK])
        item = said["items"][0]
        self.assertEqual(sorted(item["hosts"]), sorted(HOSTS))
        self.assertEqual(item["paths"], [f"$.dmp.dataset[{n}].distribution[0]" for n in range(2)])
        given = {p["id"]: p["value"] for p in order["items"][0]["parameters"]}
        self.assertEqual(given, {"size_gb": {"integer": "1400"}})
        self.assertEqual((item["byteSize"], item["until"]), ("1400000000000", "2090-01-31"))
        self.assertNotIn("hasQuestions", said)
        self.assertTrue(any("does not ask until when; 2090-01-31 is wanted" in f["description"] for f in said["findings"]))
        self.assertIn("is no host of a service here",
                      {f["field"]: f["description"] for f in said["findings"]}["$.dmp.dataset[2].distribution[0].host.url"])
        standing = {c["name"]: c["standing"] for c in item["constraints"]}
        self.assertEqual(standing["backup_frequency"], "PLAN_UNKNOWN")

    def test_6_the_proposal_is_placed_as_it_is(self):
        path = os.path.join(self.broker.folder, "order.json")
        self.assertIn(DISK, self.propose("--to", path, "--output", "table"))
        self.kontor("order", "place", path, "--no-seal")
        self.assertEqual(json.loads(self.kontor("config", "plan", "write-back", "coast/snow", "--output", "json"))["patch"],
                         "[]")

    def test_7_what_was_delivered_comes_back(self):
        with open(os.path.join(self.broker.folder, "order.json"), encoding="utf-8") as file:
            order = json.load(file)
        approve_all(self.broker, order)
        agent = self.broker.client("alpine", "agent")
        session = agent.call("FulfilmentService.RegisterAgent", offers=[DISK], lease_seconds=60)["id"]
        job = agent.call("FulfilmentService.Claim", session=session)["jobs"][0]
        proof = {"item": job["item"], "fence": job["fence"]}
        agent.call("FulfilmentService.Begin", intent=job["intent"], **proof)
        agent.call("FulfilmentService.Complete", delivery={"backend_id": "b", "endpoints": ["alpine/st1"]}, **proof)
        self.broker.kill()
        self.broker.start()
        self.check_patch()

    def check_patch(self):
        path = os.path.join(self.broker.folder, "patch.json")
        self.kontor("config", "plan", "write-back", "coast/snow", "--order", "coast/o-snow", "--to", path)
        with open(path, encoding="utf-8") as file:
            patch = json.load(file)
        after = apply(patch, PLAN)
        for n in range(2):
            self.assertEqual(after["dmp"]["dataset"][n]["distribution"][0]["access_url"], "https://st1.alpine.example/")
        self.assertEqual(after["dmp"]["dataset"][2], PLAN["dmp"]["dataset"][2])
        self.assertEqual(after["dmp"]["contact"], PLAN["dmp"]["contact"])
        self.assertGreater(after["dmp"]["modified"], PLAN["dmp"]["modified"])
        for version in ("1.0", "1.1", "1.2"):
            self.validate(self.file("after.json", after), "--version", version)
        # What was written back is a later state of the same plan, and then all of it is said.
        self.assertIn("CHANGED", self.bring(self.file("after.json", after), "--output", "table"))
        with self.assertRaises(AssertionError):
            apply(patch, after)
        self.assertEqual(json.loads(self.kontor("config", "plan", "write-back", "coast/snow", "--output", "json"))["patch"],
                         "[]")

    def test_8_an_earlier_state_does_not_come_back(self):
        self.assertIn("comes before that of the plan", self.said_by(self.bring, self.plan, status=67))

    def test_9_names_stay_when_somebody_says_so(self):
        with open(os.path.join(self.broker.folder, "after.json"), encoding="utf-8") as file:
            after = json.load(file)
        self.bring(self.file("named.json", after), "--keep-names")
        said = json.loads(self.kontor("config", "plan", "show", "coast/snow", "--output", "json"))
        self.assertTrue(said["keepsNames"])
        self.assertIn("Given Name", said["document"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
