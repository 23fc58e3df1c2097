"""Files larger than what may be kept in memory: validated offline, imported, out of a pipe.

--records N generates so many, and does not measure: a sanitizer needs memory of its own.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from broker import Broker, wait_for

RECORDS = 100_000
MOST_MB = 200
IS_MEASURED = True
FORMATS = ("kontor-1", "eosc-5", "eosc-6")


def record(name, i, n):
    if name == "kontor-1":
        return {"id": f"alpine/s{i}", "provider": "alpine/p", "name": f"Service {i}", "order_type": "ORDER_REQUIRED",
                "related_services": [f"alpine/s{(i + 1) % n}"], "offers": [{"iid": "one", "name": "One"}]}
    return {"id": f"s{i}", {"eosc-5": "resourceOrganisation", "eosc-6": "resourceOwner"}[name]: "p",
            "name": f"Service {i}", "orderType": "order_type-order_required"}


def provider(name):
    return {"id": "alpine/p", "name": "P"} if name == "kontor-1" else {"id": "p", "name": "P", "legalEntity": True}


def write(file, name, n):
    """All services, and behind them the provider they name."""
    file.write('{"services": [\n' if name == "kontor-1" else "[\n")
    file.writelines((",\n" if i else "") + json.dumps(record(name, i, n)) for i in range(n))
    between = '\n], "providers": [' if name == "kontor-1" else ",\n"
    file.write(between + json.dumps(provider(name)) + ("]}\n" if name == "kontor-1" else "]\n"))


def measured(words, out, env):
    """Runs a program to its end; answers its exit status and the most memory it had, in MB."""
    with open(out, "wb") as file:
        child = subprocess.Popen(words, stdout=file, stderr=file, env=env)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_maxrss / 1024


def last_line(path):
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - 400))
        return file.read().decode().splitlines()[-1]


class Large(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kontor large ")
        self.addCleanup(shutil.rmtree, self.folder)
        self.out = os.path.join(self.folder, "out")

    def file(self, name, n):
        path = os.path.join(self.folder, f"{name}.json")
        with open(path, "w", encoding="ascii") as file:
            write(file, name, n)
        return path

    def validate(self, *words):
        """Without any way to reach a broker."""
        return measured([os.environ["KONTOR"], "catalogue", "validate", "--registry", "alpine", "--output", "table",
                         *words], self.out, {"PATH": os.environ["PATH"], "HOME": "/nonexistent"})

    def test_memory_does_not_grow_with_the_file(self):
        for name in FORMATS:
            with self.subTest(name):
                path = self.file(name, RECORDS)
                status, megabytes = self.validate("--format", name, path)
                self.assertEqual(status, 0, last_line(self.out))
                self.assertRegex(last_line(self.out), f"^{RECORDS + 1} records, 0 would be refused, ")
                print(f"{name}: {os.path.getsize(path) >> 20} MiB in {megabytes:.0f} MiB", file=sys.stderr)
                if IS_MEASURED:
                    self.assertLess(megabytes, MOST_MB)
                os.unlink(path)

    def test_a_reference_across_a_large_file_is_known(self):
        """Nothing of what refers is kept, and all that is referred to is known."""
        self.validate("--format", "kontor-1", self.file("kontor-1", 1000))
        with open(self.out, encoding="utf-8") as file:
            self.assertNotIn("is known here", file.read())

    def test_a_damaged_last_record_refuses_all(self):
        for name in FORMATS:
            with self.subTest(name), Broker("large") as broker:
                path = self.file(name, 3000)
                with open(path, "r+b") as file:
                    file.seek(-10, os.SEEK_END)
                    file.write(b",")
                before = broker.client("alpine", "admin").call("RegistryService.GetStatus")["seq"]
                broker.kontor("alpine", "admin", "catalogue", "import", "--format", name, path, status=67)
                after = broker.client("alpine", "admin").call("RegistryService.GetStatus")["seq"]
                self.assertEqual(after, before)

    def test_a_file_that_changes_meanwhile_is_told(self):
        """What was sent by then stays; the same again takes the rest."""
        n = 5000
        path = self.file("kontor-1", n)
        words = ["catalogue", "import", "--format", "kontor-1", "--output", "json", path]
        with Broker("changed") as broker:
            admin = broker.client("alpine", "admin")
            before = int(admin.call("RegistryService.GetStatus")["seq"])
            with open(self.out, "wb") as out:
                child = broker.spawn("alpine", "admin", *words, stdout=out)
            wait_for(lambda: int(admin.call("RegistryService.GetStatus")["seq"]) > before or None, 60,
                     "the first record")
            with open(path, "ab") as file:
                file.write(b"\n")
            self.assertEqual(child.wait(timeout=60), 67)
            with open(self.out, encoding="utf-8") as file:
                said = file.read()
            self.assertIn(f"kontor: {path}: was changed while it was read", said)
            n_sent = said.count('"CREATED"')
            self.assertLess(n_sent, n + 1)
            again = broker.kontor("alpine", "admin", *words)
            self.assertEqual((again.count('"SAME"'), again.count('"CREATED"')), (n_sent, n + 1 - n_sent))

    def test_a_pipe_is_read_twice(self):
        with Broker("pipe") as broker:
            with open(self.file("kontor-1", 700), encoding="ascii") as file:
                text = file.read()
            said = broker.kontor("alpine", "admin", "catalogue", "import", "--format", "kontor-1", "--output", "json",
                                 "/dev/stdin", stdin=text)
            self.assertEqual(said.count('"CREATED"'), 701)
            folder = os.path.join(self.folder, "none")
            broker.kontor("alpine", "admin", "catalogue", "import", "--format", "kontor-1", "/dev/stdin", stdin=text,
                          status=67, TMPDIR=folder)


if __name__ == "__main__":
    if "--records" in sys.argv:
        at = sys.argv.index("--records")
        RECORDS, IS_MEASURED = int(sys.argv[at + 1]), False
        del sys.argv[at:at + 2]
    unittest.main(verbosity=2)
