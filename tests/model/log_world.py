"""Brokers that append to one log in MongoDB, as a world that takes one step at a time.

Three nodes replicate one log of inserts and elect primaries; an old primary may think it still is
one, and what only it has is rolled back. Brokers append what clients give them, in order, by the
rules that log_model.py names. Requests are executed late, by who is no primary any more, or never;
acknowledgements get lost; a broker may crash, and a client may give the same commits to another.
"""
import collections

NODES = 3

# What each breakage does to the rules, and what may come of it. None keeps them all.
Breakage = collections.namedtuple("Breakage", "rule meaning harm")
BREAKAGES = {
    "local": Breakage("A", "numbers after what the primary has, not what a majority has",
                      {"gap", "lost", "twice", "inversion"}),
    "early": Breakage("A", "takes the primary's word for an acknowledgement",
                      {"lost", "gap", "twice"}),
    "unordered": Breakage("A", "lets the rest of a batch in when its first slot is taken",
                          {"gap", "twice", "inversion"}),
    "stale": Breakage("A", "looks an id up when it comes, and not in the view n comes from",
                      {"twice", "inversion"}),
    "next": Breakage("B", "takes a doubtful slot for another's and goes on to the next",
                     {"gap", "twice"}),
    "renumber": Breakage("B", "numbers doubtful commits again as if they were new",
                         {"twice", "inversion"}),
    "failed": Breakage("B", "answers that a doubtful commit failed", {"failed"}),
}

Entry = collections.namedtuple("Entry", "term slot eid")  # slot 0: a new primary's own first entry
Eid = collections.namedtuple("Eid", "client n")
# first: slot of the first commit; eids: the commits; number: tells the requests of a broker apart
Request = collections.namedtuple("Request", "broker number node first eids")
# What a node did of a request: all of it is in its log once that is `length` long, in this term.
Done = collections.namedtuple("Done", "node term length")


class Violation(Exception):
    """What must never be. kind: gap, twice, inversion, lost, failed."""

    def __init__(self, kind, text):
        super().__init__(f"{kind}: {text}")
        self.kind = kind


class Node:
    """A member of the replica set."""

    __slots__ = ("log", "term", "is_primary", "committed")

    def __init__(self):
        self.log = ()
        self.term = 0
        self.is_primary = False
        self.committed = 0  # so many entries of its log are known to be with a majority

    def is_as_new_as(self, other):
        """Whether it may have the other's vote."""
        return self._age() >= other._age()

    def _age(self):
        return (self.log[-1].term if self.log else 0, len(self.log))

    def eids(self, is_majority):
        """The commits in its log, all or those a majority has."""
        log = self.log[:self.committed] if is_majority else self.log
        return tuple(entry.eid for entry in log if entry.slot)

    def insert(self, first, eids, is_ordered):
        """A primary's part of an insert. Whether all went in."""
        taken = {entry.slot for entry in self.log}
        for slot, eid in enumerate(eids, first):
            if slot not in taken:
                self.log += (Entry(self.term, slot, eid),)
            elif is_ordered:
                return False
        return taken.isdisjoint(range(first, first + len(eids)))


class Broker:
    """Who appends. Between two batches `batch` is empty."""

    __slots__ = ("queue", "seen", "batch", "first", "is_doubtful", "number")

    def __init__(self, eids):
        self.queue = eids
        self.seen = ()  # commits of slots 1, 2, ...
        self.batch = ()
        self.first = 0
        self.is_doubtful = False
        self.number = 0


