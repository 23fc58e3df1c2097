"""What is said about orders: messages of every scope, and what is refused of them."""
import uuid

WRITERS = ("coast/portal", "coast/approver", "coast/shifter", "alpine/operator", "alpine/agent",
           "alpine/shifter")


def talk(p):
    post, listing = "OrderService.PostMessage", "OrderService.ListMessages"
    for who in WRITERS:
        for n, fields in enumerate(({}, {"item": "storage"}, {"scope": "INTERNAL"},
                                    {"to": "alpine/ops-desk"}, {"to": "coast/web"},
                                    {"to": "coast/nobody"}, {"scope": "PUBLIC", "to": "coast/web"},
                                    {"scope": "DIRECT"}, {"item": "none"},
                                    {"validate_only": True}, {"text": ""})):
            said = {"order": "coast/o-1", "text": f"{who} says {n}", **fields}
            said["request_id"] = str(uuid.UUID(int=p.random.getrandbits(128), version=4))
            for _ in range(2):
                p.ask(who, post, **said)
            p.ask(who, post, **{**said, "text": "something else"})
    for who in (*WRITERS, "alpine/admin", "coast/admin"):
        for order in ("coast/o-1", "coast/o-2", "coast/none"):
            p.ask(who, listing, order=order)
        token = ""
        while token is not None:
            reply = p.ask(who, listing, order="coast/o-1", page_size=3, page_token=token) or {}
            token = reply.get("next_page_token")
        for seq in (1, p.seq, p.seq + 10 ** 9):
            p.ask(who, listing, order="coast/o-1", as_of={"seq": str(seq)})
        p.ask(who, "OrderService.WatchOrders", after={"seq": "0"}, kinds=["message"])
