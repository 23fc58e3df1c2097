"""The people of a storm, each a process that is killed and goes on where it was: customers who place
and cancel, and a desk that approves, asks, answers, lets go on, and decides on cancels."""
from client import Refused, as_dict
from storm_part import Loaded, Notebook, repeat, stream
from storm_plan import BROKER

ITEM_STATES = Loaded.enum("ItemState")

# What a cancel may meet: all was over before, or too late.
LATE = ("FAILED_PRECONDITION",)


def customer(town, plan, number):
    """Does its errands in turn; one that was not written down is done again."""
    portal = town.client("coast", "portal")
    notebook = Notebook(town.path(f"customer-{number}"))
    done = len(notebook.read())
    for at, what, n, items in plan.errands(number)[done:]:
        town.wait_until(at)
        notebook.write(run_errand(portal, plan, what, n, items))


def run_errand(portal, plan, what, n, items):
    if what == "place":
        reply = repeat(portal, "OrderService.PlaceOrder", **plan.order(n))
        return {"placed": n, "seq": portal.seq, "replayed": reply.get("is_replayed", False)}
    try:
        repeat(portal, "OrderService.CancelOrder", id=f"coast/s-{n}", items=items,
               reason="changed my mind", request_id=plan.request_id(what, n))
    except Refused as refused:
        if refused.status not in LATE:
            raise
        return {"late": n, "reason": refused.reason}
    return {"cancelled": n, "seq": portal.seq}


class Desk:
    """Acts on what it sees items wait for. Some it leaves for ever: those wait for a named party."""

    STATES = ("AWAITING_APPROVAL", "PENDING_INFO", "PENDING_INFO_BEGUN", "HELD", "HELD_BEGUN",
              "ASSESSING_CANCELLATION")

    def __init__(self, town, plan):
        self.plan = plan
        self.operator = town.client("alpine", "operator")
        self.shifter = town.client("coast", "shifter")
        self.portal = town.client("coast", "portal")
        self.position = None

    def run(self):
        """What waits already, and then what comes to wait; from the list's position on."""
        for state in self.STATES:
            page = repeat(self.operator, "OrderService.ListItems", state=state, page_size=500)
            self.position = self.position or page["position"]
            for item in page.get("items", []):
                self.look(item)
        while True:
            try:
                self.follow()
            except Refused as refused:
                if refused.status not in ("UNAVAILABLE", "CANCELLED", "UNKNOWN"):
                    raise

    def follow(self):
        for message in stream(self.operator, "OrderService.WatchOrders", after=self.position,
                              kinds=["item"], follow=True):
            for change in message.changes:
                if ITEM_STATES.Name(change.item.state) in self.STATES:
                    self.look(as_dict(change.item))
                self.position = {**self.position, "seq": str(change.seq)}

    def look(self, item):
        act = {"AWAITING_APPROVAL": self.approve, "PENDING_INFO": self.answer,
               "PENDING_INFO_BEGUN": self.answer, "HELD": self.let_go_on,
               "HELD_BEGUN": self.let_go_on, "ASSESSING_CANCELLATION": self.decide_cancel}
        if item.get("state") not in act:
            return
        try:
            act[item["state"]](item)
        except Refused as refused:
            # It went on meanwhile, or this was said before the last kill.
            if refused.status not in ("FAILED_PRECONDITION", "ABORTED"):
                raise

    def call(self, who, method, item, **fields):
        repeat(who, "OrderService." + method, id=item["id"],
               request_id=self.plan.request_id(method, item["id"], item["revision"]), **fields)

    def chance(self, item, what):
        return self.plan.chance("desk", what, item["id"]).random()

    def approve(self, item):
        luck = self.chance(item, "approve")
        who = self.shifter if item["offer"] == BROKER else self.operator
        if luck < 0.12:
            return
        if luck < 0.2 and not item.get("questions"):
            self.call(self.operator, "AskCustomer", item, question="Which subnet?")
        elif luck < 0.27:
            self.call(who, "DecideItem", item, decision="REJECT", reason="not for you")
        else:
            self.call(who, "DecideItem", item, decision="APPROVE")

    def answer(self, item):
        if self.chance(item, "answer") < 0.6:
            self.call(self.portal, "AnswerQuestion", item, answer={"text": "the blue one"})

    def let_go_on(self, item):
        # A second time it is left: what fails again and again would never come to rest.
        is_first = sum(move["to"].startswith("HELD") for move in item["history"]) == 1
        if is_first and self.chance(item, "resume") < 0.5:
            self.call(self.operator, "ResumeItem", item, reason="try again")

    def decide_cancel(self, item):
        luck = self.chance(item, "cancel")
        if luck < 0.5:
            self.call(self.operator, "DecideCancel", item, decision="ACCEPT")
        elif luck < 0.65:
            self.call(self.operator, "DecideCancel", item, decision="DECLINE", reason="too late")
        # What is left is for the agents to say.


def desk(town, plan):
    Desk(town, plan).run()


__all__ = ["customer", "desk"]
