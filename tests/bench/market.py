"""A catalogue of any size, the same for the same seed, and words to find in it."""
import json
import os
import random

SYLLABLES = ("ba", "cor", "den", "fi", "gal", "hu", "jo", "kel", "lim", "mor", "nus", "pra", "que", "ros",
             "sit", "tal", "urn", "ven", "wex", "yor", "zem")
N_WORDS, PROVIDERS, A_DESCRIPTION, A_FILE = 6000, 20, 60, 50000
COMMON = "data"


def words(chance):
    found = set()
    while len(found) < N_WORDS:
        found.add("".join(chance.choice(SYLLABLES) for _ in range(chance.randint(2, 4))))
    return sorted(found)


class Market:
    """So many services of twenty providers; ids in sequence."""

    def __init__(self, n, seed=1):
        self.n = n
        self.chance = random.Random(seed)
        self.words = words(self.chance)
        # A few words are everywhere and most are rare, as in any language.
        self.weights = [1 / (rank + 10) for rank in range(N_WORDS)]
        self.names = []

    def text(self, n):
        return " ".join(self.chance.choices(self.words, self.weights, k=n))

    def service(self, number):
        name = " ".join(self.chance.sample(self.words, 3))
        self.names.append(name)
        description = self.text(A_DESCRIPTION) + (f" {COMMON}" if number % 2 else "")
        return {"id": f"alpine/s{number:06}", "provider": f"alpine/p{number % PROVIDERS}", "name": name,
                "phase": "PRODUCTION", "description": description, "order_type": "ORDER_REQUIRED",
                "categories": [f"Category {number % 12}"], "tags": self.text(3).split()}

    def write(self, folder):
        """Files as kontor-1, for kontor catalogue import; several, so that none is held here whole."""
        paths = []
        for begin in range(0, self.n, A_FILE):
            paths.append(os.path.join(folder, f"market-{begin}.json"))
            providers = [{"id": f"alpine/p{n}", "name": f"Provider {n}"} for n in range(PROVIDERS)]
            services = [self.service(n) for n in range(begin, min(self.n, begin + A_FILE))]
            with open(paths[-1], "w", encoding="utf-8") as file:
                json.dump({"providers": providers, "services": services}, file)
        return paths

    # What is asked for -----------------------------------------------------------------

    def lines(self, folder, name, values):
        path = os.path.join(folder, name + ".txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(value + "\n" for value in values))
        return path

    def queries(self, folder):
        """Files of queries, by what kind they are."""
        some = random.Random(2).sample(self.names, min(500, self.n))
        return {"three words": self.lines(folder, "three", some),
                "a common word": self.lines(folder, "common", [COMMON]),
                "a prefix": self.lines(folder, "prefix", [name.split()[0][:4] for name in some]),
                "no hit": self.lines(folder, "none", ["xyzzy plugh"])}

    def ids(self, folder):
        some = random.Random(3).sample(range(self.n), min(2000, self.n))
        return self.lines(folder, "ids", [f"alpine/s{n:06}" for n in some])
