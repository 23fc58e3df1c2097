"""What can happen to the store of a real broker, and to what it prints: each time a text that says
what and the cure, and never an acknowledged change that is gone without a word.
"""
import json
import os
import shutil
import sqlite3
import subprocess
import unittest

from broker import Broker, Refused, run, wait_for
from mongod import is_mongodb

PAGE = 2048
FILE = 1000000
# Runs what follows with a file system of its own on the folder: full, or read-only.
SMALL = """d=$1; shift; cp -a "$d" "$d.kept" && mount -t tmpfs -o size=6m none "$d" &&
cp -a "$d.kept/." "$d/" && head -c 2000000 /dev/zero >"$d/filler" && exec "$@" """
STILL = """d=$1; shift; mount --bind "$d" "$d" && mount -o remount,bind,ro "$d" && exec "$@" """


def can_mount():
    return subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"],
                          capture_output=True, check=False).returncode == 0


@unittest.skipIf(is_mongodb(), "what a disk does to a file")
class Faults(unittest.TestCase):
    def setUp(self):
        self.broker = Broker("faults")
        self.addCleanup(self.broker.close)
        # In a folder of its own, so that a file system can lie over it.
        self.disk = os.path.join(self.broker.folder, "disk")
        os.mkdir(self.disk)
        for name in os.listdir(self.broker.folder):
            if name.startswith("kontor.db"):
                shutil.move(os.path.join(self.broker.folder, name), self.disk)
        self.store = os.path.join(self.disk, "kontor.db")
        self.configure(self.store)
        self.admin = None

    # What is done ----------------------------------------------------------------------

    def configure(self, store):
        self.broker.set(store=store)

    def start(self, *prefix, **how):
        # A call on a channel to the daemon before may fail as that one did.
        for client in self.broker.clients.values():
            client.close()
        self.broker.clients = {}
        self.broker.start(*prefix, **how)
        self.admin = self.broker.client("alpine", "admin")

    def rename(self, name):
        return self.admin.call("RegistryService.UpdateRegistry", timeout=30,
                               registry={"id": "alpine", "name": name})

    def name(self):
        return self.admin.call("RegistryService.GetRegistry", id="alpine").get("name")

    def backup(self, status=0):
        path = os.path.join(self.broker.folder, "backup")
        self.broker.kontor("alpine", "admin", "backup", path, status=status)
        return path

    def kontord(self, *words, status=1, prefix=()):
        """Runs the program to its end; answers all it said."""
        said = run([*prefix, os.environ["KONTORD"], "--config", self.broker.config, *words],
                   status=status)
        return said + run.stderr

    def scribble(self, name):
        """Overwrites the first page of a table or an index."""
        with sqlite3.connect(self.store) as file:
            page, = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?",
                                 (name,)).fetchone()
        file.close()
        with open(self.store, "r+b") as file:
            file.seek((page - 1) * PAGE)
            file.write(b"\xa5" * PAGE)

    def cut(self, path, size):
        with open(path, "r+b") as file:
            file.truncate(size)

    # What is said ----------------------------------------------------------------------

    def says(self, text, *parts):
        for part in parts:
            self.assertIn(part, text)

    def logged(self, reason):
        """The last line of the broker's log about a call that ended so."""
        def last():
            with open(self.broker.log, encoding="utf-8", errors="replace") as file:
                lines = [line for line in file if f'"reason":"{reason}"' in line]
            return lines[-1] if lines and lines[-1].endswith("\n") else None

        # The caller has its answer before the line is written.
        return json.loads(wait_for(last, 20, f"the log's line about {reason}"))

    def restores(self, path, name):
        """A backup fills a new store, and that one serves."""
        self.configure(os.path.join(self.disk, f"restored-{name}.db"))
        self.kontord("--restore", path, status=0)
        self.start()
        self.assertEqual(self.name(), name)
        self.assertEqual(self.rename(f"{name}, again")["name"], f"{name}, again")

    # Where it is said ------------------------------------------------------------------

    def test_output_that_cannot_be_written(self):
        """Whoever reads a part of it must not take it for the whole."""
        ends = ((">/dev/full", "No space left on device"), (">&-", "Bad file descriptor"))
        for words in ("--help", "--version", "--help-settings", "--example-settings",
                      "--man-settings", "--check"):
            self.assertNotEqual(self.kontord(words, status=0), "")
            for end, why in ends:
                said = self.kontord(words, prefix=("sh", "-c", f'exec "$@" {end}', "sh"))
                self.assertEqual(said, f"kontord: standard output: {why}\n", (words, end))

    # Whose the file is -----------------------------------------------------------------

    def test_a_second_broker(self):
        self.start()
        for words in ((), ("--rebuild",), ("--restore", "/dev/null")):
            self.says(self.kontord(*words), "in use by another broker",
                      f"process {self.broker.daemon.pid} ", "stop that one first")
        self.assertEqual(self.rename("Goes on")["name"], "Goes on")

    def test_a_folder(self):
        folder = os.path.join(self.disk, "folder")
        os.mkdir(folder)
        self.configure(folder)
        for words in ((), ("--check",), ("--rebuild",), ("--restore", "/dev/null")):
            self.says(self.kontord(*words), "is a folder: give the path of a file")
        self.assertEqual(os.listdir(folder), [])
        self.assertFalse(os.path.exists(folder + "-lock"))

    # What is on the disk ---------------------------------------------------------------

    def test_damaged_documents(self):
        self.start()
        self.rename("Kept")
        backup = self.backup()
        self.assertEqual(self.broker.stop(), 0)
        self.scribble("registry")
        for words in ((), ("--check",), ("--rebuild",)):
            self.says(self.kontord(*words), "damaged", "restore")
        self.restores(backup, "Kept")

    def test_damaged_documents_that_are_met_later(self):
        self.start()
        self.admin.call("CatalogueService.CreateProvider", provider={
            "id": "alpine/compute", "name": "Compute"})
        self.assertEqual(self.broker.stop(), 0)
        self.scribble("provider")
        self.start()
        with self.assertRaises(Refused) as caught:
            self.admin.call("CatalogueService.GetProvider", id="alpine/compute")
        # The caller learns an id, and whoever has the log what happened and the cure.
        self.assertNotIn("kontor.db", str(caught.exception.details))
        self.says(self.logged("INTERNAL")["store"], "damaged", "restore")
        self.assertEqual(self.rename("Goes on")["name"], "Goes on")

    def test_damage_a_rebuild_does_not_mend(self):
        self.start()
        self.rename("Kept")
        backup = self.backup()
        self.assertEqual(self.broker.stop(), 0)
        self.scribble("log_eid")
        said = self.kontord("--rebuild")
        self.says(said, "does not mend this", "restore a backup")
        self.assertNotIn("rebuilt every", said)
        self.says(self.kontord("--check"), "damaged")
        self.restores(backup, "Kept")

    def test_a_wal_that_was_lost(self):
        self.start()
        self.rename("Kept")
        backup = self.backup()
        self.broker.kill()
        os.unlink(self.store + "-wal")
        for words in ((), ("--check",), ("--rebuild",)):
            self.says(self.kontord(*words), "-wal file is missing", "restore a backup")
        self.restores(backup, "Kept")

    def test_a_wal_whose_end_was_never_written(self):
        """As a power cut leaves it: whole up to a commit, and what was told is told to a backup."""
        self.start()
        first = int(self.rename("First")["revision"])
        size = os.path.getsize(self.store + "-wal")
        self.rename("Second")
        backup = self.backup()
        self.broker.kill()
        # A page that is torn in the middle of the second commit.
        self.cut(self.store + "-wal", size + PAGE // 2)
        self.says(self.kontord("--check", status=0), f"chain verified to {first}")
        self.start()
        self.assertEqual(self.name(), "First")
        self.broker.kontor("alpine", "admin", "backup", backup, status=None)
        self.says(run.stderr, "write a new file")
        self.rename("Other")
        self.broker.kontor("alpine", "admin", "backup", backup, status=None)
        self.says(run.stderr, "write a new file")
        self.assertEqual(self.broker.stop(), 0)
        self.restores(backup, "Second")

    def test_a_backup_that_was_cut(self):
        self.start()
        self.rename("First")
        path = self.backup()
        whole = os.path.getsize(path)
        self.rename("Second")
        self.backup()
        longer = os.path.getsize(path)
        with open(path, "rb") as file:
            content = file.read()
        self.assertEqual(self.broker.stop(), 0)
        ends = record_ends(content)
        self.assertEqual(ends[-1], longer)
        self.configure(os.path.join(self.disk, "restored.db"))
        for end in ends[:-1]:
            if end == whole:
                continue
            self.cut(path, end)
            self.broker.kontor("alpine", "admin", "audit", "verify", path, status=79)
            self.says(run.stderr, "run kontor backup on it again")
            self.says(self.kontord("--restore", path), "run kontor backup on it again")
            with open(path, "wb") as file:
                file.write(content)
        self.restores(path, "Second")
        self.broker.stop()
        self.cut(path, whole)
        self.restores(path, "First")

    # What the disk does ----------------------------------------------------------------

    @unittest.skipUnless(can_mount(), "mounting needs rights this test does not have")
    def test_a_full_disk(self):
        self.start("unshare", "-m", "sh", "-c", SMALL, "sh", self.disk)
        last = None
        with self.assertRaises(Refused) as caught:
            for n in range(2000):
                name = f"{n} " + "x" * 200
                self.rename(name)
                last = name
        self.assertEqual((caught.exception.status, caught.exception.reason),
                         ("UNAVAILABLE", "STORE_UNAVAILABLE"))
        self.says(self.logged("STORE_UNAVAILABLE")["store"], "make room on the disk")
        self.assertIsNotNone(last)
        self.assertEqual(self.name(), last)
        os.unlink(f"/proc/{self.broker.daemon.pid}/root{self.disk}/filler")
        self.assertEqual(self.rename("Room")["name"], "Room")
        path = self.backup()
        self.assertEqual(self.broker.stop(), 0)
        self.restores(path, "Room")

    def test_a_file_that_may_not_grow(self):
        # The process ends where it stands, and its threads with it: none is waited for.
        options = os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"
        self.start("prlimit", f"--fsize={FILE}:{FILE}",
                   env={**os.environ, "TSAN_OPTIONS": options})
        last = None
        with self.assertRaises(Refused):
            for n in range(2000):
                name = f"{n} " + "x" * 200
                self.rename(name)
                last = name
        # Nobody knows what was written: the process ends and says so, by no signal.
        self.assertEqual(self.broker.daemon.wait(timeout=30), os.EX_IOERR)
        self.says(self.broker.tail(), "kontord: cannot write", "kontor.db", "check the disk")
        self.start()
        self.assertEqual(self.name(), last)

    @unittest.skipUnless(can_mount(), "mounting needs rights this test does not have")
    def test_a_disk_that_cannot_be_written(self):
        self.start()
        self.rename("Kept")
        self.assertEqual(self.broker.stop(), 0)
        still = ("unshare", "-m", "sh", "-c", STILL, "sh")
        for what in (self.disk, self.store):
            for words in ((), ("--rebuild",)):
                self.says(self.kontord(*words, prefix=(*still, what)), "writable")
            self.says(self.kontord("--check", status=0, prefix=(*still, what)),
                      "chain verified")

    @unittest.skipUnless(os.path.exists(os.environ.get("KONTOR_BROKEN_DISK_LIBRARY", "")),
                         "a sanitized program takes no library before its own")
    def test_a_sync_that_fails(self):
        mark = os.path.join(self.broker.folder, "broken")
        # LD_PRELOAD is a list, which a space divides: the name has none.
        os.symlink(os.environ["KONTOR_BROKEN_DISK_LIBRARY"],
                   os.path.join(self.broker.folder, "disk.so"))
        self.start(cwd=self.broker.folder, env={**os.environ, "KONTOR_BROKEN_DISK": mark,
                                                "LD_PRELOAD": "./disk.so"})
        self.rename("Kept")
        with open(mark, "w", encoding="ascii"):
            pass
        with self.assertRaises(Refused):
            self.rename("Unknown")
        self.assertEqual(self.broker.daemon.wait(timeout=30), os.EX_IOERR)
        self.says(self.broker.tail(), "kontord: cannot write", "kontor.db", "check the disk")
        os.unlink(mark)
        self.start()
        self.assertIn(self.name(), ("Kept", "Unknown"))
        self.assertEqual(self.broker.stop(), 0)
        self.says(self.kontord("--check", status=0), "chain verified")


def record_ends(content):
    """Where each record of an export file ends: varint lengths, then so many bytes."""
    ends, at = [], 0
    while at < len(content):
        size, shift = 0, 0
        while True:
            size |= (content[at] & 0x7f) << shift
            shift += 7
            at += 1
            if content[at - 1] < 0x80:
                break
        at += size
        ends.append(at)
    return ends


if __name__ == "__main__":
    unittest.main(verbosity=2)
