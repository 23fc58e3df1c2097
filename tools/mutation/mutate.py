"""usage: mutate [--list] [--only PATTERN] [--sample N] [--seed S] [--jobs N] [--all] [--build DIR]

Changes one row, role, limit or rule of the broker at a time and says which test notices. What no
test notices is told as SURVIVED, and the exit status is 1. The tree is only read: changed files
and the tests' objects lie in build/mutate, which is made once, in some minutes.

--list     prints what would be tried, and tries nothing
--only     what has this in its name; * and ? as in the shell
--sample   that many of them, of every kind alike, chosen by --seed, which is printed
--jobs     how many at once; 1 when it is not given
--all      also the tests that take long, for what no other notices
--build    another build directory, with its tests already built; tests are then linked each time

Limits below 2000 are changed by one, others doubled and halved. What nobody can notice is listed
with its reason in tools/mutation/known.py.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import random
import sys
import time

import find
import known
import rig
from judges import Judges

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


# ---- What is tried ----

def split_equivalent(mutations):
    """Those that can be noticed, and those that cannot; an entry that fits none is an error."""
    stale = set(known.EQUIVALENT)
    tried, silent = [], []
    for mutation in mutations:
        fitting = [p for p in known.EQUIVALENT if fnmatch.fnmatchcase(mutation.name, p)]
        stale -= set(fitting)
        (silent if fitting else tried).append(mutation)
    if stale:
        raise find.Unfit("no mutation fits, in known.py: " + ", ".join(sorted(stale)))
    return tried, silent


def sample(mutations, n, seed):
    """So many of every kind alike."""
    chance = random.Random(seed)
    by_kind = [[m for m in mutations if m.kind == kind] for kind in find.KINDS]
    for group in by_kind:
        chance.shuffle(group)
    rounds = [group[i] for i in range(len(mutations)) for group in by_kind if i < len(group)]
    return rounds[:n]


def choose(options):
    tried, silent = split_equivalent(find.everything(ROOT))
    if options.only:
        tried = [m for m in tried if fnmatch.fnmatchcase(str(m), f"*{options.only}*")
                 or options.only in str(m)]
    if options.sample:
        tried = sample(tried, options.sample, options.seed)
    return tried, silent


# ---- Trying ----

NOTICED, SURVIVED, BROKEN = "noticed", "SURVIVED", "does not compile"


def names_changed(mutation, sources):
    """Of a constant in a header: its name and those of the constants made of it."""
    if not mutation.path.endswith(".h"):
        return None
    names = {mutation.constant}
    for _ in range(3):
        for source in sources:
            names |= {name for name, cell in source.constants()
                      if names & set(cell.value.split())}
    return names


def attempt(mutation, judges, sources):
    """What became of one mutation, and the line that says so."""
    began = time.monotonic()
    try:
        with judges.rig.trial(mutation) as trial:
            trial.prepare(names_changed(mutation, sources))
            test, failed = judges.ask(trial)
    except rig.Broken:
        return BROKEN, f"{mutation}: {BROKEN}"
    seconds = f"{time.monotonic() - began:.1f} s"
    if test is None:
        return SURVIVED, f"{mutation}: {SURVIVED}, {seconds}"
    told = f"{os.path.basename(test)} ({failed}), {seconds}"
    return NOTICED, f"{mutation}: {told}"


def try_all(mutations, judges, jobs):
    """Tries each; answers how many came to what, by kind."""
    sources = list(find.sources(ROOT, known.LIMITS))
    counts = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(attempt, m, judges, sources): m for m in mutations}
        try:
            for future in concurrent.futures.as_completed(futures):
                outcome, line = future.result()
                print(line, flush=True)
                key = (futures[future].kind, outcome)
                counts[key] = counts.get(key, 0) + 1
        finally:
            pool.shutdown(cancel_futures=True)
            judges.keep()
    return counts


def tell(counts, n_silent, seconds):
    for kind in find.KINDS:
        row = [f"{counts.get((kind, o), 0)} {o}" for o in (NOTICED, SURVIVED, BROKEN)]
        print(f"{kind:8} {', '.join(row)}")
    print(f"mutate: {sum(counts.values())} tried in {seconds:.0f} s, "
          f"{n_silent} that nobody can notice left out")


def parse(words):
    options = argparse.ArgumentParser(prog="mutate", usage=__doc__.split("usage: ", 1)[1])
    options.add_argument("--list", action="store_true")
    options.add_argument("--only")
    options.add_argument("--sample", type=int)
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--all", action="store_true")
    options.add_argument("--build")
    return options.parse_args(words)


def main():
    options = parse(sys.argv[1:])
    tried, silent = choose(options)
    if options.list:
        for mutation in tried:
            print(f"{mutation}")
        return 0
    if not tried:
        raise find.Unfit("nothing to try")  # A gate that checks nothing fails.
    if options.sample:
        print(f"mutate: --sample {options.sample} --seed {options.seed}")
    the_rig = rig.Rig(ROOT, os.path.abspath(options.build or os.path.join(ROOT, "build/mutate")))
    if not options.build:
        the_rig.make()
    try:
        the_rig.open()
        judges = Judges(the_rig, options.all)
        began = time.monotonic()
        counts = try_all(tried, judges, options.jobs)
    finally:
        the_rig.close()
    tell(counts, len(silent), time.monotonic() - began)
    return 1 if any(outcome == SURVIVED for _, outcome in counts) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except find.Unfit as unfit:
        print(f"mutate: {unfit}", file=sys.stderr)
        sys.exit(2)
