"""What a storm is made of, as its seed says: the orders, the cancels, and who is killed when."""
import random
import uuid

OPEN, DESK, BROKER = (f"alpine/storm/{name}" for name in ("open", "desk", "broker"))
OFFERS, SHARES = (OPEN, DESK, BROKER), (82, 12, 6)
PROVIDER = "alpine/compute"
ITEMS = ("volume", "notebook", "account")
SETTLE_S, LEASE_S = 1, 5
AGENTS_IN_C, AGENTS_IN_PYTHON, CUSTOMERS, WATCHERS = 6, 2, 2, 3
# Orders are placed in this part of the time, so that kills hit work and not an idle broker.
PLACING = 0.9


class Plan:
    def __init__(self, seed, n_orders, seconds, plants=(), calm=1.0):
        """calm: how much longer than usual it is from one kill to the next."""
        self.seed, self.n_orders, self.seconds = seed, n_orders, seconds
        self.plants, self.calm = tuple(plants), calm

    def chance(self, *words):
        """Random numbers of their own for whatever the words name."""
        return random.Random(" ".join(str(word) for word in (self.seed, *words)))

    def happens(self, percent, *words):
        return self.chance(*words).random() * 100 < percent

    def request_id(self, *words):
        """The same whenever the same is asked again, also by another process."""
        return str(uuid.UUID(int=self.chance("request", *words).getrandbits(128), version=4))

    # Orders ----------------------------------------------------------------------------

    def order(self, n):
        """1 to 3 items, some of which need others; some orders are all or nothing."""
        chance, items = self.chance("order", n), []
        for name in ITEMS[:chance.randint(1, len(ITEMS))]:
            items.append({
                "id": name, "action": "ADD", "offer": chance.choices(OFFERS, SHARES)[0],
                "requires": [item["id"] for item in items if chance.random() < 0.35]})
        mode = "ALL_OR_NOTHING" if len(items) > 1 and chance.random() < 0.3 else "BEST_EFFORT"
        return {"id": f"coast/s-{n}", "project": "coast/p1", "mode": mode, "items": items,
                "note": f"storm {self.seed}"}

    def cancel(self, n):
        """When after its placing the customer cancels an order, and what of it; None: never."""
        chance = self.chance("cancel", n)
        if chance.random() >= 0.25:
            return None
        items = self.order(n)["items"]
        is_whole = chance.random() < 0.5
        return (chance.choice((0, 0.05, 0.1, 0.2, 0.4, 1, 3, 7)),
                [] if is_whole else [chance.choice(items)["id"]])

    def errands(self, customer):
        """What a customer does: (when, what, order, items)."""
        out = []
        for n in range(customer, self.n_orders, CUSTOMERS):
            at = n / self.n_orders * self.seconds * PLACING
            out.append((at, "place", n, None))
            cancel = self.cancel(n)
            if cancel is not None:
                out.append((at + cancel[0], "cancel", n, cancel[1]))
        return sorted(out, key=lambda errand: errand[0])

    # Kills -----------------------------------------------------------------------------

    def kills(self):
        """Who is killed when and stays away how long: (when, kind, number, seconds away)."""
        out = []
        for kind, number, rarest in (("broker", 1, 8.0),
                                     ("agent", AGENTS_IN_C + AGENTS_IN_PYTHON, 1.4),
                                     ("customer", CUSTOMERS, 6.0), ("people", 1, 12.0),
                                     ("watcher", WATCHERS, 5.0)):
            chance, at = self.chance("kills", kind), 0.0
            while True:
                at += chance.uniform(0.15, 1) * rarest * self.calm
                if at >= self.seconds:
                    break
                away = 0 if kind == "broker" else chance.choice((0, 0, 0.3, 1.2))
                out.append((at, kind, chance.randrange(number), away))
        return sorted(out)
