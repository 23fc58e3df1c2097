"""The part of the script about orders: placed, decided, carried out, changed."""
from datetime import date

from phrases import (AGENT, COAST, DISK, FOREVER, GPU, HOME, OPERATOR, PORTAL, fresh, pages, past,
                     repeats, word)
from sealing import CERTIFICATE, SEALED
from test_order import example


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
        for offer in ("alpine/block-storage/standard", "alpine/notebooks/gpu"):
            p.ask(who, "OrderService.GetStock", offer=offer)
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
    opinions(p)


def opinions(p):
    """What customers say of what was delivered, and what they wait for."""
    told = {"order": "coast/o-1", "order_rating": 4, "text": word(p, 30)}
    for who in (OPERATOR, PORTAL):
        for service in ("alpine/notebooks", "alpine/block-storage"):
            repeats(p, who, "OrderService.GiveOpinion", services=[{"service": service, "rating": 5}], **told)
        pages(p, who, "OrderService.ListOpinions", 1)
        p.ask(who, "OrderService.ListOpinions", service="alpine/none")
    p.ask(PORTAL, "OrderService.GiveOpinion", services=[{"service": "alpine/block-storage", "rating": 6}], **told)
    for offer in (DISK, "alpine/none/x", GPU):
        repeats(p, PORTAL, "OrderService.ObserveOffer", id="coast/w-1", offer=offer)
        repeats(p, PORTAL, "OrderService.ObserveOffer", id="alpine/w-1", offer=offer)
    pages(p, PORTAL, "OrderService.ListObservations", 1)
    repeats(p, PORTAL, "OrderService.DeleteObservation", id="coast/w-1")


def questions(p, session):
    """Asked by both of the provider's side, held, and undone in the end."""
    item = "coast/o-5/storage"
    ask, hold = {"question": word(p, 30)}, {"cause": "MAINTENANCE", "reason": word(p)}
    for who in (PORTAL, OPERATOR, OPERATOR):
        p.ask(who, "OrderService.AskCustomer", id=item, **ask)
    for fields in ({}, {"answer": {"integer": "3"}}, {"is_withdrawn": True},
                   {"answer": {"text": word(p)}}):
        repeats(p, PORTAL, "OrderService.AnswerQuestion", id=item, **fields)
    repeats(p, PORTAL, "OrderService.RescheduleItem", id=item, start_at=f"{date.today().year + 2}-01-01T00:00:00Z",
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
