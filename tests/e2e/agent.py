"""A provider's agent on bare calls, with a backend that counts what it made.

It does what any agent must: name the object by the intent, look before it creates when an
earlier attempt may have, and repeat a call whose outcome is unknown with the same request id.
"""
import threading
import uuid

from client import Refused

UNKNOWN = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN")


class Backend:
    """Where things are made. It does not refuse a second object of one name: it counts."""

    def __init__(self):
        self.made = []
        self.lock = threading.Lock()

    def create(self, intent):
        with self.lock:
            self.made.append(intent)

    def has(self, intent):
        with self.lock:
            return intent in self.made


class Agent(threading.Thread):
    """Serves some offers until stopped. on_call(n, is_sent) is told before and after call n."""

    def __init__(self, client, backend, offers, on_call=None):
        super().__init__(daemon=True)
        self.client = client
        self.backend = backend
        self.offers = offers
        self.on_call = on_call or (lambda n, is_sent: None)
        self.calls = 0
        self.stopped = threading.Event()
        self.error = None

    def run(self):
        try:
            while not self.stopped.is_set():
                self.serve()
        except Exception as error:  # The test reads it; a thread's own end is silent.
            self.error = error

    def repeat(self, method, **fields):
        """One call until its outcome is known. None: stopped meanwhile."""
        fields["request_id"] = str(uuid.uuid4())
        while not self.stopped.is_set():
            self.calls += 1
            self.on_call(self.calls, False)
            try:
                reply = self.client.call("FulfilmentService." + method, timeout=3, **fields)
            except Refused as refused:
                if refused.status not in UNKNOWN:
                    raise
                continue
            finally:
                self.on_call(self.calls, True)
            return reply
        return None

    def serve(self):
        """One session, until it is over or the agent is stopped."""
        session = self.repeat("RegisterAgent", offers=self.offers, max_parallel=4,
                              lease_seconds=30)
        while session is not None and not self.stopped.is_set():
            try:
                reply = self.repeat("Claim", session=session["id"], max=4, wait_seconds=1)
                for job in (reply or {}).get("jobs", []):
                    self.work(job)
            except Refused as refused:
                if refused.status in ("NOT_FOUND", "FAILED_PRECONDITION", "ABORTED"):
                    return
                raise

    def work(self, job):
        proof = {"item": job["item"], "fence": job["fence"]}
        intent = job["intent"]
        if not job.get("prior_intent"):
            if self.repeat("Begin", intent=intent, **proof) is None:
                return
            self.backend.create(intent)
        elif not self.backend.has(job["prior_intent"]):
            self.backend.create(intent)
        self.repeat("Complete", delivery={"backend_id": "object-" + intent}, **proof)

    def stop(self):
        self.stopped.set()
        self.join(10)
        if self.error is not None:
            raise self.error
