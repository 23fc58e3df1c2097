"""Who is hit: Impact over many endpoints, instances and downtimes, asked by one caller and by sixteen."""
import random
import statistics
import threading
import time

from broker import Broker
from furniture import furnish, open_offer

N, N_QUICK = 10000, 1000
SITES, GROUP_SIZE, GOAL_MS, ASKED, ORDER_ITEMS, AGENTS = 100, 200, 50, 200, 50, 8
HOURS = 3600


def moment(hours):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + hours * HOURS))


def places(admin, n):
    """Sites with endpoints, and groups over them; what is declared for them is a tenth of that."""
    records = [{"site": {"id": f"alpine/s{s}", "short_name": f"SITE-{s}"}} for s in range(SITES)]
    records += [{"endpoint": {"id": f"alpine/e{e}", "site": f"alpine/s{e % SITES}", "host": f"h{e}.example",
                              "type": "CE"}} for e in range(n)]
    chance = random.Random(1)
    records += [{"group": {"id": f"alpine/g{g}", "name": f"Group {g}", "endpoints": [
        f"alpine/e{e}" for e in chance.sample(range(n), min(GROUP_SIZE, n // 2))]}} for g in range(10)]
    for d in range(n // 10):
        start = chance.uniform(1, 1000)
        hit = [{"site": f"SITE-{e % SITES}", "host": f"h{e}.example", "type": "CE"}
               for e in chance.sample(range(n), 3)]
        groups = [f"alpine/g{chance.randrange(10)}"] if d % 20 == 0 else []
        records.append({"downtime": {
            "id": f"alpine/d{d}", "severity": "OUTAGE" if d % 2 else "WARNING", "description": "Work",
            "start_at": moment(start), "end_at": moment(start + chance.uniform(1, 48)), "affected": hit,
            "groups": groups, "declared_at": moment(0)}})
    for begin in range(0, len(records), 500):
        reply = admin.call("ConfigurationService.Import", records=records[begin:begin + 500], timeout=60)
        refused = [r for r in reply["results"] if r["outcome"] == "REFUSED"]
        if refused:
            raise SystemExit(f"bench: {refused[0]}")


def deliver(broker, offer, endpoints, chance):
    """One agent: takes what there is, and names an endpoint for each."""
    agent = broker.client("alpine", "agent")
    session = agent.call("FulfilmentService.RegisterAgent", offers=[offer], lease_seconds=600, max_parallel=64)["id"]
    while True:
        jobs = agent.call("FulfilmentService.Claim", session=session, max=64).get("jobs", [])
        if not jobs:
            return
        for job in jobs:
            proof = {"item": job["item"], "fence": job["fence"]}
            agent.call("FulfilmentService.Begin", intent=job["intent"], **proof)
            agent.call("FulfilmentService.Complete", delivery={
                "backend_id": "b", "endpoints": [f"alpine/e{chance.randrange(endpoints)}"]}, **proof)


def instances(broker, n):
    offer = open_offer(broker)
    portal = broker.client("coast", "portal")
    for o in range(n // ORDER_ITEMS):
        portal.call("OrderService.PlaceOrder", id=f"coast/o-{o}", project="coast/p1", items=[
            {"id": f"i{i}", "action": "ADD", "offer": offer} for i in range(ORDER_ITEMS)])
    hands = [threading.Thread(target=deliver, args=(broker, offer, n, random.Random(i))) for i in range(AGENTS)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    seen = sum(1 for _ in portal.pages("OrderService.ListInstances", "instances", page_size=500))
    if seen != n:
        raise SystemExit(f"bench: {seen} instances of {n}")


def ask(client, questions):
    """Milliseconds of each question, on the wire: what a client makes of the answer is its own."""
    path, question_class, _ = client._method("ConfigurationService.Impact")
    stub = client.channel.unary_unary(path)
    took = []
    for question in questions:
        raw = question_class(**question).SerializeToString()
        began = time.monotonic()
        stub(raw, timeout=10)
        took.append(1000 * (time.monotonic() - began))
    return took


def run(bench):
    n = N_QUICK if bench.is_quick else N
    with Broker("impact", calls_per_second="1000000", calls_in_flight="4096", streams_open="4096") as broker:
        furnish(broker)
        places(broker.client("alpine", "admin"), n)
        instances(broker, n)
        print(f"\nImpact: {n} endpoints, {n} instances, {n // 10} downtimes, one caller\n"
              f"{'about':>12} {'p50 ms':>10} {'p99 ms':>10}")
        chance, found = random.Random(5), {}
        subjects = {"downtime": lambda: f"alpine/d{chance.randrange(n // 10)}",
                    "endpoint": lambda: f"alpine/e{chance.randrange(n)}",
                    "site": lambda: f"alpine/s{chance.randrange(SITES)}",
                    "group": lambda: f"alpine/g{chance.randrange(10)}"}
        client = broker.client("alpine", "site_admin")
        for kind, subject in subjects.items():
            took = ask(client, [{kind: subject()} for _ in range(ASKED * bench.rounds)])
            found[kind] = {"p50_ms": statistics.median(took),
                           "p99_ms": statistics.quantiles(took, n=100, method="inclusive")[98]}
            print(f"{kind:>12} {found[kind]['p50_ms']:10.2f} {found[kind]['p99_ms']:10.2f}", flush=True)
            bench.goal(f"Impact of a {kind}: p99", found[kind]["p99_ms"], GOAL_MS, False, " ms")
        bench.out["impact"] = found
