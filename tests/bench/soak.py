"""What tools/bench --store mongodb --soak runs: a broker whose server goes away and comes back.

A bounded load of PlaceOrder and GetOrder on a real kontord over the server of the test tree, which
goes away every 10 seconds: for 2, which calls wait out, and for 6, which they do not, in turn. Prints the broker's resident memory and how calls ended, and
fails where memory grows.

The bound: a line is fitted over the second half, when caches are filled. It may rise by 64 bytes a
call, which is less than the smallest thing a call could leave behind (an allocation with its
header, a key with its slot), and by 1 MiB, which is what the keys of a short log come to take
(store/mongo_eids.c) and by how much the allocator's own pages wander.
"""
import collections
import itertools
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from broker import Broker, Refused  # noqa: E402
from mongod import Mongod, store_address  # noqa: E402

from furniture import OFFER, furnish  # noqa: E402

CALLERS = 4
CALLS_PER_SECOND = 10  # of each caller
PERIOD_S = 10
AWAY_S = (2, 6)  # shorter and longer than the driver looks for a server
WARM_UP_S = 15
BYTES_PER_CALL, SLACK = 64, 1 << 20


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) * 1024


class Load:
    """Callers at a steady pace; an order that failed is placed again under its own id."""

    def __init__(self, broker):
        self.broker = broker
        self.over = threading.Event()
        self.lock = threading.Lock()  # of ended
        self.ended = collections.Counter()
        client = broker.client("coast", "portal")
        client.pool()  # asked for once: afterwards it is shared by all threads
        self.threads = [threading.Thread(target=self._run, args=(client, i)) for i in range(CALLERS)]
        for thread in self.threads:
            thread.start()

    def _run(self, client, caller):
        number = 0
        while not self.over.wait(1 / CALLS_PER_SECOND):
            order = f"coast/s{caller}-{number // 2}"
            if number % 2 == 1:
                is_done = self._call(client, "OrderService.GetOrder", id=order)
            else:
                is_done = self._call(client, "OrderService.PlaceOrder", id=order, project="coast/p1", items=[
                    {"id": "storage", "action": "ADD", "offer": OFFER,
                     "parameters": [{"id": "size_gb", "value": {"integer": 10}}]}])
            number += 1 if is_done else 0

    def _call(self, client, name, **fields):
        status = "OK"
        try:
            client.call(name, timeout=5, **fields)
        except Refused as error:
            status = error.status
        with self.lock:
            self.ended[status] += 1
        return status == "OK"

    def counts(self):
        with self.lock:
            return dict(self.ended)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


class Trouble:
    """Takes the server away and brings it back."""

    def __init__(self, mongod):
        self.mongod = mongod
        self.over = threading.Event()
        self.times = 0
        self.answers = set()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        for away_s in itertools.cycle(AWAY_S):
            if self.over.wait(PERIOD_S - away_s):
                return
            self.answers.add(self.mongod.tell("pause"))
            self.over.wait(away_s)
            self.answers.add(self.mongod.tell("resume"))
            self.times += 1

    def stop(self):
        self.over.set()
        self.thread.join()


def slope(points):
    """Of the line that fits best: bytes a second."""
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def judge(points, calls_per_second):
    """Whether memory stayed within the bound."""
    half = points[len(points) // 2:]
    lasted = half[-1][0] - half[0][0]
    grown = slope(half) * lasted
    bound = SLACK + BYTES_PER_CALL * calls_per_second * lasted
    print(f"over the last {lasted:.0f} s memory grew by {grown / 2**20:.2f} MiB on the fitted line; "
          f"the bound is {bound / 2**20:.2f} MiB ({BYTES_PER_CALL} bytes a call and "
          f"{SLACK / 2**20:.0f} MiB)")
    return grown <= bound


def watch(broker, load, seconds):
    """Samples once a second, prints once a minute; answers the samples."""
    began = time.monotonic()
    points, minute = [], 0
    pause = threading.Event()
    while time.monotonic() - began < seconds:
        pause.wait(1)
        now = time.monotonic() - began
        points.append((now, resident(broker.daemon.pid)))
        if now // 60 > minute:
            minute = int(now // 60)
            print(f"after {minute:3} min {points[-1][1] / 2**20:6.1f} MiB   {load.counts()}", flush=True)
    return points


def soak(seconds):
    mongod = Mongod()
    broker = Broker("soak", store=store_address(None, "soak", mongod.uri), calls_per_second="100000")
    try:
        broker.start()
        furnish(broker)
        load = Load(broker)
        threading.Event().wait(min(WARM_UP_S, seconds / 4))
        print(f"at the start {resident(broker.daemon.pid) / 2**20:6.1f} MiB, {CALLERS} callers of "
              f"{CALLS_PER_SECOND} calls a second, the server away {AWAY_S} s of every {PERIOD_S} in turn",
              flush=True)
        before = sum(load.counts().values())
        trouble = Trouble(mongod)
        points = watch(broker, load, seconds)
        calls = sum(load.counts().values()) - before
        trouble.stop()
        load.stop()
        print(f"at the end   {points[-1][1] / 2**20:6.1f} MiB after {calls} calls, the server was away "
              f"{trouble.times} times; ended: {load.counts()}")
        is_fine = judge(points, calls / points[-1][0])
        # It came back every time, or this fails.
        broker.client("coast", "portal").call("OrderService.GetOrder", id="coast/s0-0", timeout=30)
        status = broker.stop()
        if status != 0:
            print(f"kontord ended with {status}:\n{broker.tail()}")
        if trouble.answers != {"ok"}:
            print(f"the server was not away as it should: {trouble.answers}")
        return is_fine and status == 0 and trouble.answers == {"ok"}
    finally:
        broker.close()
        mongod.close()


def main(seconds):
    if not soak(seconds):
        sys.exit("soak: FAILED")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600)
