"""A broker whose MongoDB goes away: it says so, hangs for nobody, and loses nothing."""
import threading
import time
import unittest

from broker import Failed, Refused, wait_for
from case import (NOT_SERVING, SERVING, Case, HealthWatch, await_health, gauge, health, log_lines,
                  project, seconds_of, until_known)
from client import Client
from watcher import Watcher, line

# What is refused at once may take this long on a busy machine; a connection attempt takes longer.
AT_ONCE_S = 2
HELD_MS = 60000
# How long a broker looks for a server before it says that there is none: the default is 5 s.
SOON = "&serverSelectionTimeoutMS=1000"


class Mongodb(Case):
    def setUp(self):
        self.mongod = self.server()
        self.kontord = self.broker(self.mongod, options=SOON, metrics_listen="127.0.0.1:0")
        self.kontord.start().furnish()
        self.portal = self.kontord.client("coast", "portal")
        self.create(**project("p1"))

    def create(self, **fields):
        return self.portal.call("OrderService.CreateProject", **fields)

    def names(self):
        return [one["id"] for one in self.portal.pages("OrderService.ListProjects", "projects")]

    def go_away(self):
        self.assertEqual(self.mongod.tell("pause"), "ok")
        await_health(self.portal, NOT_SERVING)

    def come_back(self):
        self.assertEqual(self.mongod.tell("resume"), "ok")
        await_health(self.portal, SERVING)
        # On a slow machine a heartbeat may come late once more.
        until_known(self.kontord.client("coast", "shifter"), "OrderService.ListProjects")

    # Away and back -------------------------------------------------------------------------

    def test_it_says_so_and_goes_on_afterwards(self):
        watch = HealthWatch(self.portal)
        watcher = Watcher(self.portal, "coast")
        watcher.start()
        self.create(**project("before"))
        self.assertEqual(gauge(self.kontord, "kontor_store_away"), 0)
        for _ in range(2):
            self.go_away()
            self.assertEqual(gauge(self.kontord, "kontor_store_away"), 1)
            self.come_back()
            self.assertEqual(gauge(self.kontord, "kontor_store_away"), 0)
        watch.await_said([SERVING, NOT_SERVING, SERVING, NOT_SERVING, SERVING])
        watch.close()
        said = log_lines(self.kontord, "the store does not answer")
        self.assertEqual(len(said), 2)
        self.says(said[0]["event"], self.mongod.uri.split("?")[0], "can be reached")
        self.assertEqual(said[0]["level"], "error")
        self.assertEqual(len(log_lines(self.kontord, "the store answers again")), 2)
        # The watch that was open all the time, and a fresh one.
        self.create(**project("after"))
        self.assertTrue(watcher.wait(lambda changes: changes[-1]["id"] == "coast/after", 20))
        fresh = [change for message in self.portal.stream(
            "OrderService.WatchOrders", after={"seq": 0}, id_prefix="coast", timeout=20)
            for change in message.get("changes", [])]
        self.assertEqual([line(c) for c in watcher.changes], [line(c) for c in fresh])
        self.assertIsNone(watcher.error)
        watcher.is_over = True
        self.assertIsNone(self.kontord.daemon.poll())

    def test_changes_are_refused_at_once_and_reads_do_not_hang(self):
        wanted = project("wanted")
        self.portal.call("OrderService.GetProject", id="coast/p1")
        self.go_away()
        for _ in range(5):
            seconds, refused = seconds_of(self.create, **wanted)
            self.assertEqual(refused.reason, "STORE_UNAVAILABLE", refused)
            self.assertEqual(refused.status, "UNAVAILABLE")
            self.says(str(refused.details), "RetryInfo", "retry_delay")
            self.assertLess(seconds, AT_ONCE_S)
        for method, fields in (("OrderService.GetProject", {"id": "coast/p1"}),
                               ("OrderService.GetProject", {"id": "coast/none"}),
                               ("OrderService.ListProjects", {}),
                               ("OrderService.GetProject", {"id": "coast/p1",
                                                            "as_of": {"seq": "2"}}),
                               ("CatalogueService.SearchServices", {}),
                               ("RegistryService.WhoAmI", {})):
            seconds, refused = seconds_of(self.portal.call, method, **fields)
            self.assertLess(seconds, AT_ONCE_S, method)
            if refused is not None:
                self.assertEqual(refused.status, "UNAVAILABLE", refused)
        # A refused change was not kept for later.
        self.come_back()
        self.assertEqual(self.names(), ["coast/p1"])
        first = self.create(**wanted)
        self.assertEqual(self.create(**wanted), first)
        self.assertEqual(self.names(), ["coast/p1", "coast/wanted"])

    def test_a_newcomer_is_told_meanwhile(self):
        self.go_away()
        newcomer = Client(f"localhost:{self.kontord.port}", self.kontord.path("coast", "shifter"),
                          self.kontord.certs + "/alpine/ca.pem")
        self.addCleanup(newcomer.close)
        newcomer._pool, newcomer._services = self.portal.pool(), self.portal.services()
        begin = time.monotonic()
        self.assertEqual(health(newcomer), NOT_SERVING)
        self.refused("UNAVAILABLE", "STORE_UNAVAILABLE", newcomer.call,
                     "OrderService.ListProjects")
        self.assertLess(time.monotonic() - begin, AT_ONCE_S)
        self.come_back()
        self.assertEqual(health(newcomer), SERVING)
        newcomer.call("OrderService.GetProject", id="coast/p1")

    # A change under way --------------------------------------------------------------------

    def in_flight(self, fault, name):
        """The server dies holding a change; how that ended for its caller."""
        self.assertEqual(self.mongod.tell(f"script {fault}={HELD_MS}@insert/log"), "ok")
        before = self.mongod.tell("count insert")
        wanted, ends = project(name), []
        caller = threading.Thread(
            target=lambda: ends.append(seconds_of(self.create, timeout=4, **wanted)[1]))
        caller.start()
        wait_for(lambda: self.mongod.tell("count insert") != before or None, 20, "the insert")
        self.go_away()
        caller.join(30)
        self.assertEqual(self.mongod.tell("script"), "ok")
        if ends[0] is not None:
            self.assertEqual(ends[0].status, "DEADLINE_EXCEEDED", ends[0])
        return wanted

    def once(self, wanted):
        """Repeated it is done once."""
        self.come_back()
        seq = self.portal.seq
        first = self.create(**wanted)
        self.assertEqual(self.create(**wanted), first)
        self.assertEqual(self.names().count(wanted["project"]["id"]), 1)
        admin = self.kontord.client("alpine", "admin")
        admin.call("RegistryService.GetStatus")
        self.assertEqual(admin.seq, int(first["revision"]))
        self.assertGreater(int(first["revision"]), seq)

    def test_a_change_that_died_with_the_server(self):
        self.once(self.in_flight("delay", "lost"))

    def test_a_change_whose_answer_died_with_the_server(self):
        self.once(self.in_flight("delay_after", "kept"))

    # The ends of a broker ------------------------------------------------------------------

    def test_it_ends_while_the_server_is_away(self):
        watcher = Watcher(self.portal, "coast")
        watcher.start()
        self.go_away()
        begin = time.monotonic()
        self.assertEqual(self.kontord.stop(), 0)
        self.assertLess(time.monotonic() - begin, 15)
        watcher.is_over = True

    def test_it_does_not_start_without_a_server(self):
        self.assertEqual(self.kontord.stop(), 0)
        self.assertEqual(self.mongod.tell("pause"), "ok")
        for words in ((), ("--check",), ("--rebuild",)):
            begin = time.monotonic()
            said = self.kontord.kontord(*words, status=1)
            self.assertLess(time.monotonic() - begin, 20)
            self.says(said, self.mongod.uri.split("?")[0], "cannot reach it")
        with self.assertRaises(Failed):
            self.kontord.start()
        self.assertEqual(self.kontord.daemon.returncode, 1)
        self.assertEqual(self.mongod.tell("resume"), "ok")
        self.kontord.start()
        self.assertEqual(self.names(), ["coast/p1"])

    def test_a_killed_broker_finds_all_it_acknowledged(self):
        for n in range(20):
            until_known(self.portal, "OrderService.CreateProject", **project(f"q{n:02}"))
            if n % 7 == 3:
                self.kontord.kill()
                self.kontord.start()
        self.assertEqual(self.names(), ["coast/p1"] + [f"coast/q{n:02}" for n in range(20)])
        self.says(self.kontord.kontord("--check"), f"chain verified to {self.portal.seq}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
