"""Reading one service: the bare core, health, the plain services, and GetService itself."""
import os

from furniture import SERVICE
from measure import Itself, echo, plain_go, plain_node, ratio

CALLERS = (1, 16, 64)


def stored(broker):
    """The service as bytes, in a file of the broker's folder; and how many."""
    portal = broker.client("coast", "portal")
    get = portal.channel.unary_unary("/kontor.v1.CatalogueService/GetService")
    reply = get(bytes([10, len(SERVICE)]) + SERVICE.encode(), timeout=10)
    path = os.path.join(broker.folder, "service.bin")
    with open(path, "wb") as file:
        file.write(reply)
    return path, len(reply)


def run(bench, broker):
    path, size = stored(broker)
    servers = {"bare C echo": echo(broker, size),
               "kontord": Itself(broker)}
    for name, plain in (("Go", plain_go), ("Node", plain_node)):
        peer = plain(broker, db=os.path.join(broker.folder, name + ".db"), record=path, size=size)
        if peer is None:
            print(f"plain service in {name}: left out, it is not built (tests/peers/peers.py plain)")
        else:
            servers[name] = peer
    calls = [("bare C echo", "bare C echo", "echo"), ("kontord health Check", "kontord", "health"),
             ("grpc-go echo", "Go", "echo"), ("grpc-js echo", "Node", "echo"),
             ("kontord GetService", "kontord", "get"), ("grpc-go + SQLite GetService", "Go", "get"),
             ("grpc-js + SQLite GetService", "Node", "get")]
    for callers in CALLERS:
        loads = {name: lambda s=server, c=call: bench.load(broker, servers[s], c, callers, id=SERVICE)
                 for name, server, call in calls if server in servers}
        found = bench.table(f"GetService, a reply of {size} bytes, {callers} callers",
                            bench.interleave(loads), "bare C echo")
        bench.out[f"get_{callers}"] = found
    judge(bench, found)
    for server in servers.values():
        server.close()


def judge(bench, found):
    """Of 64 callers."""
    ours, bare = found["kontord GetService"], found["bare C echo"]
    bench.goal("GetService / bare C echo, 64 callers: calls/s", ratio(ours, bare, "per_second"), 0.85)
    bench.goal("GetService / bare C echo, 64 callers: p99", ratio(ours, bare, "p99_us"), 1.5, False)
    for name, least, most in (("grpc-go", 2, 1), ("grpc-js", 6, 0.25)):
        theirs = found.get(f"{name} + SQLite GetService")
        if theirs:
            bench.goal(f"GetService / {name} + SQLite: calls per server-CPU second",
                       ratio(theirs, ours, "cpu_us"), least)
            bench.goal(f"RSS under load / {name} + SQLite", ratio(ours, theirs, "rss_mib"), most, False)
