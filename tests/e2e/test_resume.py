"""An import that is killed at any record, or whose broker is, ends by being repeated."""
import json
import os
import random
import subprocess
import unittest

from broker import Broker, wait_for

SERVICES = 2000
SEED = 20261129
PROVIDER = {"id": "alpine/p", "name": "P", "country": "CH", "website": "https://p.example"}


def services(seed):
    """Of very different sizes, so that batches end by their bytes as well as by their number."""
    dice = random.Random(seed)
    for i in range(SERVICES):
        yield {"id": f"alpine/s{i:04}", "provider": "alpine/p", "name": f"Service {i}",
               "description": "Äpfel \"and\\or\" [pears} " * dice.choice((1, 1, 1, 10, 150)),
               "tags": [f"t{dice.randrange(50)}"], "order_type": "ORDER_REQUIRED",
               "related_services": [f"alpine/s{dice.randrange(SERVICES):04}"],
               "offers": [{"iid": "one", "name": "One"}]}


class Resume(unittest.TestCase):
    def setUp(self):
        self.dice = random.Random(SEED)
        self.broker = Broker("resume").start()
        self.addCleanup(self.broker.close)
        self.admin = self.broker.client("alpine", "admin")
        self.wanted = list(services(SEED))
        self.file = os.path.join(self.broker.folder, "catalogue.json")
        with open(self.file, "w", encoding="utf-8") as file:
            # The provider stands behind what refers to it.
            json.dump({"services": self.wanted, "providers": [PROVIDER]}, file, indent=1, ensure_ascii=False)
        self.begun_at = self.seq()

    def seq(self):
        return int(self.admin.call("RegistryService.GetStatus")["seq"])

    def stored(self):
        return list(self.admin.pages("CatalogueService.ListServices", "services"))

    def start_again(self):
        """The connection of the client before is broken, which it would find out by a failed call."""
        self.broker.start()
        self.broker.clients.pop(("alpine", "admin")).close()
        self.admin = self.broker.client("alpine", "admin")

    def kill_broker(self):
        self.broker.kill()
        self.start_again()

    def begin(self):
        """An import in a process of its own, whose output nobody wants."""
        return self.broker.spawn("alpine", "admin", "catalogue", "import", "--format", "kontor-1", self.file,
                                 stdout=subprocess.DEVNULL)

    def wait_for_record(self, child, n):
        """Until the broker has n records of the import, or the import has ended."""
        wait_for(lambda: True if self.seq() >= self.begun_at + n or child.poll() is not None else None,
                 60, f"record {n}")

    def repeat(self):
        """The whole import; answers what its summary says of services by outcome."""
        said = self.broker.kontor("alpine", "admin", "catalogue", "import", "--format", "kontor-1",
                                  "--output", "table", self.file)
        row = next(line.split() for line in said.splitlines() if line.startswith("service "))
        return dict(zip(("created", "changed", "same", "refused"), map(int, row[1:])))

    def check_all(self):
        stored = self.stored()
        self.assertEqual([s["id"] for s in sorted(stored, key=lambda s: s["id"])], [s["id"] for s in self.wanted])
        by_id = {s["id"]: s for s in stored}
        for wanted in self.wanted:
            got = by_id[wanted["id"]]
            for field in ("provider", "name", "description", "tags", "related_services", "order_type"):
                self.assertEqual(got[field], wanted[field])
            self.assertEqual([o["iid"] for o in got["offers"]], ["one"])
        # One entry of the log a record: none was written twice.
        self.assertEqual(self.seq(), self.begun_at + SERVICES + 1)
        self.assertEqual(self.repeat(), {"created": 0, "changed": 0, "same": SERVICES, "refused": 0})
        self.assertEqual(self.seq(), self.begun_at + SERVICES + 1)

    def moments(self, n):
        return sorted(self.dice.sample(range(1, SERVICES), n))

    def test_the_command_is_killed(self):
        for moment in self.moments(5):
            child = self.begin()
            self.wait_for_record(child, moment)
            child.kill()
            child.wait()
        # What a killed command had sent is over once the broker has drained.
        self.assertEqual(self.broker.stop(), 0)
        self.start_again()
        n_there = len(self.stored())
        self.assertGreater(n_there, 0)
        self.assertEqual(self.repeat(),
                         {"created": SERVICES - n_there, "changed": 0, "same": n_there, "refused": 0})
        self.check_all()

    def test_it_is_repeated_at_once(self):
        """The broker may still be at what the killed command sent."""
        child = self.begin()
        self.wait_for_record(child, self.dice.randrange(1, SERVICES))
        child.kill()
        child.wait()
        counts = self.repeat()
        self.assertEqual(counts["created"] + counts["same"], SERVICES)
        self.check_all()

    def test_the_broker_is_killed(self):
        for moment in self.moments(5):
            child = self.begin()
            self.wait_for_record(child, moment)
            self.kill_broker()
            # It may go on by itself, or end with the call that was cut; killed, it does neither.
            child.kill()
            child.wait()
        self.kill_broker()
        n_there = len(self.stored())
        self.assertGreater(n_there, 0)
        self.assertEqual(self.repeat(),
                         {"created": SERVICES - n_there, "changed": 0, "same": n_there, "refused": 0})
        self.check_all()

    def test_a_broker_that_is_gone_is_told(self):
        child = subprocess.Popen(
            [os.environ["KONTOR"], "catalogue", "import", "--format", "kontor-1", "--output", "table", self.file],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.broker.environment("alpine", "admin"))
        self.broker.children.append(child)
        self.wait_for_record(child, 1)
        self.kill_broker()
        out, err = child.communicate(timeout=60)
        if child.returncode != 0:
            self.assertEqual(child.returncode, 64 + 14, err)
            self.assertIn("kontor: ", err)
        counts = self.repeat()
        self.assertEqual(counts["created"] + counts["same"], SERVICES, out)
        self.check_all()


if __name__ == "__main__":
    unittest.main(verbosity=2)
