#!/usr/bin/python3
"""A search for schedules that break how brokers append to the log in MongoDB.

usage: log_model.py [--break NAME] [--first N] [--schedules N]   tries seeds N, N+1, ...
       log_model.py [--break NAME] --seed N                      plays one and shows its steps
       log_model.py [--break NAME] --depth N                     tries every schedule of N steps

The rules it is about:
  A  A batch n..m is one ordered insert, sent after n-1 was seen committed by a majority, and
     acknowledged by a majority. Repeated ids are looked up in the very view n comes from.
  B  A doubtful result is settled by reading slot n back; until then the same commits go into the
     same slot. Nothing doubtful is ever said to have failed.

After each step: no gap, no commit twice, each client's commits in order; at the end: nothing
acknowledged is lost, and nothing that was said to have failed is there. --break leaves a part of a
rule out: then the search must find something.
"""
import argparse
import collections
import itertools
import random
import sys

from log_world import BREAKAGES, NODES, Violation, World

BATCH = 2
REQUESTS = 4  # only the first so many of those under way are chosen from
STEPS = 200

# What may happen: a step, how often it is tried, and what it is about: n node, b broker, r request,
# k size. Two of one letter are never the same.
Move = collections.namedtuple("Move", "step weight about")
MOVES = (
    Move(World.step_execute, 20, "r"), Move(World.step_pull, 34, "nn"),
    Move(World.step_send, 12, "bnk"), Move(World.step_read, 12, "bn"),
    Move(World.step_answer, 8, "b"), Move(World.step_settle, 10, "bn"),
    Move(World.step_doubt, 4, "b"), Move(World.step_elect, 4, "nn"), Move(World.step_lose, 1, "r"),
    Move(World.step_crash, 1, "b"), Move(World.step_turn, 1, "bb"),
)


def choices(brokers):
    """Every move with everything it may be about, and the sums of their weights."""
    sizes = {"n": NODES, "b": brokers, "r": REQUESTS, "k": BATCH}
    moves, weights = [], []
    for step, weight, about in MOVES:
        words = [word for word in itertools.product(*(range(sizes[letter]) for letter in about))
                 if about not in ("nn", "bb") or word[0] != word[1]]
        moves += [(step, word) for word in words]
        weights += [weight / len(words)] * len(words)
    return moves, list(itertools.accumulate(weights))


CHOICES = {brokers: choices(brokers) for brokers in (2, 3)}


def play(seed, broken=None, show=None):
    """One schedule. Raises Violation; answers what happened how often."""
    chance = random.Random(seed)
    brokers = chance.choice(list(CHOICES))
    world = World(broken, brokers)
    moves, weights = CHOICES[brokers]
    for step, about in chance.choices(moves, cum_weights=weights, k=STEPS):
        if step(world, *about) and show:
            name = step.__name__.replace("step_", "")
            show(f"{name} {' '.join(map(str, about))}".ljust(14) + str(world))
    world.finish(*chance.sample(range(NODES), 2))
    return world.counts


def search(first, schedules, broken=None):
    """Tries seeds. Answers the first bad seed with its violation, or None, and what happened."""
    counts = collections.Counter()
    for seed in range(first, first + schedules):
        try:
            counts.update(play(seed, broken))
        except Violation as violation:
            return (seed, violation), counts
    return None, counts


def exhaust(depth, broken=None, clients=2, commits=1):
    """Tries every schedule of so many steps, each world once. Answers how many there were."""
    start = World(broken, clients, commits)
    known, edge = {start.key()}, [start]
    moves, _ = CHOICES[clients]
    for _ in range(depth):
        edge = [world for old in edge for world in _after(old, moves, known)]
    return len(known)


def _after(old, moves, known):
    """The new worlds one step away, each with both its ends tried."""
    world = old.clone()
    for step, about in moves:
        if not step(world, *about):
            continue  # then it did nothing
        key = world.key()
        if key not in known:
            known.add(key)
            world.clone().finish(0, 1)
            world.clone().finish(1, 2)
            yield world
        world = old.clone()


def parse():
    words = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].replace("usage: ", "", 1))
    words.add_argument("--break", dest="broken", choices=sorted(BREAKAGES))
    words.add_argument("--first", type=int, default=random.SystemRandom().randrange(10 ** 9))
    words.add_argument("--schedules", type=int, default=20000)
    words.add_argument("--seed", type=int)
    words.add_argument("--depth", type=int)
    return words.parse_args()


def replay(seed, broken=None):
    """The command that shows a schedule again."""
    return f"python3 tests/model/log_model.py{' --break ' + broken if broken else ''} --seed {seed}"


def run(chosen):
    """Does what was asked. Answers what was found, or None."""
    if chosen.seed is not None:
        print(dict(play(chosen.seed, chosen.broken, print)))
        return None
    if chosen.depth is not None:
        print(f"{exhaust(chosen.depth, chosen.broken)} worlds")
        return None
    print(f"seeds from {chosen.first}")
    found, counts = search(chosen.first, chosen.schedules, chosen.broken)
    print(dict(counts))
    return found and f"{found[1]}\n{replay(found[0], chosen.broken)}"


def main():
    try:
        sys.exit(run(parse()))
    except Violation as violation:
        sys.exit(str(violation))


if __name__ == "__main__":
    main()
