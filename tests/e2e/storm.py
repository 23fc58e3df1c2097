"""A storm: everything that orders, delivers, decides and watches is killed at random, and goes on.

The plan (storm_plan.py) says from its seed what is ordered and who is killed when; what the machine
makes of it differs from run to run, what must hold at the end does not (storm_judge.py).
"""
import collections
import heapq
import multiprocessing
import os
import subprocess
import time

import storm_agent
import storm_people
import storm_watch
from broker import Broker, Failed, wait_for
from ledger import Ledger
from storm_part import Town
from storm_plan import (AGENTS_IN_C, AGENTS_IN_PYTHON, BROKER, CUSTOMERS, DESK, OFFERS, OPEN,
                        PROVIDER, SETTLE_S)

HERE = os.path.dirname(os.path.abspath(__file__))
QUIET_S = 2.0
TROUBLE_PERCENT, SLOW_MS = 2, 120


def furnish(broker):
    """One provider whose offers differ in who has to approve."""
    broker.furnish()
    admin = broker.client("alpine", "admin")
    admin.call("CatalogueService.CreateProvider",
               provider={"id": PROVIDER, "name": "Alpine Compute"})
    approvals = {OPEN: [], DESK: ["PROVIDER_STEP"], BROKER: ["BROKER_STEP"]}
    admin.call("CatalogueService.CreateService", override_reason="as it stands", service={
        "id": "alpine/storm", "provider": PROVIDER, "name": "What a storm delivers",
        "phase": "PRODUCTION", "order_type": "OPEN_ACCESS",
        "offers": [{"iid": offer.rsplit("/", 1)[1], "name": offer, "order_type": "OPEN_ACCESS",
                    "is_internal": True, "settle_seconds": SETTLE_S, "approval": steps}
                   for offer, steps in approvals.items()]})
    broker.client("coast", "portal").call("OrderService.CreateProject",
                                          project={"id": "coast/p1", "name": "Storm"})


class CAgent:
    """libkontor's agent, a process of its own."""

    def __init__(self, storm, number):
        self.storm, self.number, self.lives, self.process = storm, number, 0, None

    def start(self):
        self.lives += 1
        plan, broker = self.storm.plan, self.storm.broker
        seed = plan.chance("agent in C", self.number, self.lives).getrandbits(63)
        words = [os.environ["KONTOR_STORM_AGENT"], "--backend", self.storm.ledger.folder,
                 "--name", f"lib-{self.number}", "--seed", str(seed),
                 "--trouble", str(TROUBLE_PERCENT), "--slow", str(SLOW_MS)]
        for fault in plan.plants:
            words += ["--plant", fault]
        self.process = subprocess.Popen([*words, *OFFERS], stdin=subprocess.PIPE,
                                        env=broker.environment("alpine", "agent"))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()

    def ended(self):
        return self.process.poll()


class Part:
    """A process of ours, forked from a server that has loaded what it needs."""

    def __init__(self, storm, target, *words, has_lives=False):
        self.storm, self.target, self.words = storm, target, words
        self.has_lives, self.lives, self.process = has_lives, 0, None

    def start(self):
        self.lives += 1
        words = (*self.words, *((self.lives,) if self.has_lives else ()))
        self.process = self.storm.context.Process(target=self.target, args=words, daemon=True)
        self.process.start()

    def kill(self):
        self.process.kill()
        self.process.join()

    def ended(self):
        return self.process.exitcode


