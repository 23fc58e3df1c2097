"""Who watches a storm: each resumes from what it saved itself, after the broker's kills and its own.

A Follower is the command line's watch, whose saved position is its own output: what is whole of it
counts, a part of a position is given up. A consumer writes what it saw and only then where it is,
as most programs do, so that it may see a position twice and must know it again.
"""
import json
import os
import subprocess
import threading

from client import Refused
from storm_part import Loaded, stream

TAIL = 1 << 20
ENDED = ("UNAVAILABLE", "CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED")


class Follower:
    def __init__(self, broker, registry, role, path, is_forgetful=False):
        """is_forgetful: a fault, it loses the last position it had seen but goes on behind it."""
        self.broker, self.who, self.path = broker, (registry, role), path
        self.is_forgetful, self.process = is_forgetful, None
        open(path, "ab").close()

    def start(self):
        after, end = self.saved()
        if self.is_forgetful:
            end = self._begin_of(after)
        with open(self.path, "r+b") as file:
            file.truncate(end)
        self.process = self.run("--after", str(after))

    def run(self, *words, path=None):
        with open(path or self.path, "ab") as file:
            return subprocess.Popen([os.environ["KONTOR"], "order", "watch", "coast", *words],
                                    stdout=file, env=self.broker.environment(*self.who))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ended(self):
        return self.process.poll()

    def _tail(self):
        """The last lines with where each begins; what has no end of line is none."""
        size = os.path.getsize(self.path)
        begin = max(0, size - TAIL)
        with open(self.path, "rb") as file:
            file.seek(begin)
            text = file.read()
        lines = text.split(b"\n")[:-1]
        if begin > 0:
            begin += len(lines.pop(0)) + 1
        out = []
        for line in lines:
            out.append((begin, json.loads(line)))
            begin += len(line) + 1
        return out, begin

    def saved(self):
        """The last whole position, and where what is behind it begins in the file."""
        lines, end = self._tail()
        while lines and lines[-1][1].get("more"):
            end = lines.pop()[0]
        return (int(lines[-1][1]["seq"]) if lines else 0), end

    def _begin_of(self, seq):
        lines, end = self._tail()
        return min([at for at, line in lines if int(line["seq"]) >= seq], default=end)

    def fresh(self):
        """All there is now, read in one go by somebody who never resumed."""
        path = self.path + ".fresh"
        if self.run("--after", "0", "--no-follow", path=path).wait(120) != 0:
            raise RuntimeError("a fresh read failed")
        return path


def consume(town, plan, name):
    """A consumer: first the work, then the position."""
    chance = plan.chance(name)
    client, saved = town.client("coast", "portal"), town.path(name + ".position")
    while True:
        position = {"seq": "0"}
        if os.path.exists(saved):
            with open(saved, encoding="ascii") as file:
                position = json.load(file)
        try:
            _consume(client, position, town.path(name), saved, chance)
        except Refused as refused:
            if refused.status not in ENDED:
                raise


def _consume(client, position, path, saved, chance):
    """Saves where it is now and then, as one does where saving is dear."""
    seen = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for message in stream(client, "OrderService.WatchOrders", after=position, id_prefix="coast",
                          follow=True):
        if message.changes:
            os.write(seen, "".join(line(change) for change in message.changes).encode("ascii"))
            if not message.changes[-1].more:
                position = {**position, "seq": str(message.changes[-1].seq)}
        if message.HasField("position"):
            position = {"seq": str(message.position.seq),
                        "scope_tag": message.position.scope_tag}
        if chance.random() < 0.2:
            with open(saved + ".new", "w", encoding="ascii") as file:
                json.dump(position, file)
            os.rename(saved + ".new", saved)
    os.close(seen)


def line(change):
    """A change as something to compare, a line of its own."""
    record = change.WhichOneof("record")
    state = getattr(getattr(change, record), "state", 0) if record else 0
    return f"{change.seq} {change.kind} {change.id} {change.op} {state} {int(change.more)}\n"


class Sky(threading.Thread):
    """What is known of all orders and items now: tells when the storm has come to rest."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.position = client, {"seq": "0"}
        self.orders, self.items, self.error = {}, {}, None
        self.changed = threading.Condition()

    def run(self):
        while self.error is None:
            try:
                self.follow()
            except Refused as refused:
                if refused.status not in ENDED:
                    self.error = refused
            except ValueError:
                return  # The channel was closed: the storm is over.

    def follow(self):
        for message in stream(self.client, "OrderService.WatchOrders", after=self.position,
                              kinds=["order", "item"], follow=True):
            with self.changed:
                for change in message.changes:
                    of = self.orders if change.kind == "order" else self.items
                    of[change.id] = change.order if change.kind == "order" else change.item
                    if not change.more:
                        self.position = {"seq": str(change.seq)}
                if message.changes:
                    self.changed.notify_all()

    def is_quiet(self, n_orders):
        return len(self.orders) == n_orders and not self.busy()

    def busy(self):
        """Items that go on by themselves, or should."""
        blocked = {id for id, item in self.items.items() if _is(item, BLOCKED)}
        while True:
            more = {id for id, item in self.items.items() if id not in blocked and
                    _is(item, IDLE) and any(f"{item.order}/{name}" in blocked
                                            for name in item.requires)}
            if not more:
                break
            blocked |= more
        return sorted(id for id, item in self.items.items() if id not in blocked and
                      (not _is(item, FINAL) or item.cleanup in DIRTY))


STATES = Loaded.enum("ItemState")
BLOCKED = ("AWAITING_APPROVAL", "PENDING_INFO", "PENDING_INFO_BEGUN", "HELD", "HELD_BEGUN")
IDLE = ("QUEUED",)
FINAL = ("COMPLETED", "FAILED", "REJECTED", "CANCELLED", "CANCELLED_BEGUN",
         "CANCELLED_OTHERWISE", "CANCELLED_OTHERWISE_BEGUN")
DIRTY = [Loaded.enum("Cleanup").Value("CLEANUP_" + name) for name in ("REQUIRED", "RUNNING")]


def _is(item, names):
    return STATES.Name(item.state) in names
