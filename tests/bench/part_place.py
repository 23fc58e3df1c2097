"""Placing orders: the broker, a bare writer of the same rows, and plain services in Go."""
import glob
import os

from furniture import OFFER
from measure import Itself, plain_go, program, ratio, said

CALLERS = (1, 16, 64)
ROW_BYTES, ROW_COMMITS = 2560, 20000


def bare(broker, *words):
    """Rows into a file beside the broker's, which goes again."""
    target = os.path.join(broker.folder, "bare.db")
    row = said([program("writer"), broker.values["store"], target, *words])
    for path in glob.glob(glob.escape(target) + "*"):
        os.unlink(path)
    return row


def peers(broker):
    """A plain service that commits each order, and one that commits many together."""
    found = {"grpc-go, one transaction each": 1, "grpc-go, batched": 256}
    made = {name: plain_go(broker, batch=batch, db=os.path.join(broker.folder, f"orders{batch}.db"))
            for name, batch in found.items()}
    return {name: peer for name, peer in made.items() if peer}


def run(bench, broker):
    servers = {"kontord PlaceOrder": Itself(broker), **peers(broker)}
    found = {}
    for callers in CALLERS:
        loads = {name: lambda s=server: bench.load(broker, s, "place", callers, project="coast/p1",
                                                   offer=OFFER, prefix=bench.prefix())
                 for name, server in servers.items()}
        if callers == CALLERS[-1]:
            loads["bare writer, same rows"] = lambda: bare(broker)
            loads["bare writer, one 2.5 KB row"] = lambda: bare(
                broker, "--row-bytes", str(ROW_BYTES), "--commits", str(ROW_COMMITS))
        rows = bench.interleave(loads)
        found[callers] = bench.table(f"PlaceOrder, durable, one item, {callers} callers", rows,
                                     "kontord PlaceOrder", "orders/s")
        bench.out[f"place_{callers}"] = found[callers]
    judge(bench, found)
    for server in servers.values():
        server.close()


def judge(bench, found):
    many = found[CALLERS[-1]]
    ours = many["kontord PlaceOrder"]
    bench.goal("PlaceOrder / bare writer of the same rows, 64 callers: orders/s",
               ratio(ours, many["bare writer, same rows"], "per_second"), 0.5)
    for name, least in (("grpc-go, one transaction each", 3), ("grpc-go, batched", 1.2)):
        if name in many:
            bench.goal(f"PlaceOrder / {name}, 64 callers: orders/s",
                       ratio(ours, many[name], "per_second"), least)
            bench.goal(f"PlaceOrder / {name}, 64 callers: RSS", ratio(ours, many[name], "rss_mib"), 1, False)
    name = "grpc-go, one transaction each"
    if name in found[1]:
        bench.goal(f"PlaceOrder / {name}, one caller: p50",
                   ratio(found[1]["kontord PlaceOrder"], found[1][name], "p50_us"), 1.1, False)