class Storm:
    def __init__(self, plan):
        self.plan, self.faults = plan, []
        self.kills = collections.Counter()
        self.broker = Broker("storm", log_format="json", calls_per_second=1000000,
                             file_descriptors=4096)
        self.ledger = Ledger(os.path.join(self.broker.folder, "backend"))
        # The server that parts are forked from finds its modules by this.
        os.environ["PYTHONPATH"] = HERE
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["storm_agent", "storm_people", "storm_watch"])
        self.parts, self.sky, self.begun, self.drained = {}, None, 0.0, 0.0

    def path(self, name):
        return os.path.join(self.broker.folder, name)

    def open(self):
        """Everybody at work; the storm's own time begins."""
        self.broker.start()
        furnish(self.broker)
        self.begun = time.monotonic() + 0.5
        plan, town = self.plan, Town(self.broker, self.broker.folder, self.begun)
        self.followers = [
            storm_watch.Follower(self.broker, *who, self.path(f"follower-{who[1]}"),
                                 "forgetful" in plan.plants)
            for who in (("coast", "portal"), ("alpine", "operator"))]
        self.consumer = Part(self, storm_watch.consume, town, plan, "consumer")
        self.parts = {
            "agent": [CAgent(self, n) for n in range(AGENTS_IN_C)] +
                     [Part(self, storm_agent.agent, town, plan, n, has_lives=True)
                      for n in range(AGENTS_IN_PYTHON)],
            "customer": [Part(self, storm_people.customer, town, plan, n)
                         for n in range(CUSTOMERS)],
            "people": [Part(self, storm_people.desk, town, plan)],
            "watcher": [*self.followers, self.consumer]}
        for part in self.all():
            part.start()
        self.sky = storm_watch.Sky(self.broker.client("coast", "portal"))
        self.sky.start()

    def all(self):
        return [part for parts in self.parts.values() for part in parts]

    # Kills -----------------------------------------------------------------------------

    def rage(self):
        """Kills as planned; who was killed comes back, at once or a while later."""
        due = [(at, order, "kill", kind, number, away)
               for order, (at, kind, number, away) in enumerate(self.plan.kills())]
        heapq.heapify(due)
        away = set()
        while due:
            at, order, what, kind, number, seconds = heapq.heappop(due)
            self.wait_until(at)
            if what == "start":
                away.discard((kind, number))
                self.parts[kind][number].start()
            elif (kind, number) not in away and self.kill(kind, number):
                if seconds > 0:
                    away.add((kind, number))
                    heapq.heappush(due, (at + seconds, order, "start", kind, number, 0))
                else:
                    self.parts.get(kind, {number: self.broker})[number].start()
        self.wait_until(self.plan.seconds)

    def wait_until(self, at):
        left = self.begun + at - time.monotonic()
        if left > 0:
            time.sleep(left)

    def kill(self, kind, number):
        """Answers whether there was somebody to kill: a customer may be done."""
        if kind == "broker":
            self.must_live("kontord", self.broker.daemon.poll())
            self.broker.kill()
            self.kills[kind] += 1
            return True
        part = self.parts[kind][number]
        if kind == "customer" and part.ended() == 0:
            return False
        self.must_live(f"{kind} {number}", part.ended())
        part.kill()
        self.kills[kind] += 1
        return True

    def must_live(self, name, status):
        if status is not None:
            self.faults.append(f"ended: {name} ended by itself with {status}")

    # Coming to rest --------------------------------------------------------------------

    def calm_down(self, limit):
        """Until customers have said all and nothing goes on by itself."""
        began = time.monotonic()
        self.await_customers(limit)
        n_faults = len(self.faults)
        with self.sky.changed:
            while self.sky.error is None and len(self.faults) == n_faults:
                is_still = not self.sky.changed.wait(QUIET_S)
                if is_still and self.sky.is_quiet(self.plan.n_orders):
                    break
                if time.monotonic() - began > limit:
                    self.faults += [f"open: {self.describe(item)}" for item in self.sky.busy()]
        if self.sky.error is not None:
            self.faults.append(f"watch: {self.sky.error}")
        self.drained = time.monotonic() - began

    def await_customers(self, limit):
        customers = self.parts["customer"]
        try:
            wait_for(lambda: all(part.ended() is not None for part in customers) or None, limit,
                     "the customers to have said all")
        except Failed as failed:
            self.faults.append(f"open: {failed}")
        for part in customers:
            if part.ended() not in (0, None):
                self.faults.append(f"ended: a customer ended with {part.ended()}")

    def describe(self, item):
        record = self.sky.items[item]
        return (f"{item} is {storm_watch.STATES.Name(record.state)}, cleanup {record.cleanup}, "
                f"job {record.job.kind} session {record.job.session!r} ready "
                f"{record.job.ready_at.seconds}")

    def halt(self):
        """All others are over. Watchers are killed once more, now that they saw much, however slow
        the machine was; they go on to the end of the log."""
        for kind in ("agent", "people"):
            for number, part in enumerate(self.parts[kind]):
                self.must_live(f"{kind} {number}", part.ended())
                part.kill()
        for number, watcher in enumerate(self.parts["watcher"]):
            if self.kill("watcher", number):
                watcher.start()

    def close(self):
        for part in self.all():
            if part.process is not None and part.ended() is None:
                part.kill()
        self.broker.close()