class World:
    """Nodes, brokers, and what is between them.

    Each step_ method is one thing that may happen next. It answers whether it could; if not,
    nothing is changed.
    """

    def __init__(self, broken=None, clients=2, commits=3):
        self.broken = broken
        self.nodes = [Node() for _ in range(NODES)]
        self.commits = [tuple(Eid(c, n) for n in range(1, commits + 1)) for c in range(clients)]
        self.brokers = [Broker(eids) for eids in self.commits]
        self.requests = ()
        self.done = {}
        self.acknowledged = frozenset()
        self.failed = frozenset()
        self.truth = ()  # what a majority ever had, in order
        self.counts = collections.Counter()
        self.step_elect(0, 1)

    # The replica set -------------------------------------------------------------------

    def step_elect(self, i, j):
        """Node i becomes primary with the vote of j; the third may not hear of it."""
        node, voter = self.nodes[i], self.nodes[j]
        if node.is_primary or not node.is_as_new_as(voter):
            return False
        node.term = voter.term = max(node.term, voter.term) + 1
        node.is_primary, voter.is_primary = True, False
        node.log += (Entry(node.term, 0, None),)
        self.counts["elections"] += 1
        return True

    def step_pull(self, i, j):
        """Node i drops what primary j does not have, takes one more entry, and says what it has."""
        node, source = self.nodes[i], self.nodes[j]
        if not source.is_primary or node.term > source.term:
            return False
        before = (node.term, node.log, node.committed, source.committed)
        node.term, node.is_primary = source.term, False
        if node.log != source.log:
            self._copy_one(node, source)
        if len(node.log) > source.committed and node.log[-1].term == source.term:
            self._commit(source, len(node.log))
        node.committed = max(node.committed, min(source.committed, len(node.log)))
        return before != (node.term, node.log, node.committed, source.committed)

    def _copy_one(self, node, source):
        same = 0
        for mine, other in zip(node.log, source.log):
            if mine != other:
                break
            same += 1
        if same < len(node.log):
            assert same >= node.committed, "the model rolls back what a majority has"
            self.counts["rollbacks"] += 1
        node.log = source.log[:same + 1]

    def _commit(self, primary, length):
        """Two nodes have so much of a primary's log, up to an entry of its own term: for ever."""
        primary.committed = length
        entries = tuple(entry for entry in primary.log[:length] if entry.slot)
        assert self.truth == entries[:len(self.truth)], "the model has two truths"
        for entry in entries[len(self.truth):]:
            self._judge(entry)
            self.truth += (entry,)

    def _judge(self, entry):
        if entry.slot != len(self.truth) + 1:
            raise Violation("gap", f"slot {entry.slot} after slot {len(self.truth)}")
        before = [past.eid for past in self.truth if past.eid.client == entry.eid.client]
        if entry.eid in before:
            raise Violation("twice", f"{entry.eid} is in slot {entry.slot} and in one before")
        if before and before[-1].n > entry.eid.n:
            raise Violation("inversion", f"{entry.eid} came after {before[-1]}")

    # The network -----------------------------------------------------------------------

    def step_execute(self, r):
        """A request reaches its node, which may be no primary any more."""
        if r >= len(self.requests):
            return False
        request = self._take(r)
        node = self.nodes[request.node]
        if not node.is_primary:
            return True
        key = (request.broker, request.number)
        is_late = key != self._current(request.broker)
        is_whole = node.insert(request.first, request.eids, self.broken != "unordered")
        if is_whole and not is_late:
            self.done[key] = Done(request.node, node.term, len(node.log))
        self.counts["late inserts"] += is_late and is_whole
        self.counts["clashes"] += not is_whole
        is_slot_empty = request.first > len(node.eids(is_majority=True))
        self.counts["clashes over a slot that reads empty"] += is_slot_empty and not is_whole
        return True

    def step_lose(self, r):
        if r >= len(self.requests):
            return False
        self._take(r)
        return True

    def _take(self, r):
        request = self.requests[r]
        self.requests = self.requests[:r] + self.requests[r + 1:]
        return request

    def _current(self, b):
        """The request whose answer a broker waits for."""
        broker = self.brokers[b]
        return (b, broker.number) if broker.batch and not broker.is_doubtful else None

    # The brokers -----------------------------------------------------------------------

    def step_read(self, b, i):
        """A broker follows the log on who says it is primary. An old one shows an old view."""
        if not self.nodes[i].is_primary:
            return False
        return self._see(self.brokers[b], self.nodes[i])

    def _see(self, broker, node):
        view = node.eids(is_majority=self.broken != "local")
        if len(view) <= len(broker.seen):
            return False
        broker.seen = view
        return True

    def step_send(self, b, i, k):
        """Takes up to k + 1 commits that wait, no repeats, and numbers them after what was seen."""
        broker = self.brokers[b]
        if broker.batch or not broker.queue or not self.nodes[i].is_primary:
            return False
        if self.broken != "stale":
            self._answer_repeats(broker)
        broker.batch, broker.queue = broker.queue[:k + 1], broker.queue[k + 1:]
        if broker.batch:
            self._insert(b, i, len(broker.seen) + 1)
        return True

    def _answer_repeats(self, broker):
        for eid in broker.queue:
            if eid in broker.seen:
                self.counts["repeats"] += 1
                self._acknowledge(eid)
        broker.queue = tuple(eid for eid in broker.queue if eid not in broker.seen)

    def _insert(self, b, i, first):
        broker = self.brokers[b]
        broker.first = first
        broker.is_doubtful = False
        broker.number += 1
        self.requests += (Request(b, broker.number, i, first, broker.batch),)

    def step_answer(self, b):
        """The acknowledgement arrives: the node is primary still, and a majority has the batch."""
        broker, key = self.brokers[b], self._current(b)
        done = self.done.get(key)
        if done is None:
            return False
        node = self.nodes[done.node]
        is_with_majority = node.committed >= done.length or self.broken == "early"
        if not node.is_primary or node.term != done.term or not is_with_majority:
            return False
        del self.done[key]
        for eid in broker.batch:
            self._acknowledge(eid)
        view = broker.seen[:broker.first - 1] + broker.batch
        broker.seen = max(broker.seen, view, key=len)
        broker.batch = ()
        return True

    def _acknowledge(self, eid):
        self.acknowledged |= {eid}
        self.counts["acknowledged"] += 1

    def step_doubt(self, b):
        """A time-out, a broken connection, a clash, an error: all the same."""
        broker, key = self.brokers[b], self._current(b)
        if key is None:
            return False
        self.done.pop(key, None)
        broker.is_doubtful = True
        return True

    def step_settle(self, b, i):
        broker = self.brokers[b]
        if not broker.is_doubtful or not self.nodes[i].is_primary:
            return False
        settle = {"next": self._go_on, "renumber": self._number_again, "failed": self._give_up}
        settle.get(self.broken, self._read_back)(b, i)
        return True

    def _read_back(self, b, i):
        """Rule B. Whose the slot is decides; nobody's: the same commits go there again."""
        broker = self.brokers[b]
        self._see(broker, self.nodes[i])
        while broker.batch and len(broker.seen) >= broker.first:
            if broker.seen[broker.first - 1] != broker.batch[0]:
                self.counts["slots of others"] += 1
                self._start_over(broker)
                return
            self.counts["slots found ours"] += 1
            self._acknowledge(broker.batch[0])
            broker.batch, broker.first = broker.batch[1:], broker.first + 1
        if broker.batch:
            self.counts["slots empty"] += 1
            self._insert(b, i, broker.first)
        broker.is_doubtful = False

    @staticmethod
    def _start_over(broker):
        broker.queue, broker.batch = broker.batch + broker.queue, ()
        broker.is_doubtful = False

    def _go_on(self, b, i):
        self._insert(b, i, self.brokers[b].first + 1)

    def _number_again(self, b, i):
        broker = self.brokers[b]
        self._see(broker, self.nodes[i])
        self._insert(b, i, len(broker.seen) + 1)

    def _give_up(self, b, _):
        broker = self.brokers[b]
        self.failed |= set(broker.batch)
        broker.batch = ()
        broker.is_doubtful = False

    def step_crash(self, b):
        """A broker forgets everything; its client gives it again what was not answered."""
        number = self.brokers[b].number
        if number == 0:
            return False
        self.done.pop(self._current(b), None)
        self.brokers[b] = Broker(self._unanswered(b))
        self.brokers[b].number = number  # only what the model tells its requests apart by
        self.counts["crashes"] += 1
        return True

    def step_turn(self, c, b):
        """A client that waits too long gives the same commits to another broker, too."""
        broker = self.brokers[b]
        known = broker.queue + broker.batch
        more = tuple(eid for eid in self._unanswered(c) if eid not in known)
        if not more:
            return False
        broker.queue += more
        self._answer_repeats(broker)
        self.counts["turns"] += 1
        return True

    def _unanswered(self, c):
        answered = self.acknowledged | self.failed
        return tuple(eid for eid in self.commits[c] if eid not in answered)

    # The end ---------------------------------------------------------------------------

    def finish(self, i, j):
        """Node i or j leads and the other follows: what a majority then has is what there is."""
        if not self.nodes[i].is_as_new_as(self.nodes[j]):
            i, j = j, i
        self.nodes[i].is_primary = False
        self.step_elect(i, j)
        while self.step_pull(j, i):
            pass
        there = {entry.eid for entry in self.truth}
        for kind, wrong in (("lost", self.acknowledged - there), ("failed", self.failed & there)):
            if wrong:
                raise Violation(kind, f"{sorted(wrong)} with the log {self.truth}")

    # For trying everything -------------------------------------------------------------

    def clone(self):
        other = World.__new__(World)
        other.__dict__.update(self.__dict__)
        other.nodes = [_copy(node) for node in self.nodes]
        other.brokers = [_copy(broker) for broker in self.brokers]
        other.done = dict(self.done)
        return other

    def key(self):
        """Equal for worlds with one future: of a request's number only counts if it is current."""
        currents = tuple(self._current(b) for b in range(len(self.brokers)))
        requests = sorted((r.broker, r.node, r.first, r.eids, (r.broker, r.number) in currents)
                          for r in self.requests)
        return (tuple(map(_values, self.nodes)), tuple(requests), self.truth, self.acknowledged,
                self.failed, tuple(_values(broker)[:-1] for broker in self.brokers),
                tuple(self.done.get(key) for key in currents))

    def __str__(self):
        """Each node's log, P before a primary's, | behind what it knows a majority has."""
        logs = []
        for node in self.nodes:
            words = [f"{e.slot}:{chr(97 + e.eid.client)}{e.eid.n}" if e.slot else f"t{e.term}"
                     for e in node.log]
            words.insert(node.committed, "|")
            logs.append(("P " if node.is_primary else "  ") + " ".join(words))
        return "   ".join(f"{text:32}" for text in logs).rstrip()


def _values(thing):
    return tuple(getattr(thing, name) for name in thing.__slots__)


def _copy(thing):
    other = type(thing).__new__(type(thing))
    for name in thing.__slots__:
        setattr(other, name, getattr(thing, name))
    return other
