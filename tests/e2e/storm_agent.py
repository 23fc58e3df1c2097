"""A provider's agent of a storm on bare calls. It takes what libkontor's leaves to others, too: to say
whether work that has begun can still be cancelled.

Whenever the broker refuses what it did not expect, it gives its session up: what it holds comes
back by itself once the lease is over.
"""
import time
import uuid

from client import Refused
from ledger import Ledger
from storm_part import UNKNOWN
from storm_plan import LEASE_S, OFFERS

OVER = ("ABORTED", "FAILED_PRECONDITION", "NOT_FOUND", "ALREADY_EXISTS")


class Lost(Exception):
    """The lease is over, or the job is another's now."""


class Agent:
    def __init__(self, town, plan, number, life):
        self.client = town.client("alpine", "agent")
        self.ledger = Ledger(town.path("backend"), f"bare-{number}")
        self.is_blind, self.is_messy = "blind" in plan.plants, "messy" in plan.plants
        self.chance = plan.chance("agent", number, life)
        self.session, self.lease_end = None, 0.0

    def run(self):
        while True:
            try:
                self.serve()
            except Lost:
                pass

    # Calls -----------------------------------------------------------------------------

    def call(self, method, **fields):
        """One call until its outcome is known, with the same request_id, or the lease is over."""
        service = "OrderService." if method.startswith("Decide") else "FulfilmentService."
        if method != "Renew":
            fields["request_id"] = str(uuid.uuid4())
        while self.session is None or time.monotonic() < self.lease_end:
            try:
                return self.client.call(service + method, timeout=3, **fields)
            except Refused as refused:
                if refused.status in OVER and refused.reason != "CONTENTION":
                    raise Lost() from None
                if refused.status not in (*UNKNOWN, "ABORTED", "RESOURCE_EXHAUSTED"):
                    raise
        raise Lost()

    def renew(self):
        """The kinds of what is held, by item; a lease counts from when it was asked for."""
        asked = time.monotonic()
        reply = self.call("Renew", session=self.session)
        self.lease_end = asked + reply["lease_seconds"]
        return {job["item"]: job["kind"] for job in reply.get("jobs", [])}

    def serve(self):
        self.session = None
        asked = time.monotonic()
        session = self.call("RegisterAgent", offers=list(OFFERS), max_parallel=2,
                            lease_seconds=LEASE_S)
        self.session, self.lease_end = session["id"], asked + LEASE_S
        while True:
            self.renew()
            reply = self.call("Claim", session=self.session, max=2, wait_seconds=1)
            for job in reply.get("jobs", []):
                self.renew()
                self.work(job)

    # Work ------------------------------------------------------------------------------

    def work(self, job):
        proof = {"item": job["item"], "fence": job["fence"]}
        if job["kind"] == "PROVISION":
            self.provision(job, proof)
        elif job["kind"] == "ASSESS_CANCEL":
            self.assess(job, proof)
        else:
            self.remove(job, proof)

    def labour(self):
        """Takes its time, and touches nothing once the lease is over."""
        time.sleep(self.chance.uniform(0, 0.1))
        if time.monotonic() >= self.lease_end:
            raise Lost()

    def provision(self, job, proof):
        luck = self.chance.random()
        if not job.get("prior_intent"):
            if luck < 0.02:
                self.call("Release", reason="not now", **proof)
                return
            self.call("Begin", intent=job["intent"], **proof)
        self.make(job)
        if 0.02 < luck < 0.05:
            failure = "UNKNOWN" if luck < 0.04 else "PERMANENT"
            self.call("Fail", failure=failure, reason="the backend is in trouble", **proof)
            return
        if self.renew().get(job["item"]) == "ASSESS_CANCEL":
            self.assess(job, proof)
            return
        self.complete(job, proof)

    def make(self, job):
        """Looks before it creates whenever somebody may have created it."""
        intent = job["intent"]
        if job.get("prior_intent") and not self.is_blind:
            found = self.ledger.exists(job["prior_intent"])
            self.ledger.tell(intent, "found" if found else "absent", job["attempt"])
            if found:
                return
        self.labour()
        self.ledger.tell(intent, "create", job["attempt"])
        self.labour()

    def complete(self, job, proof):
        self.call("Complete", delivery={"backend_id": job["intent"]}, **proof)

    def assess(self, job, proof):
        """Accepted, the job is kept to undo what there is; declined, it is kept to go on."""
        item = {"id": job["item"], "fence": job["fence"]}
        if self.chance.random() < 0.6:
            self.call("DecideCancel", decision="ACCEPT", **item)
            self.remove(job, proof)
            return
        self.call("DecideCancel", decision="DECLINE", reason="it is nearly done", **item)
        self.make({**job, "prior_intent": job["intent"]})
        self.complete(job, proof)

    def remove(self, job, proof):
        self.labour()
        if not self.is_messy:
            is_there = self.ledger.exists(job["intent"])
            self.ledger.tell(job["intent"], "remove" if is_there else "gone", job["attempt"])
        self.call("Complete", **proof)


def agent(town, plan, number, life):
    Agent(town, plan, number, life).run()
