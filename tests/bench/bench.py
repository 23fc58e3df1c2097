"""What tools/bench runs: Kontor beside its limits and beside what people write instead, interleaved in
one run. Prints medians and ratios; absolute figures belong to the machine and are there only so that a
ratio can be judged. Nothing fails for a figure.
"""
import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
# pylint: disable=wrong-import-position
from broker import Broker  # noqa: E402

import part_connect  # noqa: E402
import part_get  # noqa: E402
import part_impact  # noqa: E402
import part_life  # noqa: E402
import part_place  # noqa: E402
import part_size  # noqa: E402
import part_watch  # noqa: E402
from furniture import furnish  # noqa: E402
from measure import Bench, rss_mib  # noqa: E402

# Each on a broker of its own, so that none is measured on what another left; some make several.
ON_ONE = {"get": part_get.run, "place": part_place.run, "claim": part_life.run_claim,
          "life": part_life.run_life, "watch": part_watch.run, "connect": part_connect.run}
ON_MANY = {"start": part_size.run_start, "search": part_size.run_search, "growth": part_size.run_growth,
           "impact": part_impact.run}
PARTS = [*ON_ONE, *ON_MANY]


def run(bench, name):
    if name in ON_MANY:
        ON_MANY[name](bench)
        return
    with Broker("bench", calls_per_second="1000000", calls_in_flight="4096", streams_open="4096") as broker:
        furnish(broker)
        bench.out.setdefault("idle_rss_mib", rss_mib(broker.daemon.pid))
        ON_ONE[name](bench, broker)


def main():
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--quick", action="store_true", help="two short rounds, small catalogues")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part only; may be repeated")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()
    bench = Bench(*((2, 1) if options.quick else (3, 2)), options.quick)
    for name in options.only or PARTS:
        run(bench, name)
    bench.print_goals()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({**bench.out, "reach": bench.goals}, file, indent=2)


if __name__ == "__main__":
    main()
