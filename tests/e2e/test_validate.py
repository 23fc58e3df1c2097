"""kontor catalogue validate, without a broker, finds what a broker finds."""
import json
import os
import subprocess
import unittest

from broker import Broker

FORWARD = "is known here"

CATALOGUE = {
    "vocabularies": [
        {"id": "alpine/CATEGORY", "name": "Category", "terms": [
            {"id": "category-storage", "name": "Storage"},
            {"id": "category-compute", "name": "Compute", "parent": "nowhere"}]}],
    "providers": [
        {"id": "alpine/p", "name": "P", "country": "CH"},
        {"id": "alpine/q", "name": "", "website": "gopher://q"}],
    "services": [
        {"id": "alpine/good", "provider": "alpine/p", "name": "Good", "phase": "PRODUCTION",
         "order_type": "ORDER_REQUIRED", "categories": ["category-storage", "category-storrage"],
         "related_services": ["alpine/none"], "offers": [{"iid": "one", "name": "One"}]},
        {"id": "alpine/plain", "provider": "alpine/p", "name": "Plain", "offers": [{"iid": "x", "name": "X"}]},
        {"id": "alpine/torn", "provider": "alpine/p", "name": "Torn", "webpage": "not a page", "offers": [
            {"iid": "one", "name": "One", "parameters": [
                {"id": "n", "label": "N", "text": {"default_text": "abc", "max_length": 2}}]}]},
        {"id": "alpine/odd", "provider": "alpine/p", "name": "Odd", "offers": [
            {"iid": "one", "name": "One", "approval": ["PROVIDER_STEP", "CONSUMER_STEP"], "parameters": [
                {"id": "n", "label": "N", "text": {"default_text": "abc", "max_length": 2}},
                {"id": "m", "label": "M", "boolean": {}, "visible_if": {"parameter": "none"}}]}]},
        {"id": "alpine/away", "provider": "coast/p", "name": "Away"},
        {"id": "alpine/orphan", "provider": "alpine/q", "name": "Of one that is refused"}],
    "bundles": [
        {"id": "alpine/kit", "provider": "alpine/p", "name": "Kit", "main_offer": "alpine/good/one",
         "offers": [{"offer": "alpine/plain/x"}, {"offer": "alpine/good/none"}],
         "categories": ["category-computer"]},
        {"id": "alpine/loop", "provider": "alpine/p", "name": "Loop", "main_offer": "alpine/good/one",
         "offers": [{"offer": "alpine/good/one"}],
         "rules": [{"requires": {"offer": "alpine/good/one", "needs": "alpine/good/two"}}]}]}


def lines(text):
    return [json.loads(line) for line in text.splitlines() if line]


def told(results):
    """By record: what is wrong with it, and what is odd about it."""
    return {r["id"]: ([(v["field"], v["description"]) for v in r.get("violations", [])],
                      [(f["field"], f["description"]) for f in r.get("findings", [])])
            for r in results if "id" in r}


