"""One long conversation with a broker: every service, and much that is refused.

Whatever it chooses it chooses by the player's random numbers, so that two brokers hear the same.
"""
import uuid

from broker import Broker
from noise import noise
from rights import MAY_CALL
from sealing import CERTIFICATE, SEALED
from talk import talk
from test_order import example

PEOPLE = (("alpine", "operator", "ops-desk", "p:alpine/compute"),
          ("alpine", "agent", "agent-1", "p:alpine/compute"),
          ("alpine", "shifter", "shifter-1", "r:alpine"),
          ("alpine", "site_admin", "site-1", "r:alpine"),
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

def trust(p):
    with open(p.broker.path("coast", "ca") + ".pem", encoding="ascii") as file:
        bundle = file.read()
    registry = {"id": "coast", "name": "Coast", "trust_domain": "coast.example", "bundle": bundle}
    admin = Broker.uri("coast", "admin", "ops")
    p.ask(HOME, "RegistryService.CreateRegistry", registry=registry)
    p.ask(HOME, "RegistryService.CreateRegistry", first_admin=admin,
          registry={**registry, "bundle": "none"})
    p.ask(HOME, "RegistryService.CreateRegistry", first_admin=admin, validate_only=True,
          registry=registry)
    repeats(p, HOME, "RegistryService.CreateRegistry", registry=registry, first_admin=admin)
    for registry, role, name, scope in PEOPLE:
        p.ask(f"{registry}/admin", "RegistryService.CreatePrincipal", request_id=fresh(p),
              principal={"id": f"{registry}/{name}", "identity": Broker.uri(registry, role, name),
                         "roles": [role.upper()], "scopes": [scope]})
    repeats(p, COAST, "RegistryService.CreatePrincipal", principal={
        "id": "coast/extra", "identity": "spiffe://coast.example/extra/*", "roles": ["READER"],
        "description": word(p)})
    p.ask(COAST, "RegistryService.CreatePrincipal", principal={
        "id": "coast/bad", "identity": "spiffe://alpine.example/x", "roles": ["READER"],
        "scopes": ["r:alpine"]})
    for who in EVERYBODY:
        p.ask(who, "RegistryService.WhoAmI")
    repeats(p, HOME, "RegistryService.UpdateRegistry",
            registry={"id": "alpine", "name": word(p), "website": "https://alpine.example/"})
    p.ask(HOME, "RegistryService.UpdateRegistry", expected_revision=1,
          registry={"id": "coast", "name": "Stale"})
    p.ask(HOME, "RegistryService.RotateBundle", id="coast", bundle=bundle * 2)
    p.ask(HOME, "RegistryService.SuspendRegistry", id="alpine", reason="x")
    p.ask(HOME, "RegistryService.SuspendRegistry", id="coast", reason=word(p))
    for method, fields in (("RegistryService.WhoAmI", {}), ("OrderService.ListProjects", {})):
        p.ask(PORTAL, method, **fields)
    p.ask(HOME, "RegistryService.ResumeRegistry", id="coast", request_id=fresh(p))
    p.ask(PORTAL, "OrderService.ListProjects")
    p.ask(COAST, "RegistryService.RevokeCertificate", registry="coast", fingerprint="ab" * 32,
          reason=word(p), request_id=fresh(p))
    p.ask(COAST, "RegistryService.RevokeCertificate", registry="alpine", fingerprint="cd" * 32,
          reason="x")
    p.ask(HOME, "RegistryService.DeletePrincipal", id="alpine/admin")
    repeats(p, COAST, "RegistryService.DeletePrincipal", id="coast/extra")
    pages(p, HOME, "RegistryService.ListPrincipals", 2)
    pages(p, COAST, "RegistryService.ListPrincipals", 3)
    pages(p, HOME, "RegistryService.ListRegistries", 1)
    for name in ("coast/web", "coast/extra", "alpine/agent-1"):
        p.ask(COAST, "RegistryService.GetPrincipal", id=name)


def catalogue(p):
    source = example("alpine.json")
    records = [{"provider": one} for one in source["providers"]]
    records += [{"service": one} for one in source["services"]]
    p.ask(HOME, "CatalogueService.Import", records=records, validate_only=True)
    again = fresh(p)
    for _ in range(2):
        p.ask(HOME, "CatalogueService.Import", records=records, request_id=again)
    p.ask(HOME, "CatalogueService.Import", records=records[:1], request_id=again)
    p.ask(HOME, "CatalogueService.Import", records=records)
    records[0]["provider"]["description"] = word(p, 300)
    records += [{"provider": {"id": "coast/theirs", "name": "x"}}, {"service": {"id": "no id"}}, {}]
    p.ask(HOME, "CatalogueService.Import", records=records, provider_fields="name,description")
    p.ask(HOME, "CatalogueService.Import", records=records, provider_fields="nonsense")
    for who in (OPERATOR, HOME):
        repeats(p, who, "CatalogueService.CreateProvider", provider={
            "id": "alpine/more", "name": word(p), "country": "CH"})
    for n in range(5):
        repeats(p, HOME, "CatalogueService.CreateService", service={
            "id": f"alpine/s-{n}", "provider": "alpine/compute", "name": f"{word(p)} {n}",
            "tags": [word(p) for _ in range(n)], "description": word(p, 40 * n),
            "phase": p.random.choice(("PRODUCTION", "FORTHCOMING", "DEPRECATED"))})
    for fields in ({"name": ""}, {"name": "x" * 257}, {"website": "gopher://x"},
                   {"id": "alpine/" + "x" * 300}, {"tags": ["x"] * 65}):
        p.ask(HOME, "CatalogueService.CreateProvider",
              provider={"id": "alpine/bad", "name": "Bad", **fields})
    for mask in ("name", "name,tags", "*", "id", "nonsense", ""):
        p.ask(HOME, "CatalogueService.UpdateProvider", update_mask=mask, request_id=fresh(p),
              provider={"id": "alpine/compute", "name": word(p), "tags": [word(p)]})
    reply = p.ask(HOME, "CatalogueService.GetProvider", id="alpine/compute")
    for revision in (reply["revision"], reply["revision"], "1"):
        p.ask(HOME, "CatalogueService.UpdateProvider", expected_revision=revision,
              provider={"id": "alpine/compute", "abbreviation": word(p)})
    p.ask(HOME, "CatalogueService.UpdateProvider", allow_missing=True,
          provider={"id": "alpine/made", "name": word(p)})
    p.ask(HOME, "CatalogueService.UpdateProvider", provider={"id": "alpine/not", "name": "x"})
    p.ask(HOME, "CatalogueService.UpdateService", update_mask="phase",
          service={"id": "alpine/s-1", "phase": "DECOMMISSIONED"})
    # More than some brokers are set to take.
    p.ask(HOME, "CatalogueService.Import", validate_only=True, records=[
        {"provider": {"id": f"alpine/large-{n}", "name": word(p), "description": word(p, 16000)}}
        for n in range(6)])
    for who in (HOME, PORTAL, COAST):
        pages(p, who, "CatalogueService.ListProviders", 2)
        pages(p, who, "CatalogueService.ListServices", 3, provider="alpine/compute")
        for query in ("", "disk", "notebook gp", word(p, 3)):
            p.ask(who, "CatalogueService.SearchServices", query=query, page_size=2)
        for name in ("alpine/s-1", "alpine/s-3", "alpine/none", "no id"):
            p.ask(who, "CatalogueService.GetService", id=name)
    past(p, (HOME, PORTAL), "CatalogueService.GetProvider", "alpine/compute")
    past(p, (HOME, PORTAL), "CatalogueService.GetService", "alpine/s-1")


def past(p, people, method, name):
    """A record at positions of all times."""
    for seq in sorted({1, p.seq, p.seq + 1, p.seq + 10 ** 9,
                       *(p.random.randint(1, p.seq) for _ in range(6))}):
        for who in people:
            p.ask(who, method, id=name, as_of={"seq": str(seq)})
    for moment in ("1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z"):
        p.ask(people[0], method, id=name, as_of={"time": moment})


def configuration(p):
    source = example("alpine.json")
    records = [{"site": s} for s in source["sites"]] + [{"endpoint": e} for e in
                                                        source["endpoints"]]
    for _ in range(2):
        p.ask(SITES, "ConfigurationService.Import", records=records)
    p.ask(SITES, "ConfigurationService.Import", records=records, site_fields="tier")
    hall = {"id": "alpine/hall", "short_name": "hall", "latitude": 46.5, "longitude": -0.25,
            "emergency_phone": word(p), "extensions": [{"key": "a", "value": word(p)}]}
    repeats(p, SITES, "ConfigurationService.CreateSite", site=hall)
    p.ask(SITES, "ConfigurationService.CreateSite", site={**hall, "id": "alpine/hall2"})
    p.ask(SITES, "ConfigurationService.CreateSite", site={**hall, "latitude": 91})
    p.ask(SITES, "ConfigurationService.UpdateSite", update_mask="tier,latitude",
          site={"id": "alpine/hall", "tier": word(p), "latitude": -0.0})
    for n in range(4):
        repeats(p, SITES, "ConfigurationService.CreateEndpoint", endpoint={
            "id": f"alpine/e-{n}", "site": "alpine/hall", "host": f"e{n}.example",
            "type": "lab", "description": word(p, 30), "is_production": n % 2 == 0})
        p.ask(SITES, "ConfigurationService.DeclareDowntime", downtime={
            "id": f"alpine/d-{n}", "severity": "OUTAGE", "description": word(p, 20),
            "start_at": f"21{p.random.randint(10, 49)}-01-01T00:00:00Z",
            "end_at": "2200-01-02T00:00:00.5Z",
            "affected": [{"site": "hall", "host": f"e{n}.example", "type": "lab"}]})
    for mask in ("description", "*", "site,host"):
        p.ask(SITES, "ConfigurationService.UpdateEndpoint", update_mask=mask, request_id=fresh(p),
              endpoint={"id": "alpine/e-1", "site": "alpine/hall", "host": "e1.example",
                        "type": "lab", "description": word(p)})
    p.ask(SITES, "ConfigurationService.CreateEndpoint",
          endpoint={"id": "alpine/e-9", "site": "alpine/none", "host": "x", "type": "x"})
    p.ask(SITES, "ConfigurationService.DeclareDowntime", downtime={
        "id": "alpine/d-9", "severity": "WARNING", "description": "x",
        "start_at": "2100-01-02T00:00:00Z", "end_at": "2100-01-01T00:00:00Z", "affected": [{}]})
    p.ask(SITES, "ConfigurationService.ReviseDowntime", update_mask="description,endAt",
          downtime={"id": "alpine/d-1", "description": word(p), "end_at": "2150-01-01T00:00:00Z"})
    p.ask(SITES, "ConfigurationService.CancelDowntime", id="alpine/d-2")
    repeats(p, SITES, "ConfigurationService.CancelDowntime", id="alpine/d-2", reason=word(p))
    p.ask(SITES, "ConfigurationService.CancelDowntime", id="alpine/d-2", reason="again")
    for who in (SITES, PORTAL):
        pages(p, who, "ConfigurationService.ListSites", 1)
        pages(p, who, "ConfigurationService.ListEndpoints", 2, site="alpine/hall")
        pages(p, who, "ConfigurationService.ListDowntimes", 2, ends_after="2120-01-01T00:00:00Z")
        for kind, name in (("Site", "hall"), ("Endpoint", "e-1"), ("Downtime", "d-2")):
            p.ask(who, f"ConfigurationService.Get{kind}", id=f"alpine/{name}")
    past(p, (SITES, PORTAL), "ConfigurationService.GetDowntime", "alpine/d-1")


def projects(p):
    for n in range(1, 4):
        repeats(p, PORTAL, "OrderService.CreateProject", project={
            "id": f"coast/p{n}", "name": f"{word(p)} {n}", "contact": {"name": word(p)}})
    p.ask(PORTAL, "OrderService.CreateProject", project={"id": "alpine/p1", "name": "x"})
    p.ask(PORTAL, "OrderService.CreateProject", project={"id": "coast/px", "country": "XXX"})
    p.ask(PORTAL, "OrderService.UpdateProject", project={"id": "coast/p3", "is_archived": True})
    p.ask(PORTAL, "OrderService.UpdateProject", update_mask="*",
          project={"id": "coast/p2", "name": word(p)})
    for who in (PORTAL, "coast/shifter", "alpine/shifter"):
        pages(p, who, "OrderService.ListProjects", 1)
        p.ask(who, "OrderService.GetProject", id="coast/p2")
    past(p, (PORTAL, "coast/shifter"), "OrderService.GetProject", "coast/p2")


def order_of(p, name, n_items=2, **more):
    order = example("order.json")
    order["id"], order["note"] = f"coast/{name}", word(p, 20)
    order["items"] = order["items"][:n_items]
    return {**order, "seal_to": [CERTIFICATE], **more}


def decide(p, name, who=OPERATOR, **fields):
    return p.ask(who, "OrderService.DecideItem", id=f"coast/{name}", request_id=fresh(p),
                 **{"decision": "APPROVE", **fields})


def orders(p):
    for n in range(6):
        order = order_of(p, f"o-{n}", 1 + n % 2)
        p.ask(PORTAL, "OrderService.PlaceOrder", validate_only=True, **order)
        p.ask(PORTAL, "OrderService.PlaceOrder", **order)
        p.ask(PORTAL, "OrderService.PlaceOrder", **order)
    p.ask(PORTAL, "OrderService.PlaceOrder", **order_of(p, "o-0"))
    for more in ({"project": "coast/none"}, {"project": "coast/p3"}, {"items": []},
                 {"id": "alpine/o-1"}, {"mode": 7}, {"note": "x" * 4097}):
        p.ask(PORTAL, "OrderService.PlaceOrder", **order_of(p, "o-bad", **more))
    for change in ({"offer": "alpine/block-storage/none"}, {"offer": "alpine/none/x"},
                   {"offer_rev": "99"}, {"parameters": []}, {"requires": ["nobody"]},
                   {"parameters": [{"id": "size_gb", "value": {"integer": "-1"}}]},
                   {"parameters": [{"id": "other", "value": {"text": word(p)}}]},
                   {"id": "no good"}):
        order = order_of(p, "o-bad", 1)
        order["items"][0].update(change)
        p.ask(PORTAL, "OrderService.PlaceOrder", **order)
    decide(p, "o-0/storage", decision="REJECT")
    decide(p, "o-0/storage", decision="REJECT", reason=word(p))
    decide(p, "o-1/storage", who="coast/approver")
    decide(p, "o-1/storage", who="alpine/shifter")
    decide(p, "o-1/storage", expected_revision="1")
    repeats(p, OPERATOR, "OrderService.DecideItem", decision="APPROVE", reason=word(p),
            id="coast/o-1/storage")
    decide(p, "o-1/storage")
    decide(p, "o-1/nothing")
    p.ask(PORTAL, "OrderService.CancelOrder", id="coast/o-3", items=["notebook", "none"])
    repeats(p, PORTAL, "OrderService.CancelOrder", reason=word(p), id="coast/o-3",
            items=["notebook"])
    p.ask(PORTAL, "OrderService.CancelOrder", id="coast/o-4", expected_revision="1")
    repeats(p, PORTAL, "OrderService.CancelOrder", id="coast/o-4", reason=word(p))
    p.ask(PORTAL, "OrderService.ResumeItem", id="coast/o-1/storage")
    for who in (PORTAL, OPERATOR, "coast/shifter", "alpine/shifter", COAST):
        for n in range(7):
            p.ask(who, "OrderService.GetOrder", id=f"coast/o-{n}")
            p.ask(who, "OrderService.AllowedActions", id=f"coast/o-{n}")
        for state in ("ORDER_STATE_UNSPECIFIED", "ORDER_ACKNOWLEDGED", "ORDER_CANCELLED"):
            pages(p, who, "OrderService.ListOrders", 2, state=state)
        pages(p, who, "OrderService.ListOrders", 3, project="coast/p1")
        pages(p, who, "OrderService.ListItems", 2, offer=DISK)
        pages(p, who, "OrderService.ListItems", 2, state="AWAITING_APPROVAL")
        p.ask(who, "OrderService.ListOrders", waiting_only=True)
        p.ask(who, "ConfigurationService.Trace", order="coast/o-1")
    past(p, (PORTAL, OPERATOR), "OrderService.GetOrder", "coast/o-1")
    past(p, (PORTAL, OPERATOR), "OrderService.GetOrder", "coast/o-4")


def fulfilment(p):
    registered = {"offers": [DISK, GPU], "max_parallel": 8, "lease_seconds": FOREVER}
    p.ask(AGENT, "FulfilmentService.RegisterAgent", validate_only=True, **registered)
    session = repeats(p, AGENT, "FulfilmentService.RegisterAgent", **registered)["id"]
    p.ask(AGENT, "FulfilmentService.RegisterAgent", offers=["alpine/none/x"])
    p.ask(AGENT, "FulfilmentService.RegisterAgent", offers=[DISK, DISK], lease_seconds=1)
    p.ask(OPERATOR, "FulfilmentService.ListAgents")
    proof = claim(p, session)
    p.ask(AGENT, "FulfilmentService.Claim", session=session, max=4)
    p.ask(AGENT, "FulfilmentService.Claim", session="alpine/none")
    begin(p, proof)
    p.ask(AGENT, "FulfilmentService.Renew", session=session)
    for words in ({"milestone": word(p)}, {"note": word(p, 40), "progress": 50}, {},
                  {"progress": 101}, {"expected_at": "2100-01-01T00:00:00Z"}):
        p.ask(AGENT, "FulfilmentService.Report", request_id=fresh(p), **proof, **words)
    repeats(p, PORTAL, "OrderService.CancelOrder", id="coast/o-1", items=["storage"],
            reason=word(p))
    p.ask(AGENT, "FulfilmentService.Renew", session=session)
    for who, fields in ((OPERATOR, {}), (AGENT, {"reason": word(p)}),
                        (AGENT, {"reason": word(p), "fence": proof["fence"]})):
        p.ask(who, "OrderService.DecideCancel", id=proof["item"], decision="DECLINE", **fields)
    p.ask(AGENT, "FulfilmentService.Release", **proof)
    complete(p, proof)
    # A claim that waits is woken by what comes to be done.
    join = p.aside(AGENT, "FulfilmentService.Claim", session=session, wait_seconds=50)
    decide(p, "o-1/notebook")
    woken = job_of(p, join()["jobs"][0])
    begin(p, woken)
    p.ask(AGENT, "FulfilmentService.Report", milestone="handed over", **woken)
    p.ask(PORTAL, "OrderService.CancelOrder", id="coast/o-1")
    # Until a person has to look.
    for _ in range(7):
        p.ask(AGENT, "FulfilmentService.Fail", reason=word(p), failure="RETRYABLE", **woken)
    p.ask(PORTAL, "OrderService.ResumeItem", id=woken["item"])
    repeats(p, OPERATOR, "OrderService.ResumeItem", reason=word(p), id=woken["item"])
    again = p.ask(AGENT, "FulfilmentService.Claim", session=session, wait_seconds=50)
    proof = job_of(p, again["jobs"][0])
    p.ask(AGENT, "FulfilmentService.Fail", reason=word(p), failure="UNKNOWN", **proof)
    for who in (OPERATOR, HOME):
        p.ask(who, "OrderService.OverrideItem", id=woken["item"], override="FAIL")
        repeats(p, who, "OrderService.OverrideItem", override="FAIL", reason=word(p),
                id=woken["item"])
        p.ask(who, "OrderService.OverrideItem", id=woken["item"], reason="x",
              override="ABANDON_CLEANUP")
    questions(p, session)
    instances(p, session)
    for name, end in (("o-2", "Release"), ("o-2", "Fail")):
        decide(p, f"{name}/storage")
        proof = claim(p, session)
        fields = {"reason": word(p), **({"failure": "PERMANENT"} if end == "Fail" else {})}
        p.ask(AGENT, f"FulfilmentService.{end}", request_id=fresh(p), **proof, **fields)
        p.ask(AGENT, "FulfilmentService.Report", note="late", **proof)
    for who in (PORTAL, OPERATOR):
        for n in range(6):
            p.ask(who, "OrderService.GetOrder", id=f"coast/o-{n}")
            p.ask(who, "ConfigurationService.Trace", order=f"coast/o-{n}")
        past(p, (who,), "OrderService.GetOrder", "coast/o-1")
    pages(p, OPERATOR, "FulfilmentService.ListAgents", 1)


def instances(p, session):
    """What was delivered is changed, one order at a time."""
    item = "coast/o-1/storage"
    for who in (PORTAL, OPERATOR, "coast/shifter"):
        p.ask(who, "OrderService.GetInstance", id=item)
        pages(p, who, "OrderService.ListInstances", 1)
    p.ask(PORTAL, "OrderService.ListInstances", project="coast/p1", state="INSTANCE_ACTIVE")
    size = [{"id": "size_gb", "value": {"integer": "300"}}]
    change = {"id": "x", "action": "ACTION_MODIFY", "instance": item, "parameters": size}
    order = order_of(p, "i-1", 1, items=[change])
    p.ask(PORTAL, "OrderService.PlaceOrder", validate_only=True, **order)
    for name in ("i-1", "i-1", "i-2"):
        p.ask(PORTAL, "OrderService.PlaceOrder", **{**order, "id": f"coast/{name}"})
    for more in ({"instance": ""}, {"action": "ADD"}, {"action": "ACTION_RESUME"},
                 {"instance": "coast/o-9/x"}):
        p.ask(PORTAL, "OrderService.PlaceOrder",
              **order_of(p, "i-bad", 1, items=[{**change, **more}]))
    decide(p, "i-1/x")
    proof = claim(p, session)
    p.ask(AGENT, "FulfilmentService.Begin", intent=p.intent, **proof)
    p.ask(AGENT, "FulfilmentService.Complete", **proof)
    p.ask(PORTAL, "OrderService.GetInstance", id=item)


def questions(p, session):
    """Asked by both of the provider's side, held, and undone in the end."""
    item = "coast/o-5/storage"
    ask, hold = {"question": word(p, 30)}, {"cause": "MAINTENANCE", "reason": word(p)}
    for who in (PORTAL, OPERATOR, OPERATOR):
        p.ask(who, "OrderService.AskCustomer", id=item, **ask)
    for fields in ({}, {"answer": {"integer": "3"}}, {"is_withdrawn": True},
                   {"answer": {"text": word(p)}}):
        repeats(p, PORTAL, "OrderService.AnswerQuestion", id=item, **fields)
    repeats(p, PORTAL, "OrderService.RescheduleItem", id=item, start_at="2100-01-01T00:00:00Z",
            reason=word(p))
    p.ask(OPERATOR, "OrderService.RescheduleItem", id=item)
    decide(p, "o-5/storage")
    p.ask(PORTAL, "OrderService.RescheduleItem", id=item)
    p.ask(OPERATOR, "OrderService.HoldItem", id=item, cause="BY_CUSTOMER", reason="x")
    repeats(p, OPERATOR, "OrderService.HoldItem", id=item, **hold)
    p.ask(OPERATOR, "OrderService.ResumeItem", id=item)
    proof = claim(p, session)
    p.ask(AGENT, "FulfilmentService.AskInfo", **proof, **ask)
    p.ask(AGENT, "FulfilmentService.AskInfo", **proof, **ask)
    p.ask(OPERATOR, "OrderService.AnswerQuestion", id=item, is_withdrawn=True)
    proof = claim(p, session)
    again = fresh(p)
    for _ in range(2):
        p.ask(AGENT, "FulfilmentService.Hold", request_id=again, **proof, **hold)
    p.ask(OPERATOR, "OrderService.ResumeItem", id=item)
    proof = claim(p, session)
    begin(p, proof)
    repeats(p, PORTAL, "OrderService.CancelOrder", id="coast/o-5")
    p.ask(AGENT, "OrderService.DecideCancel", id=item, decision="ACCEPT", fence=proof["fence"])
    p.ask(AGENT, "FulfilmentService.Hold", **proof, **hold)
    p.ask(AGENT, "FulfilmentService.Complete", delivery={"backend_id": "x"}, **proof)
    p.ask(AGENT, "FulfilmentService.Fail", reason=word(p), failure="PERMANENT", **proof)
    proof = claim(p, session)
    p.ask(AGENT, "FulfilmentService.Complete", **proof)
    p.ask(AGENT, "FulfilmentService.Complete", **proof)


def job_of(p, job):
    p.intent = job["intent"]
    return {"item": job["item"], "fence": job["fence"]}


def claim(p, session):
    fields = {"session": session, "request_id": fresh(p)}
    reply = p.ask(AGENT, "FulfilmentService.Claim", **fields)
    p.ask(AGENT, "FulfilmentService.Claim", **fields)
    return job_of(p, reply["jobs"][0])


def begin(p, proof):
    p.ask(AGENT, "FulfilmentService.Begin", intent="my own", **proof)
    p.ask(AGENT, "FulfilmentService.Begin", item=proof["item"], fence="1", intent=p.intent)
    again = fresh(p)
    for _ in range(2):
        p.ask(AGENT, "FulfilmentService.Begin", intent=p.intent, request_id=again, **proof)
    p.ask(AGENT, "FulfilmentService.Begin", intent=p.intent, **proof)


def complete(p, proof):
    delivery = {"backend_id": word(p), "endpoints": ["alpine/e-1"],
                "outputs": [{"id": "url", "value": {"text": word(p)}}], "sealed": SEALED}
    p.ask(AGENT, "FulfilmentService.Complete", **proof)
    p.ask(AGENT, "FulfilmentService.Complete", **proof,
          delivery={**delivery, "endpoints": ["alpine/none"]})
    again = fresh(p)
    for _ in range(2):
        p.ask(AGENT, "FulfilmentService.Complete", delivery=delivery, request_id=again, **proof)
    p.ask(AGENT, "FulfilmentService.Complete", delivery=delivery, **proof)
    p.ask(AGENT, "FulfilmentService.Complete", delivery={"backend_id": "other"}, **proof)
    repeats(p, PORTAL, "OrderService.OpenAccess", id=proof["item"])


def watches(p):
    for who, method, prefix in (
            (PORTAL, "OrderService.WatchOrders", "coast/o-1"),
            (OPERATOR, "OrderService.WatchOrders", "coast"),
            ("coast/shifter", "OrderService.WatchOrders", ""),
            (HOME, "CatalogueService.Watch", ""), (PORTAL, "CatalogueService.Watch", "alpine/s-1"),
            (SITES, "ConfigurationService.Watch", ""),
            (PORTAL, "ConfigurationService.Watch", "alpine/d-1")):
        for seq in (0, p.random.randint(1, p.seq), p.seq, p.seq + 1):
            p.ask(who, method, after={"seq": str(seq)}, id_prefix=prefix)
        p.ask(who, method, after={"seq": "0", "scope_tag": "other"})
        p.ask(who, method, kinds=["nonsense"])
    p.ask(PORTAL, "OrderService.WatchOrders", after={"seq": "0"}, kinds=["item"])
    for after in (0, p.random.randint(1, p.seq), p.seq, p.seq + 1):
        p.ask(HOME, "RegistryService.ReadLog", after=str(after))
    p.ask(HOME, "RegistryService.GetStatus")
    p.ask("alpine/monitor", "RegistryService.GetStatus")


def strangers(p):
    """Everybody calls everything with nothing in it, and with what is another's."""
    for method in sorted(MAY_CALL):
        for who in EVERYBODY:
            p.ask(who, method)
    theirs = (("OrderService.GetOrder", {"id": "coast/o-1"}),
              ("OrderService.CancelOrder", {"id": "coast/o-1"}),
              ("OrderService.UpdateProject", {"project": {"id": "coast/p1", "name": "x"}}),
              ("CatalogueService.UpdateProvider", {"provider": {"id": "alpine/compute",
                                                                "name": "x"}}),
              ("ConfigurationService.UpdateSite", {"site": {"id": "alpine/hall", "tier": "x"}}),
              ("RegistryService.GetRegistry", {"id": "coast"}),
              ("RegistryService.GetRegistry", {"id": "alpine"}))
    for method, fields in theirs:
        for who in EVERYBODY:
            p.ask(who, method, validate_only=True, **fields) if "Get" not in method \
                else p.ask(who, method, **fields)
    for _ in range(20):
        raw = bytes(p.random.getrandbits(8) for _ in range(p.random.randint(1, 40)))
        p.bytes(HOME, p.random.choice(p.schema.methods()), raw)


CHAPTERS = (trust, catalogue, configuration, projects, orders, fulfilment, talk, watches,
            strangers, noise)


def play(p, chapters=CHAPTERS):
    """All of it; streams that were opened at the beginning hear it to the end."""
    p.seq = 1
    for chapter in chapters:
        p.chapter = chapter.__name__
        if chapter is catalogue:
            p.follow(HOME, "CatalogueService.Watch", after={"seq": "0"})
            p.follow(PORTAL, "OrderService.WatchOrders", after={"seq": "0"})
            p.follow(HOME, "RegistryService.ReadLog")
        chapter(p)
    p.chapter = "end"
    ends = []
    for who, method, fields in (
            (HOME, "CatalogueService.UpdateProvider",
             {"provider": {"id": "alpine/compute", "logo": word(p)}}),
            (PORTAL, "OrderService.UpdateProject",
             {"project": {"id": "coast/p1", "description": word(p)}}),
            (HOME, "RegistryService.UpdateRegistry",
             {"registry": {"id": "alpine", "name": word(p)}})):
        ends.append(int(p.ask(who, method, **fields)["revision"]))
    p.unfollow(ends)
    return p.steps
