"""Who speaks in the script, and how something is said in it."""
import uuid

PEOPLE = (("alpine", "operator", "ops-desk", "p:alpine/compute p:alpine/young"),
          ("alpine", "agent", "agent-1", "p:alpine/compute"),
          ("alpine", "shifter", "shifter-1", "r:alpine"),
          ("alpine", "site_admin", "site-1", "r:alpine"),
          ("alpine", "certifier", "certifier-1", "r:alpine"),
          ("alpine", "monitor", "monitor-1", "r:alpine"),
          ("coast", "portal", "web", "r:coast"),
          ("coast", "approver", "approver-1", "r:coast"),
          ("coast", "shifter", "shifter-1", "j:coast/p1"),
          ("coast", "reader", "reader-1", "r:coast"))
HOME, COAST, PORTAL, OPERATOR, AGENT, SITES = (
    "alpine/admin", "coast/admin", "coast/portal", "alpine/operator", "alpine/agent",
    "alpine/site_admin")
EVERYBODY = (HOME, COAST, *(f"{registry}/{role}" for registry, role, _, _ in PEOPLE))
DISK, GPU = "alpine/block-storage/standard", "alpine/notebooks/gpu"
FOREVER = 86400  # Seconds of a lease: no session ends by itself.


def fresh(p):
    return str(uuid.UUID(int=p.random.getrandbits(128), version=4))


def word(p, size=8):
    return "".join(p.random.choice("abcdefghijklmnopqrstuvwxyzäß ") for _ in range(size)).strip()


def repeats(p, who, method, **fields):
    """Asks, asks the same again, and something else under the same request_id."""
    fields["request_id"] = fresh(p)
    first = p.ask(who, method, **fields)
    p.ask(who, method, **fields)
    other = {**fields, "validate_only": True} if "validate_only" not in fields else fields
    p.ask(who, method, **other)
    # Not a word of the contract, which has no other content.
    name = next(name for name, value in fields.items() if not str(value).isupper())
    p.ask(who, method, **{**fields, name: changed(fields[name])})
    return first


def changed(value):
    """A value of the same form with another content."""
    if isinstance(value, dict):
        key = sorted(value)[-1]
        return {**value, key: changed(value[key])}
    if isinstance(value, list):
        return value[:-1]
    return value + "x" if isinstance(value, str) else not value


def pages(p, who, method, size, **fields):
    """A list to its end, and its first token with another question."""
    token = ""
    while token is not None:
        reply = p.ask(who, method, page_size=size, page_token=token, **fields) or {}
        if token == "" and reply.get("next_page_token"):
            p.ask(who, method, page_size=size + 1, page_token=reply["next_page_token"])
            p.ask(who, method, page_token=reply["next_page_token"][:-2] + "xx")
        token = reply.get("next_page_token")


# ---- Chapters -----------------------------------------------------------------------------------


def past(p, people, method, name):
    """A record at positions of all times."""
    for seq in sorted({1, p.seq, p.seq + 1, p.seq + 10 ** 9,
                       *(p.random.randint(1, p.seq) for _ in range(6))}):
        for who in people:
            p.ask(who, method, id=name, as_of={"seq": str(seq)})
    for moment in ("1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z"):
        p.ask(people[0], method, id=name, as_of={"time": moment})