class Validate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("validate").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        cls.file = os.path.join(cls.broker.folder, "catalogue.json")
        with open(cls.file, "w", encoding="utf-8") as file:
            json.dump(CATALOGUE, file)

    def validate(self, *words):
        """Without any way to reach a broker."""
        return subprocess.run([os.environ["KONTOR"], "catalogue", "validate", *words], text=True,
                              capture_output=True, timeout=60, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})

    def imported(self, *words):
        """What the broker says of the same files, without taking them."""
        env = self.broker.environment("alpine", "admin")
        done = subprocess.run([os.environ["KONTOR"], "catalogue", "import", "--validate-only", "--output", "json",
                               *words], text=True, capture_output=True, timeout=60, check=False, env=env)
        return lines(done.stdout)

    def test_1_both_find_the_same(self):
        words = ("--format", "kontor-1", self.file)
        offline = self.validate(*words, "--output", "json")
        self.assertEqual(offline.returncode, 1, offline.stderr)
        here, there = told(lines(offline.stdout)), told(self.imported(*words))
        self.assertEqual(set(here), set(there))
        self.assertEqual(len(here), 11)
        for name, of_broker in there.items():
            with self.subTest(name):
                self.assertEqual(here[name], of_broker)
        refused = [name for name, (violations, _) in here.items() if violations]
        self.assertEqual(refused, ["alpine/q", "alpine/torn", "alpine/odd", "alpine/away", "alpine/orphan",
                                   "alpine/loop"])

    def test_1_a_record_of_another_registry_and_one_that_is_there_twice(self):
        provider = CATALOGUE["providers"][0]
        mixed = os.path.join(self.broker.folder, "mixed.json")
        with open(mixed, "w", encoding="utf-8") as file:
            json.dump({"providers": [provider, {**provider, "id": "coast/p"}, provider, {**provider, "id": "alpine/z"}]}, file)
        words = ("--format", "kontor-1", mixed, "--output", "json")
        done = self.validate(*words, "--registry", "alpine")
        self.assertEqual(done.returncode, 1)
        results = [r for r in lines(done.stdout) if "id" in r]
        self.assertEqual([len(r.get("violations", [])) for r in results], [0, 1, 0, 0])
        self.assertEqual(told(results)["coast/p"], told(self.imported("--format", "kontor-1", mixed))["coast/p"])
        twice = [any(f["field"] == "id" and "more than once" in f["description"] for f in r.get("findings", []))
                 for r in results]
        self.assertEqual(twice, [True, False, True, False])
        # Nobody said who would import it.
        self.assertEqual(self.validate(*words).returncode, 0)

    def test_1_what_is_odd_about_a_file_is_told_to_programs_too(self):
        """And a terminal gets nothing of it that it would obey."""
        path = os.path.join(self.broker.folder, "odd.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump([{"id": "odd", "name": "Odd\u001b[31m\u009b1m", "zz\u001b[31m": "x", "resourceOrganisation": "none",
                        "tagline": "x"}], file)
        words = ("--format", "eosc-5", path)
        of_file = [[r["field"] + r["description"] for r in found if "id" not in r] for found in
                   (lines(self.validate(*words, "--output", "json").stdout), self.imported(*words))]
        self.assertEqual(of_file[0], of_file[1])
        self.assertTrue(any("zz" in text for text in of_file[0]), of_file)
        shown = self.validate(*words, "--output", "table").stdout
        self.assertIn("zz", shown)
        self.assertNotIn("\u001b", shown)
        self.assertNotIn("\u009b", shown)

    def test_2_the_exit_code_is_for_scripts(self):
        good = {"providers": CATALOGUE["providers"][:1]}
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(good, file)
        words = ("--format", "kontor-1", self.file, "--output", "table")
        done = self.validate(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("1 records, 0 would be refused, 1 findings", done.stdout)
        self.assertIn("finding  provider alpine/p  state: an approved provider needs", done.stdout)
        self.assertEqual(self.validate(*words, "--strict").returncode, 1)
        self.assertEqual(self.validate("--format", "csv", self.file).returncode, 2)
        self.assertEqual(self.validate("--format", "kontor-1", "/nowhere.json").returncode, 67)

    def test_3_a_whole_catalogue(self):
        folder = os.environ.get("KONTOR_REAL_DATA")
        if folder is None:
            self.skipTest("KONTOR_REAL_DATA is not set: the Marketplace's catalogue is not read")
        words = ("--format", "marketplace-2019", os.path.join(folder, "catalogue", "marketplace-2019-10.json"),
                 "--registry", "alpine")
        done = self.validate(*words, "--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        here, there = told(lines(done.stdout)), told(self.imported(*words))
        self.assertEqual(len(here), 103)
        self.assertEqual(set(here), set(there))
        n_forward = 0
        for name, (violations, findings) in there.items():
            self.assertEqual(violations, [])
            # A broker takes record by record: what comes later is not known yet.
            kept = [f for f in findings if FORWARD not in f[1]]
            n_forward += len(findings) - len(kept)
            self.assertEqual(here[name], ([], kept))
        self.assertGreater(n_forward, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
