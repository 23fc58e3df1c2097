"""A watch that resumes by itself and keeps whole positions only."""
import threading

from client import Refused


class Watcher(threading.Thread):
    """Follows orders below a prefix from the beginning."""

    def __init__(self, client, prefix):
        super().__init__(daemon=True)
        self.client = client
        self.prefix = prefix
        self.changes = []
        self.changed = threading.Condition()
        self.position = {"seq": 0}
        self.is_over = False
        self.error = None

    def run(self):
        while not self.is_over:
            try:
                self._follow()
            except Refused as refused:
                if refused.status not in ("UNAVAILABLE", "CANCELLED", "UNKNOWN"):
                    self.error = refused
                    return

    def _follow(self):
        # Patient: a channel that is told "unavailable" time and again sometimes rests for half a
        # minute, though the broker is there.
        half = []
        for message in self.client.stream("OrderService.WatchOrders", after=self.position,
                                          id_prefix=self.prefix, follow=True, is_patient=True):
            for change in message.get("changes", []):
                half.append(change)
                if change.get("more"):
                    continue
                self._keep(half)
                half = []
            if "position" in message:
                self.position = {**self.position, **message["position"]}

    def _keep(self, changes):
        with self.changed:
            self.changes += changes
            self.position = {**self.position, "seq": changes[-1]["seq"]}
            self.changed.notify_all()

    def wait(self, test, seconds):
        """Until test(changes) holds; false when it takes longer."""
        with self.changed:
            return self.changed.wait_for(lambda: test(self.changes), seconds)


def line(change):
    """A change as something to compare."""
    record = change.get("order") or change.get("item") or {}
    return (int(change["seq"]), change["kind"], change["id"], change["op"],
            record.get("state", ""))
