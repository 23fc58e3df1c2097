"""Watching: what so many watchers are sent, how late, and what each costs."""
import json
import os
import statistics
import subprocess

from furniture import OFFER
from measure import Itself, cpu_seconds, program, rss_mib, said
from mint import Mint

PROJECTS, SEEN_BY = 100, 10
LAG_GOAL_MS, RSS_GOAL_KB = 100, 40
STREAMS_A_CONNECTION = 100
# Watchers, who is a watcher, events a second, and how many are sent each.
ROUNDS = ((1, "portal", 1000, 1), (100, "portal", 100, 100),
          (1000, "projects", 1000, SEEN_BY), (1000, "portal", 50, 1000))
CATCH_UP = 100000


def project_pairs(broker):
    """A project each for so many readers, who see nothing else; a file with their certificates."""
    mint, pairs = Mint(os.path.join(broker.folder, "mint")), []
    portal, admin = broker.client("coast", "portal"), broker.client("coast", "admin")
    for n in range(PROJECTS):
        uri = broker.uri("coast", "shifter", f"w{n}")
        portal.call("OrderService.CreateProject", project={"id": f"coast/w{n}", "name": f"Watched {n}"})
        admin.call("RegistryService.CreatePrincipal", principal={
            "id": f"coast/w{n}", "identity": uri, "roles": ["SHIFTER"], "scopes": [f"j:coast/w{n}"]})
        pairs.append(mint.client(broker.path("coast", "ca"), [uri]))
    path = os.path.join(broker.folder, "pairs.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(pair + "\n" for pair in pairs))
    return path


class Watchers:
    """The watching program, from its begin to its figures."""

    def __init__(self, bench, broker, n, pairs):
        connections = PROJECTS if pairs else -(-n // STREAMS_A_CONNECTION)
        command = [program("watch"), "--server", f"localhost:{broker.port}", *bench.identity(broker),
                   "--watchers", str(n), "--connections", str(connections)]
        self.process = subprocess.Popen(command + (["--pairs", pairs] if pairs else []), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("bench: the watchers do not begin")

    def figures(self, expected):
        said_last, _ = self.process.communicate(f"{expected}\n", timeout=120)
        return json.loads(said_last)


def watch_once(bench, broker, n, pairs, rate, seen_by):
    before_kb = rss_mib(broker.daemon.pid) * 1024
    watchers = Watchers(bench, broker, n, pairs)
    after_kb = rss_mib(broker.daemon.pid) * 1024
    load = bench.load(broker, Itself(broker), "place", 64, project="coast/w", projects=PROJECTS,
                      offer=OFFER, prefix=bench.prefix(), rate=rate, warm_up_ms=1, seconds=2 * bench.seconds)
    row = watchers.figures(load["sent"] * seen_by)
    row["kb"] = (after_kb - before_kb) / n
    row["orders"] = load["per_second"]
    return row


def run(bench, broker):
    pairs = project_pairs(broker)
    print(f"\nWatch\n{'watchers, orders/s, each sent to':34} {'events/s':>10} {'lag p50':>9} {'lag p99':>9} us "
          f"{'missing':>8} {'KB a watcher':>13}")
    for n, who, rate, seen_by in ROUNDS:
        rows = [watch_once(bench, broker, n, pairs if who == "projects" else None, rate, seen_by)
                for _ in range(max(1, bench.rounds // 2))]
        m = {name: statistics.median(row[name] for row in rows) for name in ("per_second", "p50_us", "p99_us")}
        # Memory of watchers that are gone serves the next: only the first round shows what they cost.
        m["kb"], m["missing"] = rows[0]["kb"], sum(row["expected"] - row["events"] for row in rows)
        print(f"{f'{n}, {rate}, {seen_by}':34} {m['per_second']:10.0f} {m['p50_us']:9.0f} {m['p99_us']:9.0f}    "
              f"{m['missing']:8.0f} {m['kb']:13.1f}", flush=True)
        bench.out[f"watch_{n}_{rate}"] = m
        if n == 1000:
            what = f"{n} watchers, {rate} orders/s, each sent to {seen_by}"
            bench.goal(f"{what}: events missing", m["missing"], 0, False)
            bench.goal(f"{what}: lag p99", m["p99_us"] / 1000, LAG_GOAL_MS, False, " ms")
            if who == "projects":
                bench.goal(f"{what}: memory a watcher", m["kb"], RSS_GOAL_KB, False, " KB")
    run_catch_up(bench, broker)


def run_catch_up(bench, broker):
    wanted = CATCH_UP // 10 if bench.is_quick else CATCH_UP
    portal, n = Itself(broker), 0
    while n < wanted:
        n += bench.load(broker, portal, "place", 64, project="coast/p1", offer=OFFER,
                        prefix=bench.prefix(), seconds=bench.seconds)["sent"]
    before = cpu_seconds(broker.daemon.pid)
    row = said([program("watch"), "--server", portal.address, *bench.identity(broker),
                "--watchers", "1", "--connections", "1", "--after", "0"])
    cpu_us = (cpu_seconds(broker.daemon.pid) - before) * 1e6 / row["events"]
    print(f"catch-up of {row['events']} events: {row['per_second']:.0f} a second, {cpu_us:.1f} us of CPU each")
    bench.out["catch_up"] = {**row, "cpu_us": cpu_us}
