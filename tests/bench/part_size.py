"""Catalogues of many sizes: import, start, reading, lists and search; what a call costs as they grow."""
import os
import statistics
import time

from broker import Broker, wait_for
from furniture import OFFER, furnish
from measure import Itself, cpu_seconds, program, rss_mib, said
from market import Market

READY_GOAL_MS, SEARCH_READY_GOAL_S, IMPORT_GOAL_S, SEARCH_GOAL_MS, LIST_GOAL_MS = 300, 3, 3, 10, 5
IMPORT_SIZE, GOAL_SIZE = 10000, 100000
SEARCHERS = 16


def open_market(n):
    """A broker that imported so many services; the market, and how long that took."""
    broker = Broker(f"market {n}", calls_per_second="1000000", calls_in_flight="4096").start()
    furnish(broker)
    market = Market(n)
    paths = market.write(broker.folder)
    began, before = time.monotonic(), cpu_seconds(broker.daemon.pid)
    for path in paths:
        done = run_import(broker, path)
        if done != 0:
            raise SystemExit(f"bench: the import of {n} services ended with {done}")
    return broker, market, time.monotonic() - began, cpu_seconds(broker.daemon.pid) - before


def run_import(broker, path):
    with open(os.devnull, "wb") as nowhere:
        child = broker.spawn("alpine", "admin", "catalogue", "import", "--format", "kontor-1", path, stdout=nowhere)
    return child.wait(600)


def await_search(broker):
    wait_for(lambda: broker.client("alpine", "monitor").call("RegistryService.GetStatus")
             .get("is_search_ready") or None, 60, "the search index")


def starts(bench, broker):
    """Cold starts: until the port file, and until search answers."""
    ready, search = [], []
    for _ in range(bench.rounds):
        broker.stop()
        began = time.monotonic()
        broker.start()
        ready.append(1000 * (time.monotonic() - began))
        await_search(broker)
        search.append(time.monotonic() - began)
    return statistics.median(ready), statistics.median(search)


def sizes(bench):
    return (0, 100, 1000, 10000) if bench.is_quick else (0, 1000, 10000, 100000)


def run_start(bench):
    print(f"\nStart and import\n{'services':>12} {'import s':>10} {'server s':>10} {'ready ms':>10} "
          f"{'search s':>10} {'RSS MiB':>10}")
    for n in sizes(bench):
        with_market(bench, n, start_of)


def with_market(bench, n, run):
    broker, market, took, cpu = open_market(n)
    try:
        return run(bench, broker, market, took, cpu)
    finally:
        broker.close()


def start_of(bench, broker, market, took, cpu):
    ready, search = starts(bench, broker)
    resident = rss_mib(broker.daemon.pid)
    bench.out[f"start_{market.n}"] = {"import_s": took, "import_cpu_s": cpu, "ready_ms": ready,
                                    "search_s": search, "rss_mib": resident}
    print(f"{market.n:12} {took:10.2f} {cpu:10.2f} {ready:10.0f} {search:10.2f} {resident:10.1f}", flush=True)
    if market.n == IMPORT_SIZE:
        bench.goal(f"import of {market.n} services", took, IMPORT_GOAL_S, False, " s")
    if market.n == GOAL_SIZE:
        bench.goal(f"cold start with {market.n} services: ready", ready, READY_GOAL_MS, False, " ms")
        bench.goal(f"cold start with {market.n} services: search", search, SEARCH_READY_GOAL_S, False, " s")


# Reading and searching ---------------------------------------------------------------------

def run_search(bench):
    for n in sizes(bench)[2:]:
        with_market(bench, n, search_of)


def search_of(bench, broker, market, *_):
    await_search(broker)
    server = Itself(broker)
    loads = {"GetService": lambda: bench.load(broker, server, "get", SEARCHERS, lines=market.ids(broker.folder)),
             "ListServices, 100 a page": lambda: bench.load(broker, server, "list", SEARCHERS, page_size=100),
             "ListServices, one caller": lambda: bench.load(broker, server, "list", 1, page_size=100)}
    for name, path in market.queries(broker.folder).items():
        loads[f"search: {name}"] = lambda p=path: bench.load(broker, server, "search", SEARCHERS, lines=p)
    found = bench.table(f"{market.n} services, {SEARCHERS} callers", bench.interleave(loads))
    bench.out[f"search_{market.n}"] = found
    if market.n == GOAL_SIZE:
        bench.goal(f"ListServices, {market.n} services, 100 a page, one caller: p99",
                   found["ListServices, one caller"]["p99_us"] / 1000, LIST_GOAL_MS, False, " ms")
        bench.goal(f"SearchServices, {market.n} services, three words, {SEARCHERS} callers: p99",
                   found["search: three words"]["p99_us"] / 1000, SEARCH_GOAL_MS, False, " ms")


# Growth ------------------------------------------------------------------------------------

def run_growth(bench):
    """What a call costs with 1, 10 and 100 times as many documents of its kind."""
    found = {}
    for n in sizes(bench)[1:]:
        found[n] = with_market(bench, n, growth_of)
    base = found[sizes(bench)[1]]
    print(f"\nGrowth: server CPU of a call, and to that of {sizes(bench)[1]} documents")
    for name in base:
        row = "".join(f"{m[name]:10.1f} us{m[name] / base[name] if base[name] else 0:6.2f}" for m in found.values())
        print(f"{name:34}{row}")
    bench.out["growth"] = {str(n): m for n, m in found.items()}


def growth_of(bench, broker, market, *_):
    await_search(broker)
    server, portal = Itself(broker), {"project": "coast/p1", "offer": OFFER}
    placed = 0
    while placed < market.n:
        placed += bench.load(broker, server, "place", 64, prefix=bench.prefix(), **portal)["sent"]
    loads = {"GetService": lambda: bench.load(broker, server, "get", 16, lines=market.ids(broker.folder)),
             "ListServices, 100 a page": lambda: bench.load(broker, server, "list", 16, page_size=100),
             "PlaceOrder": lambda: bench.load(broker, server, "place", 16, prefix=bench.prefix(), **portal)}
    for name, path in market.queries(broker.folder).items():
        loads[f"search: {name}"] = lambda p=path: bench.load(broker, server, "search", 16, lines=p)
    found = {name: statistics.median(row["cpu_us"] for row in rows)
             for name, rows in bench.interleave(loads).items()}
    before = cpu_seconds(broker.daemon.pid)
    row = said([program("watch"), "--server", server.address, *bench.identity(broker), "--watchers", "1",
                "--connections", "1", "--after", "0"])
    found["catch-up, an event"] = (cpu_seconds(broker.daemon.pid) - before) * 1e6 / row["events"]
    return found
