"""What tools/bench --store mongodb runs: the store over MongoDB beside bare commands; prints ratios.

Each side is measured in the same run on the same server, in short pairs, each pair with databases
of its own. The rows that are sent bare are those the store sent, in as many commands. Absolute
figures belong to the machine and are printed only so that a ratio can be judged.
"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from mongod import Mongod  # noqa: E402

PROGRAMS = os.environ["KONTOR_BENCH"]
# FerretDB reads whole collections for most commands: its databases are kept small.
SMALL = {"new": 192, "replaced": 64}
LARGE = {"new": 512, "replaced": 256}
THREADS = (1, 8)
CALLERS = (8, 64)
FAR_MS = 2


def servers(standalone):
    """Name, address, sizes, and whether it can be raced for, of each server that is there."""
    found = [("server of the test tree", standalone.uri, LARGE, True)]
    for name, variable, sizes, can_race in (
            ("mongo-java-server", "KONTOR_PEER_JAVA", LARGE, True),
            ("FerretDB over SQLite", "KONTOR_PEER_FERRETDB_SQLITE", SMALL, False)):
        if variable in os.environ:
            found.append((name, os.environ[variable], sizes, can_race))
        else:
            print(f"{name}: LEFT OUT, {variable} names no server (tests/peers/peers.py build)")
    return found


def run(program, **options):
    """The JSON objects a program prints, one a line."""
    command = [os.path.join(PROGRAMS, program)]
    for name, value in options.items():
        command += ["--" + name.replace("_", "-"), str(value)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def report(name, row):
    print(f"{name:42} {row['stored']:9.0f} {row['bare']:9.0f} {row['ratio']:6.2f}   "
          f"{row['lowest']:.2f}-{row['highest']:.2f} {row['of_best']:8.2f}", flush=True)


def head(title):
    print(f"\n{title}\n{'':42} {'store/s':>9} {'bare/s':>9} {'ratio':>6}   spread    of best")


def bench_append(found, pairs, out):
    head("Appending, 64 works in flight, documents of 1 kB, each commit durable")
    for name, uri, sizes, _ in found:
        row = run("bench_append", uri=uri, pairs=pairs, **sizes)[0]
        for phase in ("new", "replaced"):
            report(f"{name}, {phase}", row[phase])
        out.setdefault("append", {})[name] = row


def bench_get(found, pairs, out):
    head("Reading by id")
    for name, uri, sizes, _ in found:
        if sizes is SMALL:
            continue
        for threads in THREADS:
            row = run("bench_find", uri=uri, pairs=pairs, threads=threads)[0]
            for way in ("get", "begin_get_end"):
                report(f"{name}, {threads} threads, {way}", row[way])
            out.setdefault("get", {})[f"{name}, {threads}"] = row


def bench_race(found, seconds, out):
    print(f"\nBrokers on one log without a sequencer, {seconds} s; far: answers {FAR_MS} ms later\n"
          f"{'':52} {'orders/s':>9} {'p50 ms':>8} {'p99 ms':>8}   lost  refused")
    for name, uri, _, can_race in found:
        for callers in CALLERS if can_race else ():
            for brokers, far_ms, what in ((1, 0, "one"), (2, 0, "two"), (1, FAR_MS, "one, far"),
                                          (2, FAR_MS, "two, one far")):
                rows = run("bench_race", uri=uri, brokers=brokers, callers=callers, far_ms=far_ms, seconds=seconds)
                for row in rows:
                    title = f"{name}, {callers} callers, {what}: {row['broker']}"
                    print(f"{title:52} {row['per_second']:9.0f} "
                          f"{row['p50_ms']:8.1f} {row['p99_ms']:8.1f} {100 * row['lost']:5.1f} % {row['refused']:6}",
                          flush=True)
                out.setdefault("race", {})[f"{name}, {callers}, {what}"] = rows


def main():
    parser = argparse.ArgumentParser(prog="bench --store mongodb")
    parser.add_argument("--quick", action="store_true", help="few pairs")
    parser.add_argument("--only", choices=["append", "get", "race"], help="one part only")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()
    out = {}
    standalone = Mongod(is_standalone=True)  # a set names its address, and none would go the far way
    found = servers(standalone)
    if options.only in (None, "append"):
        bench_append(found, 3 if options.quick else 15, out)
    if options.only in (None, "get"):
        bench_get(found, 3 if options.quick else 15, out)
    if options.only in (None, "race"):
        bench_race(found, 1 if options.quick else 3, out)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(out, file, indent=2)


if __name__ == "__main__":
    main()
