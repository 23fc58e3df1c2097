"""What agents see: how soon a job is in hand, and whole lives of orders a second."""
import statistics

from furniture import open_offer
from measure import cpu_seconds, program, rss_mib, said

IDLE_AGENTS, CLAIM_GOAL_MS = 100, 50
AGENTS, CUSTOMERS = 32, 16


def command(bench, broker, name, offer):
    agent = broker.path("alpine", "agent")
    return [program(name), "--server", f"localhost:{broker.port}", *bench.identity(broker),
            "--agent-cert", agent + ".pem", "--agent-key", agent + ".key", "--offer", offer,
            "--project", "coast/p1", "--prefix", bench.prefix()]


def run_claim(bench, broker):
    """What becomes claimable, while agents wait."""
    offer, orders = open_offer(broker), 200 * bench.seconds
    rows = [said(command(bench, broker, "claim", offer) +
                 ["--agents", str(IDLE_AGENTS), "--orders", str(orders)])
            for _ in range(bench.rounds)]
    ms = {name: statistics.median(row[name + "_us"] for row in rows) / 1000
          for name in ("claim_p50", "claim_p99", "place_p50", "place_p99")}
    print(f"\nClaim, {IDLE_AGENTS} idle agents, {orders} orders a round\n{'':34} {'p50 ms':>9} {'p99 ms':>9}")
    print(f"{'from PlaceOrder sent to job in hand':34} {ms['claim_p50']:9.1f} {ms['claim_p99']:9.1f}")
    print(f"{'  of these, PlaceOrder answered':34} {ms['place_p50']:9.1f} {ms['place_p99']:9.1f}")
    bench.out["claim"] = {**ms, "agents": IDLE_AGENTS}
    bench.goal(f"Claim, {IDLE_AGENTS} idle agents: p99", ms["claim_p99"], CLAIM_GOAL_MS, False, " ms")


def run_life(bench, broker):
    offer, rows = open_offer(broker), []
    for _ in range(bench.rounds):
        before = cpu_seconds(broker.daemon.pid)
        row = said(command(bench, broker, "life", offer) +
                   ["--agents", str(AGENTS), "--callers", str(CUSTOMERS), "--seconds", str(bench.seconds)])
        row["cpu_us"] = (cpu_seconds(broker.daemon.pid) - before) * 1e6 / row["calls"]
        row["rss_mib"] = rss_mib(broker.daemon.pid)
        rows.append(row)
    title = f"Whole lives: placed, claimed, begun, completed; {AGENTS} agents, {CUSTOMERS} customers"
    bench.out["life"] = bench.table(title, {"kontord": rows}, unit="orders/s")["kontord"]
