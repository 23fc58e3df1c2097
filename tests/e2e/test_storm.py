"""The kill test: orders of 1 to 3 items, 8 agents, customers who cancel at random, while the broker, the
agents, the clients and the watchers are killed with SIGKILL at random.

usage: test_storm.py [--seed N] [--orders N] [--seconds N] [--calm FACTOR] [--plant FAULT]...
--calm: how many times rarer than usual kills are. --plant makes a part wrong on purpose, and the test
must fail: blind (agents do not look before they create), messy (agents remove nothing), forgetful
(watchers lose the last position they saved).

At the end every order is over or waits for a named party; every completed item has exactly one object,
made once; of all others nothing is left once they are cleaned up; and no watcher missed or repeated a
change.
"""
import argparse
import sys
import time

from mongod import is_mongodb
from storm import Storm
from storm_judge import Judge
from storm_plan import Plan

# On the MongoDB server of the test tree a commit is several rounds to one process, and the checks
# at the end read the whole log through it again.
SEED, ORDERS, SECONDS = 1, 300 if is_mongodb() else 1000, 60
REST_S = 150


def play(plan):
    """Plays a storm; answers its faults and what there is to say of it."""
    storm = Storm(plan)
    try:
        storm.open()
        storm.rage()
        storm.calm_down(REST_S)
        storm.halt()
        judge = Judge(storm)
        faults = judge.judge()
        return faults, judge.figures(), storm.drained
    finally:
        storm.close()


def command(plan):
    return (f"test_storm.py --seed {plan.seed} --orders {plan.n_orders} --seconds {plan.seconds:g}"
            f" --calm {plan.calm:g}" + "".join(f" --plant {fault}" for fault in plan.plants))


def main():
    parser = argparse.ArgumentParser(prog="test_storm.py")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--calm", type=float, default=1.0)
    parser.add_argument("--plant", action="append", default=[],
                        choices=["blind", "messy", "forgetful"])
    options = parser.parse_args()
    plan = Plan(options.seed, options.orders, options.seconds, options.plant, options.calm)
    print(f"again: {command(plan)}", flush=True)
    began = time.monotonic()
    faults, figures, drained = play(plan)
    print(f"{figures}\ntook     {time.monotonic() - began:.1f} s, {drained:.1f} s of them to come to rest")
    for fault in faults[:20]:
        print(fault)
    if faults:
        sys.exit(f"{len(faults)} faults; again: {command(plan)}")


if __name__ == "__main__":
    main()
