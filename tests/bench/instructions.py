"""What tools/bench --instructions runs: how many instructions the broker spends on a call, counted by
callgrind. That does not depend on the machine's mood, so it is kept in instructions.txt and a call that
takes a tenth more fails. Who has a reason to raise what is kept says it in CHANGELOG.md, with the number.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
# pylint: disable=wrong-import-position
from broker import Broker  # noqa: E402

from furniture import OFFER, SERVICE, furnish  # noqa: E402
from measure import ROOT, Bench, Itself  # noqa: E402

KEPT = os.path.join(HERE, "instructions.txt")
CALLERS, SHORT_S, LONG_S = 16, 2, 10
GROWTH = 1.10
CALLS = {"GetService": ("get", {"id": SERVICE}),
         "PlaceOrder": ("place", {"project": "coast/p1", "offer": OFFER})}


def counted(bench, call, options, seconds):
    """Instructions of a whole daemon, and how many calls it answered."""
    with Broker("instructions", calls_per_second="1000000", calls_in_flight="4096",
                watchdog_ms="20000") as broker:
        furnish(broker)
        broker.stop()
        out = os.path.join(broker.folder, "callgrind.out")
        broker.start("valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}")
        row = bench.load(broker, Itself(broker), call, CALLERS, prefix=bench.prefix(), seconds=seconds, **options)
        broker.stop()
        with open(out, encoding="ascii", errors="replace") as file:
            found = re.findall(r"^(?:totals|summary): (\d+)", file.read(), re.MULTILINE)
    return int(found[-1]), row["sent"]


def each(bench, name):
    """Of one call: what starting and ending cost is in both runs alike."""
    call, options = CALLS[name]
    few, n_few = counted(bench, call, options, SHORT_S)
    many, n_many = counted(bench, call, options, LONG_S)
    return (many - few) / (n_many - n_few)


def kept():
    with open(KEPT, encoding="ascii") as file:
        return {name: int(number) for name, number in (line.split() for line in file)}


def changelog_lacks(figures):
    with open(os.path.join(ROOT, "CHANGELOG.md"), encoding="utf-8") as file:
        text = file.read()
    return [f"CHANGELOG.md does not say \"{name}: {number:,} instructions\"" for name, number in figures.items()
            if f"{name}: {number:,} instructions" not in text]


def main():
    bench, figures = Bench(1, LONG_S, True), kept()
    faults = changelog_lacks(figures)
    print(f"{'instructions a call':24} {'now':>10} {'kept':>10}   to it")
    for name, number in figures.items():
        now = each(bench, name)
        print(f"{name:24} {now:10.0f} {number:10}   {now / number:.2f}", flush=True)
        if now > GROWTH * number:
            faults.append(f"{name} takes {now:.0f} instructions, more than a tenth above {number}")
    for fault in faults:
        print(f"bench: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FileNotFoundError as error:
        sys.exit(f"bench: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"bench: {error}")
