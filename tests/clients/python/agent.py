"""A provider's agent: carries out what is ordered from some offers, one job at a time."""
import os
import subprocess
import tempfile
import threading
import time
import uuid

import grpc
from kontor.v1 import catalogue_pb2, fulfilment_service_pb2, order_pb2

from connect import is_open, refusal_of, repeat


class NobodyKnows(Exception):
    """A backend's: it did not answer, and may have made the object all the same."""


class Lost(Exception):
    """An agent's: the job is somebody else's now, or may be."""


class Agent:
    # docs:begin register
    def __init__(self, jobs, lease_seconds, *offers, on_retry=lambda refusal: None):
        """Opens a session: what holds the leases of all jobs it claims."""
        self.jobs = jobs
        self.on_retry = on_retry
        self.lock = threading.Lock()  # of what follows: renewals come from another thread
        self.fence = 0                # of the job that was claimed last
        self.claimed_at = 0.0
        self.is_lost = False          # that job is somebody else's now, or the session is over
        asked = time.monotonic()
        self.session = repeat(jobs.RegisterAgent, fulfilment_service_pb2.RegisterAgentRequest(
            offers=offers, max_parallel=1, lease_seconds=lease_seconds,
            kinds=[order_pb2.PROVISION], request_id=str(uuid.uuid4())))
        self.lease_end = asked + self.session.lease_seconds
    # docs:end register

    # docs:begin renew
    def renew(self):
        """Extends the lease of everything the session holds.

        The lease counts from when it was asked for, since the answer may have taken long. A job
        that is missing in the answer, or has become another kind because its customer cancels, is
        not to be gone on with.
        """
        asked = time.monotonic()
        reply = self.jobs.Renew(fulfilment_service_pb2.RenewRequest(session=self.session.id),
                                timeout=10)
        with self.lock:
            self.lease_end = asked + reply.lease_seconds
            is_held = any(job.fence == self.fence and job.kind == order_pb2.PROVISION
                          for job in reply.jobs)
            if not is_held and self.claimed_at < asked:
                self.is_lost = True
        return reply

    def keep_renewing(self, stopped):
        """Renews at a third of the lease, so that a renewal may fail, until an event is set."""
        while not stopped.wait(self.session.lease_seconds / 3):
            try:
                self.renew()
            except grpc.RpcError as error:
                if not is_open(refusal_of(error)):
                    with self.lock:
                        self.is_lost = True
                    return

    def may_create(self):
        """Whether something new may still be begun for the job."""
        with self.lock:
            return not self.is_lost and time.monotonic() < self.lease_end
    # docs:end renew

    # docs:begin calls
    def claim(self):
        """Waits for a job; None: there was none within 20 seconds."""
        reply = repeat(self.jobs.Claim, fulfilment_service_pb2.ClaimRequest(
            session=self.session.id, max=1, wait_seconds=20, request_id=str(uuid.uuid4())))
        if not reply.jobs:
            return None
        with self.lock:
            self.fence, self.claimed_at = reply.jobs[0].fence, time.monotonic()
            self.is_lost = False
        return reply.jobs[0]

    def say(self, method, job, **fields):
        """Says something about a job: the item, and the fence that proves the claim, go with it."""
        fields.setdefault("request_id", str(uuid.uuid4()))
        request = getattr(fulfilment_service_pb2, method + "Request")
        return repeat(getattr(self.jobs, method),
                      request(item=job.item, fence=job.fence, **fields), on_retry=self.on_retry)

    def begin(self, job):
        """From here on the object may exist."""
        return self.say("Begin", job, intent=job.intent)

    def complete(self, job, delivery):
        return self.say("Complete", job, delivery=delivery)

    def ask(self, job, question, minimum, maximum):
        """Asks the customer for a number. The job ends; once it is answered it can be claimed
        again."""
        limits = catalogue_pb2.IntegerParameter(minimum=minimum, maximum=maximum)
        return self.say("AskInfo", job, question=question, expects=catalogue_pb2.Parameter(
            id="answer", label="Answer", required=True, integer=limits))
    # docs:end calls

    # docs:begin serve
    def serve(self, backend, deliveries, outputs):
        """Claims and carries out jobs until so many are completed; answers how many were."""
        stopped = threading.Event()
        renewals = threading.Thread(target=self.keep_renewing, args=(stopped,), daemon=True)
        renewals.start()
        done = 0
        try:
            while done < deliveries:
                job = self.claim()
                if job is not None and self.carry_out(job, backend, outputs):
                    done += 1
        finally:
            stopped.set()
            renewals.join()
        return done

    def carry_out(self, job, backend, outputs):
        """Whether a job was completed."""
        try:
            self.work(job, backend, outputs)
            return True
        except NobodyKnows as error:  # the next attempt looks before it creates
            self.say("Fail", job, failure="UNKNOWN", reason=str(error))
        except Lost:
            pass
        except grpc.RpcError as error:
            if refusal_of(error).reason != "LEASE_LOST":
                raise
        return False  # what is lost is somebody else's now: leave it and claim again

    def work(self, job, backend, outputs):
        """Makes one object. A job that was begun before may have made it: it is looked for."""
        made = None
        if job.prior_intent:
            made = backend.find(job.intent)
        else:
            self.begin(job)
        if made is None:
            if not self.may_create():
                raise Lost("the lease is over")
            made = backend.create(job.intent)
        self.complete(job, order_pb2.Delivery(backend_id=made, outputs=outputs))
    # docs:end serve


# docs:begin seal
def seal(job, plain):
    """Seals access details to the certificates of the job; the broker cannot open them."""
    with tempfile.TemporaryDirectory() as folder:
        words = []
        for number, certificate in enumerate(job.seal_to):
            path = os.path.join(folder, f"{number}.pem")
            with open(path, "w", encoding="ascii") as file:
                file.write(certificate)
            words += ["-recip", path]
        return subprocess.run(["openssl", "cms", "-encrypt", "-aes-256-gcm", "-binary",
                               "-outform", "DER", *words],
                              input=plain, capture_output=True, check=True).stdout
# docs:end seal
