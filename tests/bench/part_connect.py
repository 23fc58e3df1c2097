"""Connections: handshakes a second, and what one that does nothing costs."""
import subprocess

from measure import Itself, cpu_seconds, echo, program, rss_mib, said

IDLE = 1000


def shake(bench, broker, server, call):
    before = cpu_seconds(server.pid)
    row = said([program("connect"), "--server", server.address, *bench.identity(broker), "--call", call,
                "--callers", "4", "--seconds", str(bench.seconds)])
    row["cpu_us"] = (cpu_seconds(server.pid) - before) * 1e6 / max(1, row["calls"])
    row["rss_mib"] = rss_mib(server.pid)
    return row


def idle_kb(bench, broker, server, call):
    before = rss_mib(server.pid)
    child = subprocess.Popen([program("connect"), "--server", server.address, *bench.identity(broker),
                              "--call", call, "--idle", str(IDLE)],
                             text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if child.stdout.readline() != f"{IDLE}\n":
        raise SystemExit("bench: not all connections could be opened")
    cost = (rss_mib(server.pid) - before) * 1024 / IDLE
    child.communicate("", timeout=60)
    return cost


def run(bench, broker):
    bare, ours = echo(broker, 8), Itself(broker)
    costs = {"bare C echo": idle_kb(bench, broker, bare, "echo"),
             "kontord": idle_kb(bench, broker, ours, "health")}
    rows = bench.interleave({"bare C echo": lambda: shake(bench, broker, bare, "echo"),
                             "kontord": lambda: shake(bench, broker, ours, "health")})
    bench.out["handshake"] = bench.table("Handshakes of both sides, each with one call; 4 callers", rows,
                                         "bare C echo", "a second")
    for name, cost in costs.items():
        print(f"idle connection, {IDLE} of them, {name}: {cost:.1f} KB each")
    bench.out["idle_connection_kb"] = costs
    bare.close()
