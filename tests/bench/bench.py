"""What tools/bench runs: Kontor beside its limits, interleaved in one run; prints ratios.

The limits are a bare server on the same gRPC core that answers as many bytes, and a bare SQLite
writer that puts the same rows into the same tables. Absolute figures belong to the machine and are
printed only so that a ratio can be judged.
"""
import argparse
import glob
import json
import os
import signal
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from broker import Broker, wait_for  # noqa: E402

from furniture import OFFER, SERVICE, furnish, open_offer  # noqa: E402

IDLE_AGENTS, CLAIM_GOAL_MS = 100, 50


class Echo:
    """The bare server, ended by its own pid."""

    def __init__(self, programs, broker, size):
        pair = broker.path("alpine", "server")
        self.process = subprocess.Popen(
            [os.path.join(programs, "bench_echo"), "--ca", broker.path("coast", "ca") + ".pem",
             "--cert", pair + ".pem", "--key", pair + ".key", "--size", str(size)],
            stdout=subprocess.PIPE, text=True)
        self.server = f"localhost:{int(self.process.stdout.readline())}"

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


class Bench:
    """Programs, the broker, and how long a round lasts."""

    def __init__(self, programs, broker, seconds):
        self.programs, self.broker, self.seconds = programs, broker, seconds
        self.placed = 0

    def load(self, call, server, callers, **options):
        portal = self.broker.path("coast", "portal")
        command = [os.path.join(self.programs, "bench_load"), "--server", server, "--call", call,
                   "--ca", self.broker.path("alpine", "ca") + ".pem", "--cert", portal + ".pem",
                   "--key", portal + ".key", "--callers", str(callers), "--seconds", str(self.seconds)]
        for name, value in options.items():
            command += ["--" + name, str(value)]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def measured(self, pid, *args, **options):
        before = cpu_seconds(pid)
        row = self.load(*args, **options)
        row["cpu_us"] = (cpu_seconds(pid) - before) * 1e6 / max(1, row["calls"])
        return row

    def get(self, callers):
        return self.measured(self.broker.daemon.pid, "get", f"localhost:{self.broker.port}", callers, id=SERVICE)

    def place(self, callers):
        self.placed += 1
        return self.measured(self.broker.daemon.pid, "place", f"localhost:{self.broker.port}", callers,
                             project="coast/p1", offer=OFFER, prefix=f"coast/b{self.placed}")

    def write(self, number):
        """The rows of the broker's store once more, into a file beside it."""
        target = os.path.join(self.broker.folder, f"bare{number}.db")
        done = subprocess.run([os.path.join(self.programs, "bench_writer"), self.broker.values["store"], target],
                              capture_output=True, text=True, check=True)
        for path in glob.glob(glob.escape(target) + "*"):
            os.unlink(path)
        return json.loads(done.stdout)


def medians(rows):
    return {name: statistics.median(row[name] for row in rows)
            for name in ("per_second", "p50_us", "p99_us", "cpu_us")}


def spread(rows):
    values = [row["per_second"] for row in rows]
    return (max(values) - min(values)) / statistics.median(values)


def report(name, rows):
    m = medians(rows)
    print(f"{name:24} {m['per_second']:10.0f} {m['p50_us']:9.0f} {m['p99_us']:9.0f} {m['cpu_us']:8.1f}"
          f"   {100 * spread(rows):3.0f} %")
    return m


def bench_get(bench, rounds, out):
    size = bench.load("get", f"localhost:{bench.broker.port}", 1, id=SERVICE)["reply_size"]
    echo = Echo(bench.programs, bench.broker, size)
    print(f"\nGetService, a reply of {size} bytes\n{'':24} {'calls/s':>10} {'p50 us':>9} {'p99 us':>9} {'cpu us':>8}   spread")
    for callers in (1, 16, 64):
        echoes, gets = [], []
        for _ in range(rounds):
            echoes.append(bench.measured(echo.process.pid, "echo", echo.server, callers))
            gets.append(bench.get(callers))
        e, g = report(f"bare echo, {callers} callers", echoes), report(f"GetService, {callers} callers", gets)
        out[f"get_{callers}"] = {"echo": e, "kontor": g, "ratio": g["per_second"] / e["per_second"],
                                 "p99_ratio": g["p99_us"] / e["p99_us"]}
        print(f"{'  ratio':24} {g['per_second'] / e['per_second']:10.2f} {g['p50_us'] / e['p50_us']:9.2f} "
              f"{g['p99_us'] / e['p99_us']:9.2f} {g['cpu_us'] / e['cpu_us']:8.2f}")
    echo.close()


