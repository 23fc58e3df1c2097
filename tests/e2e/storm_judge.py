"""What must hold when a storm is over, judged from outside: by reads, by the backend, by the watchers.

Each fault begins with its kind: "twice", "left", "lost", "open", "early", "half", "watch", "log", and
"ended" for who ended without being killed.
"""
import collections
import filecmp
import json
import os
import re

from broker import Failed, wait_for
from ledger import is_there
from storm_part import Notebook
from storm_plan import CUSTOMERS, PROVIDER

PARTIES = ("customer", "broker", PROVIDER)
OVER = ("ORDER_COMPLETED", "ORDER_PARTIAL", "ORDER_FAILED", "ORDER_REJECTED", "ORDER_CANCELLED")
OPEN = ("AWAITING_APPROVAL", "PENDING_INFO", "PENDING_INFO_BEGUN", "HELD", "HELD_BEGUN", "QUEUED")


class Judge:
    def __init__(self, storm):
        self.storm, self.faults = storm, storm.faults
        portal = storm.broker.client("coast", "portal")
        self.orders = {order["id"]: order for order in
                       portal.pages("OrderService.ListOrders", "orders", page_size=500)}
        self.items = {item["id"]: item for item in
                      portal.pages("OrderService.ListItems", "items", page_size=500)}
        self.instances = {one["id"]: one for one in
                          portal.pages("OrderService.ListInstances", "instances",
                                       page_size=500)}
        self.told = storm.ledger.all()

    def judge(self):
        self.judge_orders()
        self.judge_objects()
        self.judge_watchers()
        self.judge_log()
        return self.faults

    def fault(self, kind, text):
        self.faults.append(f"{kind}: {text}")

    # Orders ----------------------------------------------------------------------------

    def judge_orders(self):
        """All are there as they were placed, and over or waiting for a named party."""
        plan = self.storm.plan
        wanted = {f"coast/s-{n}" for n in range(plan.n_orders)}
        if set(self.orders) != wanted:
            self.fault("lost", f"orders {sorted(wanted ^ set(self.orders))[:5]} differ")
        for id, order in self.orders.items():
            items = [self.items.get(f"{id}/{row['item']}", {}) for row in order["items"]]
            if any(item.get("state") != row["state"]
                   for item, row in zip(items, order["items"])):
                self.fault("lost", f"{id}: its header and its items differ")
            if order["state"] in OVER:
                continue
            if order.get("waiting_for") not in PARTIES:
                self.fault("open", f"{id} is {order['state']} and waits for nobody")
        for id, order in self.orders.items():
            self.judge_relations(order, [self.items[f"{id}/{row['item']}"]
                                         for row in order["items"]])
        for n in range(plan.n_orders):
            order = self.orders.get(f"coast/s-{n}")
            names = [item["id"] for item in plan.order(n)["items"]]
            if order and [row["item"] for row in order["items"]] != names:
                self.fault("lost", f"{order['id']} has other items than were placed")

    def judge_relations(self, order, items):
        """Nothing was begun before what it requires was done; all or nothing is just that."""
        done = {item["id"] for item in items if item["state"] == "COMPLETED"}
        for item in items:
            needed = {f"{order['id']}/{name}" for name in item.get("requires", [])}
            if item.get("begun") and not needed <= done:
                self.fault("early", f"{item['id']} was begun before {sorted(needed - done)}")
        core = [item for item in items if item["state"] not in ("CANCELLED", "CANCELLED_BEGUN")]
        kept = [item for item in core if is_kept(item)]
        if order.get("mode") == "ALL_OR_NOTHING" and order["state"] in OVER and \
                len(kept) not in (0, len(core)):
            self.fault("half", f"{order['id']} is {order['state']} with {len(kept)} of "
                               f"{len(core)} items")

    # Objects ---------------------------------------------------------------------------

    def judge_objects(self):
        """Exactly one object of a completed item, none left of all others."""
        names = {}
        for id, item in self.items.items():
            intent = item.get("job", {}).get("intent", "")
            if intent in names:
                self.fault("twice", f"{id} and {names[intent]} have one name")
            if intent:
                names[intent] = id
            self.judge_object(id, item, self.told.get(intent, []) if intent else [])
        for intent in set(self.told) - set(names):
            self.fault("left", f"{intent}, of no item: {self.told[intent]}")

    def judge_object(self, id, item, told):
        cleanup = item.get("cleanup", "CLEANUP_UNSPECIFIED")
        if told.count("create") > 1:
            self.fault("twice", f"{id} was made {told.count('create')} times: {told}")
        if cleanup not in ("CLEANUP_UNSPECIFIED", "CLEANUP_DONE"):
            self.fault("open", f"{id} is {item['state']} and its cleanup {cleanup}")
        if is_kept(item) and (not is_there(told) or "remove" in told):
            self.fault("lost", f"{id} is COMPLETED and its object gone: {told}")
        if not is_kept(item) and item["state"] not in OPEN and is_there(told):
            self.fault("left", f"{id} is {item['state']}, cleanup {cleanup}: {told}")
        if item["state"] in ("QUEUED", "AWAITING_APPROVAL") and told:
            self.fault("left", f"{id} is {item['state']} and was touched: {told}")
        state = self.instances.get(id, {}).get("state")
        if (state == "INSTANCE_ACTIVE") != is_kept(item):
            self.fault("lost", f"{id} is {item['state']}, its instance {state}")

    # Watchers --------------------------------------------------------------------------

    def judge_watchers(self):
        """Each saw exactly what somebody sees who reads it all in one go."""
        fresh = {}
        for follower in self.storm.followers:
            path = follower.fresh()
            fresh[follower.who] = path
            self.catch_up(follower, keys_of_json(path)[-1][0])
            if not filecmp.cmp(path, follower.path, shallow=False):
                self.fault("watch", f"{follower.who}: {differ(path, follower.path)}")
        self.judge_consumer(fresh[("coast", "portal")])

    def catch_up(self, follower, seq):
        """Until it came as far as the log, or never does: then what it lacks says so."""
        try:
            wait_for(lambda: follower.saved()[0] >= seq or None, 15, "a watcher")
        except Failed:
            pass
        self.storm.must_live(f"the watcher of {follower.who}", follower.ended())
        follower.kill()

    def judge_consumer(self, fresh):
        """It may see a position again, never less of it, and none for the first time late."""
        storm, wanted = self.storm, keys_of_json(fresh)
        path = storm.path("consumer")
        last = wanted[-1][0]
        try:
            wait_for(lambda: last_seq(path) >= last or None, 15, "the consumer")
        except Failed:
            pass
        storm.must_live("the consumer", storm.consumer.ended())
        storm.consumer.kill()
        with open(path, encoding="ascii") as file:
            rows = [row.split() for row in file]
        seen, self.repeated, known = [], 0, 0
        for seq, kind, id, *_ in rows:
            if int(seq) < known:
                self.repeated += 1
                continue
            known = int(seq)
            seen.append((known, kind, id))
        whole = list(dict.fromkeys(seen))
        self.repeated += len(seen) - len(whole)
        if whole != wanted:
            self.fault("watch", f"the consumer saw {len(whole)} changes, {len(wanted)} there are; "
                                f"{sorted(set(wanted) ^ set(whole))[:3]}")
        self.seen = len(wanted)

    # The log ---------------------------------------------------------------------------

    def judge_log(self):
        """What was acknowledged is there; the chain holds; nothing was an error of the broker."""
        broker = self.storm.broker
        acknowledged = max((entry.get("seq", 0) for n in range(CUSTOMERS) for entry in
                            Notebook(self.storm.path(f"customer-{n}")).read()), default=0)
        seq = int(broker.client("alpine", "monitor").call("RegistryService.GetStatus")["seq"])
        if seq < acknowledged:
            self.fault("lost", f"{acknowledged} was acknowledged, the log ends at {seq}")
        with open(broker.log, encoding="utf-8", errors="replace") as file:
            bad = [line for line in file if '"INTERNAL"' in line or '"level":"error"' in line]
        for line in bad[:3]:
            self.fault("log", line.strip())
        if broker.stop() != 0:
            self.fault("ended", "kontord did not drain")
        # Deadlines pass and sessions end until it stops: it may have written since.
        said = broker.kontord("--check")
        verified = re.search(r"chain verified to ([0-9,]+)", said)
        self.seq = int(verified[1].replace(",", "")) if verified else 0
        if self.seq < seq:
            self.fault("log", said)

    # Figures ---------------------------------------------------------------------------

    def figures(self):
        orders, items = self.orders.values(), self.items.values()
        waiting = [order["waiting_for"] for order in orders if order.get("waiting_for")]
        again = sum(item.get("job", {}).get("attempt", 0) > 1 for item in items)
        return "\n".join((
            f"orders   {len(orders)}: {words(order['state'] for order in orders)}",
            f"items    {len(items)}: {words(item['state'] for item in items)}",
            f"waiting  {words(waiting)}",
            f"backend  {words(self.storm.ledger.counts().elements())}",
            f"cleaned  {words(item['state'] for item in items if item.get('cleanup'))}",
            f"claimed  {again} items more than once",
            f"watched  {self.seen} changes of {self.seq} commits, {self.repeated} again",
            f"killed   {words(self.storm.kills.elements())}"))


def is_kept(item):
    """Whether what was ordered is there for its customer to use."""
    return item["state"] == "COMPLETED" and "cleanup" not in item


def words(names):
    counts = collections.Counter(names).most_common()
    return ", ".join(f"{n} {str(name).removeprefix('ORDER_')}" for name, n in counts)


def keys_of_json(path):
    with open(path, encoding="utf-8") as file:
        rows = (json.loads(line) for line in file)
        return [(int(row["seq"]), row["kind"], row["id"]) for row in rows]


def last_seq(path):
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - 4096))
        rows = file.read().split(b"\n")[:-1]
    return int(rows[-1].split()[0]) if rows and rows[-1] else 0


def differ(path, other):
    """The first line that differs, shortly."""
    with open(path, "rb") as left, open(other, "rb") as right:
        for number, (one, two) in enumerate(zip(left, right)):
            if one != two:
                return f"line {number}: {one[:160]} is not {two[:160]}"
    return f"{os.path.getsize(path)} bytes are not {os.path.getsize(other)}"
