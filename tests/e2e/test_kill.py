"""Kills the broker with SIGKILL at seeded moments of an agent's work, many times over.

usage: test_kill.py [SEED...]        without seeds: 20 of them
After each: nothing was lost, nothing was made twice, a watch that resumed saw what a fresh one sees.
"""
import random
import sys
import threading
import time

from agent import Agent, Backend
from broker import Broker
from test_order import OFFERS, approve_all, create_project, example, load_example
from watcher import Watcher, line

SEEDS = range(1, 21)
LIMIT_SECONDS = 20.0


class Killer:
    """Kills and restarts once: around the call of an agent that the seed chooses."""

    def __init__(self, broker, seed):
        chance = random.Random(seed)
        self.broker = broker
        self.call = chance.randint(2, 8)
        self.moment = chance.choice(("before", "during", "after"))
        self.delay = chance.uniform(0, 0.004)
        self.is_done = threading.Event()
        self.is_started = False
        self.thread = None

    def on_call(self, n, is_sent):
        wanted = self.moment == "after"
        if n != self.call or is_sent != wanted or self.is_started:
            return
        self.is_started = True
        if self.moment == "during":
            self.thread = threading.Timer(self.delay, self.kill)
            self.thread.start()
            return
        self.kill()

    def kill(self):
        self.broker.kill()
        self.broker.start()
        self.is_done.set()


def is_completed(changes):
    return any(c["kind"] == "order" and c["order"]["state"] == "ORDER_COMPLETED" for c in changes)


def fresh(portal, prefix):
    """The same changes once more, read to the end in one go."""
    changes = []
    for message in portal.stream("OrderService.WatchOrders", after={"seq": 0}, id_prefix=prefix,
                                 follow=False, timeout=10):
        changes += message.get("changes", [])
    return changes


def play(broker, seed):
    order = example("order.json")
    order["id"] = f"coast/k-{seed}"
    portal = broker.client("coast", "portal")
    backend = Backend()
    killer = Killer(broker, seed)
    watcher = Watcher(portal, order["id"])
    watcher.start()
    portal.call("OrderService.PlaceOrder", **order)
    approve_all(broker, order)
    acknowledged = broker.client("alpine", "operator").seq
    agent = Agent(broker.client("alpine", "agent"), backend, OFFERS, killer.on_call)
    agent.start()
    try:
        assert watcher.wait(is_completed, LIMIT_SECONDS), \
            f"not completed: {[line(c) for c in watcher.changes]} {agent.error} {watcher.error}"
        assert killer.is_done.wait(10), "the kill never came"
    finally:
        agent.stopped.set()
    status = broker.client("alpine", "monitor").call("RegistryService.GetStatus")
    assert int(status["seq"]) >= acknowledged, "an acknowledged commit is gone"
    assert len(backend.made) == 2 and len(set(backend.made)) == 2, backend.made
    assert portal.call("OrderService.PlaceOrder", **order)["is_replayed"]
    seen = [line(c) for c in watcher.changes]
    assert seen == [line(c) for c in fresh(portal, order["id"])], seen
    watcher.is_over = True
    agent.stop()
    return killer


def main():
    seeds = [int(word) for word in sys.argv[1:]] or list(SEEDS)
    with Broker("kill") as broker:
        broker.furnish()
        load_example(broker)
        create_project(broker)
        for seed in seeds:
            begin = time.monotonic()
            print(f"seed {seed}", end=" ", flush=True)
            killer = play(broker, seed)
            seconds = time.monotonic() - begin
            print(f"killed {killer.moment} call {killer.call}: ok, {seconds:.2f} s")


if __name__ == "__main__":
    main()
