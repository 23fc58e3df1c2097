"""Two brokers on one database are one: both write, and each shows what came through the other."""
import os
import random
import sys
import threading
import time
import unittest

from broker import wait_for
from case import Case, log_lines, project, until_known, whole_log
from client import Client, Refused
from mint import Mint, fingerprint, text_of
from test_order import approve_all, create_project, example, load_example
from watcher import Watcher, line

SEED = 1
# What one broker learns of the other it learns soon.
SOON_S = 10
CALLERS = 8
# How long a slow writer's commit is held back at the server.
SLOW_MS = 2000
OFFERS = ["alpine/block-storage/standard"]


def seq_of(record):
    return int(record["revision"])


class Brokers(Case):
    @classmethod
    def setUpClass(cls):
        print(f"seed {SEED}")

    def setUp(self):
        self.mongod = self.server()
        self.a = self.broker(self.mongod)
        self.a.start().furnish()
        self.b = self.partner(self.a).start()
        self.home = self.a.client("alpine", "admin")
        load_example(self.a)
        # What a test begins with is known to both.
        made = create_project(self.a)
        self.b.client("coast", "portal").call("OrderService.GetProject", id=made["id"],
                                              min_seq=seq_of(made))

    def tearDown(self):
        self.assertEqual(self.mongod.tell("refused"), "ok")

    def both(self, registry, role):
        return self.a.client(registry, role), self.b.client(registry, role)

    def client_of(self, broker, certificate):
        client = Client(f"localhost:{broker.port}", certificate,
                        broker.certs + "/alpine/ca.pem")
        client._pool, client._services = self.home.pool(), self.home.services()
        self.addCleanup(client.close)
        return client

    # One truth -----------------------------------------------------------------------------

    def test_what_one_wrote_the_other_reads(self):
        pair = self.both("coast", "portal")
        for n in range(20):
            writer, reader = pair[n % 2], pair[1 - n % 2]
            made = writer.call("OrderService.CreateProject", **project(f"n{n}"))
            read = reader.call("OrderService.GetProject", id=made["id"], min_seq=writer.seq)
            self.assertEqual(read, made)
            # Written by one on what the other wrote.
            wanted = {"id": made["id"], "description": str(n)}
            changed = reader.call("OrderService.UpdateProject", project=wanted,
                                  expected_revision=made["revision"])
            self.assertEqual(seq_of(changed), reader.seq)
            self.refused("ABORTED", "REVISION_MISMATCH", writer.call,
                         "OrderService.UpdateProject", project=wanted,
                         expected_revision=made["revision"])

    def test_the_same_request_at_both_is_done_once(self):
        pair = self.both("coast", "portal")
        wanted = [project(f"n{n}") for n in range(20)]
        made = [[], []]

        def call(client, out):
            for fields in wanted:
                out.append(client.call("OrderService.CreateProject", **fields))

        threads = [threading.Thread(target=call, args=one) for one in zip(pair, made)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(len(made[0]), len(wanted))
        self.assertEqual(made[0], made[1])

    def test_what_was_done_is_not_refused_by_who_is_behind(self):
        a, b = self.both("coast", "portal")
        # The other has a commit of its own under way, and follows nothing until it is through.
        self.assertEqual(self.mongod.tell(f"script delay={SLOW_MS}@insert/log"), "ok")
        before = self.mongod.tell("count insert")
        busy = threading.Thread(target=until_known, args=(b, "OrderService.PlaceOrder"),
                                kwargs={**example("order.json"), "id": "coast/busy"})
        busy.start()
        wait_for(lambda: self.mongod.tell("count insert") != before or None, SOON_S, "the insert")
        # All of it came to be meanwhile: asked on what was there before, it would be refused.
        made = a.call("OrderService.CreateProject", **project("late"))
        order = {**example("order.json"), "id": "coast/late", "project": made["id"]}
        placed = a.call("OrderService.PlaceOrder", **order)
        change = {"project": {"id": made["id"], "description": "changed"},
                  "expected_revision": made["revision"], "request_id": "0b6f1c1e-8d58-4c52-9b3e-0d6b8c1f7a10"}
        changed = a.call("OrderService.UpdateProject", **change)
        again = self.b.client("coast", "portal")
        told = again.call("OrderService.PlaceOrder", timeout=30, **order)
        self.assertTrue(told["is_replayed"])
        self.assertEqual(told["order"], placed["order"])
        self.assertEqual(again.call("OrderService.UpdateProject", timeout=30, **change), changed)
        busy.join(60)
        self.assertEqual(self.mongod.tell("script"), "ok")

    def test_search_finds_what_came_through_the_other(self):
        _, portal = self.both("coast", "portal")
        self.home.call("CatalogueService.CreateService", override_reason="as it stands", service={
            "id": "alpine/quokka", "provider": "alpine/compute", "name": "Quokka counter",
            "phase": "PRODUCTION"})
        found = portal.call("CatalogueService.SearchServices", query="quokka",
                            min_seq=self.home.seq)
        self.assertEqual([hit["service"]["id"] for hit in found["hits"]], ["alpine/quokka"])

    # Under load ----------------------------------------------------------------------------

    def flood(self, brokers, n_calls):
        """So many callers at each broker; what was acknowledged, by record."""
        made, errors = {}, []

        def call(n, broker):
            client = self.client_of(broker, broker.path("coast", "portal"))
            try:
                for i in range(n_calls):
                    name = f"c{n}-{i}"
                    if i % 2 == 0:
                        reply = until_known(client, "OrderService.CreateProject",
                                            **project(name))
                    else:
                        order = {**example("order.json"), "id": f"coast/{name}"}
                        reply = until_known(client, "OrderService.PlaceOrder", **order)["order"]
                    made[reply["id"]] = seq_of(reply)
            except Exception as error:  # The test reads it; a thread's own end is silent.
                errors.append(error)

        threads = [threading.Thread(target=call, args=(n, brokers[n % len(brokers)]))
                   for n in range(CALLERS * len(brokers))]
        for thread in threads:
            thread.start()
        return threads, made, errors

    def judge(self, made, n_calls, n_brokers, broker):
        """All is there once, and positions are dense."""
        self.assertEqual(len(made), CALLERS * n_brokers * n_calls)
        commits = whole_log(broker.client("alpine", "admin"), max(made.values()))
        self.assertEqual([int(c["seq"]) for c in commits], list(range(1, len(commits) + 1)))
        first = {}
        for commit in commits:
            for change in commit["changes"]:
                if change["kind"] in ("project", "order"):
                    first.setdefault(change["id"], []).append(int(commit["seq"]))
        self.assertEqual({name: first.get(name) for name in made},
                         {name: [seq] for name, seq in made.items()})
        self.assertEqual([c["prev"] for c in commits[1:]], [c["hash"] for c in commits[:-1]])

    def test_both_under_load(self):
        watchers = [Watcher(b.client("coast", "portal"), "coast") for b in (self.a, self.b)]
        for watcher in watchers:
            watcher.start()
        threads, made, errors = self.flood((self.a, self.b), 10)
        for thread in threads:
            thread.join(120)
        self.assertEqual(errors, [])
        self.judge(made, 10, 2, self.b)
        last = max(made.values())
        fresh = [change for message in self.b.client("coast", "portal").stream(
            "OrderService.WatchOrders", after={"seq": 0}, id_prefix="coast", timeout=60)
            for change in message.get("changes", [])]
        for watcher in watchers:
            self.assertTrue(watcher.wait(lambda c: c and int(c[-1]["seq"]) >= last, 30),
                            watcher.error)
            self.assertEqual([line(c) for c in watcher.changes], [line(c) for c in fresh])
            watcher.is_over = True
        for broker in (self.a, self.b):
            self.says(broker.kontord("--check"), f"chain verified to {last}")

    def test_one_is_killed_in_the_middle(self):
        watcher = Watcher(self.b.client("coast", "portal"), "coast")
        watcher.start()
        chance = random.Random(SEED)
        threads, made, errors = self.flood((self.a, self.b), 10)
        for enough in sorted(chance.sample(range(10, 130), 3)):
            wait_for(lambda: len(made) >= enough or errors or None, 60, f"{enough} answers")
            self.a.kill()
            self.b.client("coast", "portal").call("OrderService.GetProject", id="coast/p1")
            self.a.start()
        for thread in threads:
            thread.join(120)
        self.assertEqual(errors, [])
        self.judge(made, 10, 2, self.b)
        self.judge(made, 10, 2, self.a)
        last = max(made.values())
        self.assertTrue(watcher.wait(lambda c: c and int(c[-1]["seq"]) >= last, 30),
                        watcher.error)
        orders = [c["id"] for c in watcher.changes if c["kind"] in ("project", "order")]
        self.assertEqual(sorted(orders), sorted([*made, "coast/p1"]))
        watcher.is_over = True

    def hop(self, client, after, last, hops):
        """Watches up to a record as one who is killed at every position, and resumes from the
        last it saved."""
        while not hops or hops[-1]["id"] != last:
            changes = []
            stream = client.stream("OrderService.WatchOrders", after={"seq": after},
                                   id_prefix="coast", follow=True, timeout=60)
            for message in stream:
                changes += message.get("changes", [])
                whole = [n for n, change in enumerate(changes) if not change.get("more")]
                if whole:
                    break
            stream.close()
            hops += changes[:whole[0] + 1]
            after = int(hops[-1]["seq"])

    def slow_and_fast(self, fault):
        """One broker is slow with an order while the other writes; answers the positions."""
        a, b = self.both("coast", "portal")
        self.assertEqual(self.mongod.tell(f"script {fault}={SLOW_MS}@insert/log"), "ok")
        before = self.mongod.tell("count insert")
        slow = []
        writer = threading.Thread(target=lambda: slow.append(until_known(
            a, "OrderService.PlaceOrder", **{**example("order.json"), "id": f"coast/{fault}"})))
        writer.start()
        wait_for(lambda: self.mongod.tell("count insert") != before or None, 20, "the insert")
        fast = [seq_of(until_known(b, "OrderService.PlaceOrder", **{
            **example("order.json"), "id": f"coast/{fault}-{n}"})["order"]) for n in range(5)]
        self.assertEqual(slow, [], "the slow one was to be answered last")
        writer.join(60)
        self.assertEqual(self.mongod.tell("script"), "ok")
        return seq_of(slow[0]["order"]), fast

    def test_k51_a_slow_writer_is_not_skipped(self):
        """Who began first is not who commits first, and who resumes at each position misses none:
        a position is taken by the commit itself, never kept for one that is to come."""
        b, hops = self.b.client("coast", "portal"), []
        begin = max(self.a.client("coast", "portal").seq, self.home.seq)
        hopper = threading.Thread(target=self.hop, args=(b, begin, "coast/end", hops))
        hopper.start()
        # Held back before it is written, and after it is but before its writer knows.
        slow, fast = self.slow_and_fast("delay")
        self.assertGreater(slow, min(fast))
        again, more = self.slow_and_fast("delay_after")
        self.assertLess(again, min(more))
        b.call("OrderService.CreateProject", **project("end"))
        hopper.join(60)
        a = self.a.client("coast", "portal")
        a.call("OrderService.GetProject", id="coast/end", min_seq=int(hops[-1]["seq"]))
        fresh = [change for message in a.stream(
            "OrderService.WatchOrders", after={"seq": begin}, id_prefix="coast", timeout=60)
            for change in message.get("changes", [])]
        self.assertEqual([line(change) for change in hops], [line(change) for change in fresh])
        seen = [int(change["seq"]) for change in hops if change["kind"] == "order"]
        self.assertEqual(seen, sorted([slow, again, *fast, *more]))

    # Trust ---------------------------------------------------------------------------------

    def soon(self, probe, what):
        wait_for(lambda: probe() or None, SOON_S, what)

    def reason_at(self, client, method="OrderService.ListProjects"):
        """How a call ends: "" = well."""
        try:
            client.call(method)
        except Refused as refused:
            return refused.reason or refused.status
        return ""

    def open_watch(self, client):
        """A watch that runs, and how it ended."""
        end = []

        def follow():
            try:
                for _ in client.stream("OrderService.WatchOrders", follow=True):
                    end.append("open") if not end else None
                end.append("ended")
            except Refused as refused:
                end.append(refused.reason or refused.status)

        threading.Thread(target=follow, daemon=True).start()
        self.soon(lambda: end == ["open"], "the watch to open")
        return end

    def test_a_principal_made_and_taken_at_the_other(self):
        mint = Mint(os.path.join(self.a.folder, "mint"))
        uri = "spiffe://coast.example/new"
        client = self.client_of(self.b, mint.client(self.a.path("coast", "ca"), [uri]))
        self.assertEqual(self.reason_at(client), "NOT_REGISTERED")
        admin = self.a.client("coast", "admin")
        for _ in range(2):
            admin.call("RegistryService.CreatePrincipal", principal={
                "id": "coast/new", "identity": uri, "roles": ["PORTAL"], "scopes": ["r:coast"]})
            self.soon(lambda: self.reason_at(client) == "", "the principal to count")
            watch = self.open_watch(client)
            admin.call("RegistryService.DeletePrincipal", id="coast/new")
            self.soon(lambda: self.reason_at(client) == "NOT_REGISTERED", "it to count no more")
            self.soon(lambda: watch[1:] == ["NOT_REGISTERED"], f"the watch to end: {watch}")

    def test_a_certificate_revoked_at_the_other(self):
        mint = Mint(os.path.join(self.a.folder, "mint"))
        certificate = mint.client(self.a.path("coast", "ca"),
                                  [self.a.uri("coast", "portal", "web")])
        client = self.client_of(self.b, certificate)
        self.assertEqual(self.reason_at(client), "")
        watch = self.open_watch(client)
        self.a.client("coast", "admin").call(
            "RegistryService.RevokeCertificate", registry="coast", reason="lost",
            fingerprint=fingerprint(certificate))
        self.soon(lambda: self.reason_at(client) == "CERTIFICATE_REVOKED", "it to be revoked")
        self.soon(lambda: watch[1:] == ["CERTIFICATE_REVOKED"], f"the watch to end: {watch}")
        self.assertEqual(self.reason_at(self.b.client("coast", "portal")), "")

    def test_a_registry_suspended_at_the_other(self):
        client = self.b.client("coast", "portal")
        watch = self.open_watch(client)
        self.home.call("RegistryService.SuspendRegistry", id="coast", reason="a test")
        self.soon(lambda: self.reason_at(client) == "REGISTRY_SUSPENDED", "it to be suspended")
        self.soon(lambda: watch[1:] == ["REGISTRY_SUSPENDED"], f"the watch to end: {watch}")
        self.home.call("RegistryService.ResumeRegistry", id="coast")
        self.soon(lambda: self.reason_at(client) == "", "it to be resumed")

    def test_a_bundle_rotated_at_the_other(self):
        mint = Mint(os.path.join(self.a.folder, "mint"))
        old, new = self.a.path("coast", "ca"), mint.authority("coast CA, the second")
        web = self.a.uri("coast", "portal", "web")
        client = self.client_of(self.b, self.a.path("coast", "portal"))
        self.assertEqual(self.reason_at(client), "")
        watch = self.open_watch(client)
        with self.assertRaises(Refused):
            self.client_of(self.b, mint.client(new, [web])).call("OrderService.ListProjects",
                                                                 timeout=3)
        self.home.call("RegistryService.RotateBundle", id="coast", bundle=text_of(new))
        self.soon(lambda: self.reason_at(client) not in ("", "open"), "the old one to be gone")
        self.soon(lambda: len(watch) > 1, f"the watch to end: {watch}")
        self.soon(lambda: self.reason_at(self.client_of(
            self.b, mint.client(new, [web]))) == "", "the new one to count")
        self.assertNotEqual(text_of(old), text_of(new))

    # Jobs ----------------------------------------------------------------------------------

    def queue(self, name):
        order = {**example("order.json"), "id": f"coast/{name}"}
        order["items"] = order["items"][:1]
        self.a.client("coast", "portal").call("OrderService.PlaceOrder", **order)
        return order

    def test_a_job_goes_through_both(self):
        a, b = self.both("alpine", "agent")
        session = a.call("FulfilmentService.RegisterAgent", offers=OFFERS, lease_seconds=600)
        claims = []
        waiting = threading.Thread(target=lambda: claims.append(b.call(
            "FulfilmentService.Claim", session=session["id"], wait_seconds=30, timeout=40,
            min_seq=a.seq)))
        waiting.start()
        approve_all(self.a, self.queue("o-1"))
        waiting.join(40)
        job = claims[0]["jobs"][0]
        proof = {"item": job["item"], "fence": job["fence"]}
        a.call("FulfilmentService.Begin", intent=job["intent"], min_seq=b.seq, **proof)
        held = b.call("FulfilmentService.Renew", session=session["id"], min_seq=a.seq)["jobs"]
        self.assertEqual([(one["item"], one["fence"], one["state"]) for one in held],
                         [(job["item"], job["fence"], "IN_PROGRESS")])
        b.call("FulfilmentService.Report", note="half", min_seq=a.seq, **proof)
        done = a.call("FulfilmentService.Complete", delivery={"backend_id": "x"},
                      min_seq=b.seq, **proof)
        self.assertEqual(done["state"], "COMPLETED")
        again = b.call("FulfilmentService.Complete", delivery={"backend_id": "x"},
                       min_seq=a.seq, **proof)
        self.assertEqual(again, done)

    def test_a_job_is_claimed_once_of_both(self):
        a, b = self.both("alpine", "agent")
        for n in range(8):
            approve_all(self.a, self.queue(f"o-{n}"))
        seq = self.a.client("alpine", "operator").seq
        sessions = [c.call("FulfilmentService.RegisterAgent", offers=OFFERS, max_parallel=8,
                           lease_seconds=600, min_seq=seq)["id"] for c in (a, b)]
        jobs = []

        def claim(client, session):
            for _ in range(6):
                jobs.extend(client.call("FulfilmentService.Claim", session=session,
                                        min_seq=seq).get("jobs", []))

        threads = [threading.Thread(target=claim, args=one) for one in zip((a, b), sessions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(sorted(job["item"] for job in jobs),
                         [f"coast/o-{n}/storage" for n in range(8)])

    def test_a_session_lives_by_renewals_at_the_other_and_is_lost_once(self):
        a, b = self.both("alpine", "agent")
        approve_all(self.a, self.queue("o-1"))
        session = a.call("FulfilmentService.RegisterAgent", offers=OFFERS, lease_seconds=5,
                         min_seq=self.a.client("alpine", "operator").seq)["id"]
        job = a.call("FulfilmentService.Claim", session=session)["jobs"][0]
        # Longer than the lease it was given first.
        end = time.monotonic() + 8
        while time.monotonic() < end:
            renewed = b.call("FulfilmentService.Renew", session=session, min_seq=a.seq)
            self.assertEqual(len(renewed["jobs"]), 1)
            # Its hands are full, so it waits.
            b.call("FulfilmentService.Claim", session=session, wait_seconds=1)
        # Nobody renews any more: both brokers see it, one of them says so.
        operator = self.a.client("alpine", "operator")
        wait_for(lambda: operator.call("OrderService.GetOrder", id="coast/o-1")["items"][0]
                 ["state"] == "QUEUED" or None, 30, "the job to be free again")
        losses = [c for c in whole_log(self.home) if c["actor"].startswith("~broker/lease")]
        self.assertEqual(len(losses), 1, losses)
        self.refused("ABORTED", "LEASE_LOST", b.call, "FulfilmentService.Begin",
                     item=job["item"], fence=job["fence"], intent=job["intent"],
                     min_seq=int(losses[0]["seq"]))
        self.assertEqual(log_lines(self.a, "INTERNAL") + log_lines(self.b, "INTERNAL"), [])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        SEED = int(sys.argv.pop(1))
    unittest.main(verbosity=2)