def bench_place(bench, rounds, out):
    print(f"\nPlaceOrder, durable, one item, 64 callers\n{'':24} {'orders/s':>10} {'p50 us':>9} {'p99 us':>9} {'cpu us':>8}   spread")
    places, writes = [], []
    for number in range(rounds):
        places.append(bench.place(64))
        writes.append(bench.write(number))
    p = report("PlaceOrder, 64 callers", places)
    limit = statistics.median(row["per_second"] for row in writes)
    print(f"{'bare writer, same rows':24} {limit:10.0f}   batches of {writes[0]['batch']}")
    print(f"{'  ratio':24} {p['per_second'] / limit:10.2f}")
    out["place_64"] = {"kontor": p, "writer_per_second": limit, "ratio": p["per_second"] / limit}


def bench_claim(broker, rounds, orders, out):
    """What becomes claimable, while agents wait; a goal is told here and asserted nowhere."""
    offer = open_offer(broker)
    portal, agent = broker.path("coast", "portal"), broker.path("alpine", "agent")
    rows = []
    for number in range(rounds):
        command = [os.path.join(os.environ["KONTOR_BENCH"], "bench_claim"), "--server", f"localhost:{broker.port}",
                   "--ca", broker.path("alpine", "ca") + ".pem", "--cert", portal + ".pem", "--key", portal + ".key",
                   "--agent-cert", agent + ".pem", "--agent-key", agent + ".key", "--offer", offer,
                   "--project", "coast/p1", "--prefix", f"coast/c{number}", "--agents", str(IDLE_AGENTS),
                   "--orders", str(orders)]
        rows.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    ms = {name: statistics.median(row[name + "_us"] for row in rows) / 1000
          for name in ("claim_p50", "claim_p99", "place_p50", "place_p99")}
    print(f"\nClaim, {IDLE_AGENTS} idle agents, {orders} orders a round\n{'':34} {'p50 ms':>9} {'p99 ms':>9}   goal")
    print(f"{'from PlaceOrder sent to job in hand':34} {ms['claim_p50']:9.1f} {ms['claim_p99']:9.1f}   "
          f"p99 under {CLAIM_GOAL_MS} ms: {'met' if ms['claim_p99'] < CLAIM_GOAL_MS else 'MISSED'}")
    print(f"{'  of these, PlaceOrder answered':34} {ms['place_p50']:9.1f} {ms['place_p99']:9.1f}")
    out["claim"] = {**ms, "agents": IDLE_AGENTS, "goal_p99_ms": CLAIM_GOAL_MS}


def bench_start(out, rounds):
    """Starts over the 57 services of the real catalogue; needs KONTOR_REAL_DATA."""
    data = os.environ.get("KONTOR_REAL_DATA")
    if data is None:
        print("cold start: left out, KONTOR_REAL_DATA is not set")
        return
    with Broker("start") as broker:
        broker.furnish()
        broker.kontor("alpine", "admin", "catalogue", "import", "--format", "marketplace-2019",
                      os.path.join(data, "catalogue", "marketplace-2019-10.json"))
        took, resident = [], []
        for _ in range(rounds):
            broker.stop()
            began = time.monotonic()
            broker.start()
            took.append(1000 * (time.monotonic() - began))
            wait_for(lambda: broker.client("alpine", "monitor").call("RegistryService.GetStatus")
                     .get("is_search_ready") or None, 10, "the search index")
            resident.append(rss_mib(broker.daemon.pid))
    out["start"] = {"ms": statistics.median(took), "idle_rss_mib": statistics.median(resident)}
    print(f"cold start with 57 services: {out['start']['ms']:.0f} ms from the command to the port file, "
          f"then {out['start']['idle_rss_mib']:.1f} MiB resident")


def bench_calls(only, rounds, seconds, out):
    with Broker("bench", calls_per_second="1000000", calls_in_flight="4096") as broker:
        furnish(broker)
        out["idle_rss_mib"] = rss_mib(broker.daemon.pid)
        print(f"idle broker: {out['idle_rss_mib']:.1f} MiB resident")
        bench = Bench(os.environ["KONTOR_BENCH"], broker, seconds)
        if only in (None, "get"):
            bench_get(bench, rounds, out)
        if only in (None, "claim"):
            bench_claim(broker, rounds, 200 * seconds, out)
        if only in (None, "place"):
            bench_place(bench, rounds, out)


def main():
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--quick", action="store_true", help="two short rounds")
    parser.add_argument("--only", choices=["start", "get", "claim", "place"], help="one part only")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()
    rounds, seconds = (2, 1) if options.quick else (5, 3)
    out = {}
    if options.only in (None, "start"):
        bench_start(out, rounds + 1)
    if options.only != "start":
        bench_calls(options.only, rounds, seconds, out)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(out, file, indent=2)


if __name__ == "__main__":
    main()
