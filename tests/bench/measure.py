"""What the parts of the bench share: servers, a load on each in turn, medians, ratios, goals."""
import json
import os
import signal
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PEERS = os.environ.get("KONTOR_PEERS_DIR") or os.path.join(ROOT, "build", "peers")
FIGURES = ("per_second", "p50_us", "p99_us", "cpu_us", "rss_mib")


def program(name):
    return os.path.join(os.environ["KONTOR_BENCH"], "bench_" + name)


def said(command, **options):
    """Runs a program of the bench to its end; answers the JSON it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} ended with {done.returncode}")
    return json.loads(done.stdout)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


class Peer:
    """A server beside the broker, with the broker's certificates; ended by its own pid."""

    def __init__(self, broker, command, **options):
        pair = broker.path("alpine", "server")
        words = [*command, "--ca", broker.path("coast", "ca") + ".pem",
                 "--cert", pair + ".pem", "--key", pair + ".key"]
        for name, value in options.items():
            words += ["--" + name, str(value)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench: {words[0]} does not start")
        self.address = f"localhost:{int(line)}"
        self.pid = self.process.pid

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Itself:
    """The broker, as a server like the others."""

    def __init__(self, broker):
        self.broker = broker

    @property
    def address(self):
        return f"localhost:{self.broker.port}"

    @property
    def pid(self):
        return self.broker.daemon.pid

    def close(self):
        """The broker belongs to who made it."""


def echo(broker, size):
    return Peer(broker, [program("echo")], size=size)


def plain_go(broker, **options):
    """The plain service in Go, or None where it is not built."""
    path = os.path.join(PEERS, "plain_go", "plain")
    return Peer(broker, [path], **options) if os.path.exists(path) else None


def plain_node(broker, **options):
    path = os.path.join(PEERS, "plain_node", "main.js")
    if not os.path.exists(os.path.join(os.path.dirname(path), "node_modules")):
        return None
    return Peer(broker, ["node", path, "--proto", os.path.join(ROOT, "proto")], **options)


class Bench:
    """How long and how often is measured, and what came out."""

    def __init__(self, rounds, seconds, is_quick):
        self.rounds, self.seconds, self.is_quick = rounds, seconds, is_quick
        self.out = {}
        self.goals = []
        self.n_prefixes = 0

    def prefix(self):
        """Of ids that no load before this one used."""
        self.n_prefixes += 1
        return f"coast/b{self.n_prefixes}"

    @staticmethod
    def identity(broker):
        """Options by which a program calls as the portal."""
        caller = broker.path("coast", "portal")
        return ["--ca", broker.path("alpine", "ca") + ".pem", "--cert", caller + ".pem",
                "--key", caller + ".key"]

    def load(self, broker, server, call, callers, **options):
        """One load on one server; what it took of that server, too."""
        command = [program("load"), "--server", server.address, "--call", call,
                   *self.identity(broker), "--callers", str(callers),
                   "--seconds", str(options.pop("seconds", self.seconds))]
        for name, value in options.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        before = cpu_seconds(server.pid)
        row = said(command)
        row["cpu_us"] = (cpu_seconds(server.pid) - before) * 1e6 / max(1, row["calls"])
        row["rss_mib"] = rss_mib(server.pid)
        return row

    def interleave(self, loads):
        """Rounds of A B C A B C; loads: what runs, by name. Answers the rows by name."""
        rows = {name: [] for name in loads}
        for _ in range(self.rounds):
            for name, run in loads.items():
                rows[name].append(run())
        return rows

    # Printing --------------------------------------------------------------------------

    def table(self, title, rows, limit=None, unit="calls/s"):
        """Medians of each name, and their ratio to those of the limit. Answers the medians."""
        print(f"\n{title}\n{'':34} {unit:>10} {'p50 us':>9} {'p99 us':>9} {'cpu us':>8} "
              f"{'RSS MiB':>8} spread   to {limit or 'nothing'}: per second, p99, cpu")
        found = {name: medians(each) for name, each in rows.items()}
        for name, m in found.items():
            print(f"{name:34} {m['per_second']:10.0f} {told(m['p50_us'], 0):>9} {told(m['p99_us'], 0):>9} "
                  f"{told(m['cpu_us'], 1):>8} {told(m['rss_mib'], 1):>8} {100 * m['spread']:4.0f} %"
                  f"{ratios_text(m, found.get(limit))}", flush=True)
        return found

    def goal(self, what, value, limit, is_least=True, unit=""):
        """Says a reach; nothing fails for it."""
        is_met = value >= limit if is_least else value <= limit
        self.goals.append({"what": what, "value": value, "limit": limit, "is_least": is_least,
                           "unit": unit, "is_met": is_met})

    def print_goals(self):
        if not self.goals:
            return
        print(f"\nReach{'':69} {'measured':>10}   asked")
        for goal in self.goals:
            print(f"{goal['what']:74} {number(goal['value']):>10}   "
                  f"{'at least' if goal['is_least'] else 'at most'} {number(goal['limit'])}"
                  f"{goal['unit']}: {'met' if goal['is_met'] else 'MISSED'}")


def told(value, digits):
    """A figure as text; what was not measured has none."""
    return f"{value:.{digits}f}" if value else "-"


def number(value):
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def medians(rows):
    found = {name: statistics.median(row.get(name, 0) for row in rows) for name in FIGURES}
    values = [row["per_second"] for row in rows]
    found["spread"] = (max(values) - min(values)) / max(1e-9, statistics.median(values))
    return found


def ratio(ours, theirs, name):
    return ours[name] / theirs[name] if theirs and theirs[name] else 0


def ratios_text(ours, theirs):
    if not theirs or ours is theirs:
        return ""
    return "   " + ", ".join(told(ratio(ours, theirs, name), 2)
                             for name in ("per_second", "p99_us", "cpu_us"))
