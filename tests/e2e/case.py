"""What tests of brokers on MongoDB share: a server of their own, and looks at a broker."""
import json
import threading
import time
import unittest
import urllib.request
import uuid

import grpc

from agent import UNKNOWN
from broker import Broker, Refused, wait_for
from mongod import Mongod, store_address

SERVING, NOT_SERVING = 1, 2


class Case(unittest.TestCase):
    def server(self, *words):
        server = Mongod(*words)
        self.addCleanup(server.close)
        return server

    def broker(self, server, name="broker", options="", **settings):
        """A broker on a new database of a server; not started."""
        store = store_address("", name, server.uri + options)
        broker = Broker(name, store=store, log_format="json", calls_per_second=1000000,
                        **settings)
        self.addCleanup(broker.close)
        return broker

    def partner(self, broker, **settings):
        """One more broker on the same database; not started."""
        other = Broker("partner", joins=broker, log_format="json", calls_per_second=1000000,
                       **settings)
        self.addCleanup(other.close)
        return other

    def refused(self, status, reason, call, *words, **fields):
        with self.assertRaises(Refused) as caught:
            call(*words, **fields)
        self.assertEqual((caught.exception.status, caught.exception.reason), (status, reason),
                         caught.exception)
        return caught.exception

    def says(self, text, *words):
        for word in words:
            self.assertIn(word, text)


def project(name, **more):
    """Fields of a call that creates a project once, however often it is made."""
    return {"project": {"id": f"coast/{name}", "name": name}, "request_id": str(uuid.uuid4()),
            **more}


def until_known(client, name, **fields):
    """A call with a request_id, repeated until it is known how it ended, as a client does:
    also where brokers that raced gave up (docs/errors.md, CONTENTION)."""
    end = time.monotonic() + 30
    while True:
        try:
            return client.call(name, **fields)
        except Refused as refused:
            is_open = refused.status in UNKNOWN or refused.reason == "CONTENTION"
            if not is_open or time.monotonic() > end:
                raise


def health(client):
    """What the broker says of itself."""
    check = client.channel.unary_unary("/grpc.health.v1.Health/Check")
    return check(b"", timeout=20, wait_for_ready=True)[1]


def await_health(client, status, seconds=30):
    wait_for(lambda: health(client) == status or None, seconds, f"health to say {status}")


class HealthWatch(threading.Thread):
    """Writes down what the broker says of itself, as it says it."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.stream = client.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"")
        self.said = []
        self.start()

    def run(self):
        try:
            for message in self.stream:
                self.said.append(message[1])
        except grpc.RpcError:
            pass

    def await_said(self, said, seconds=30):
        wait_for(lambda: self.said == said or None, seconds, f"health to have said {said}")

    def close(self):
        self.stream.cancel()
        self.join(10)


def log_lines(broker, word):
    """Lines of the broker's log with a word in their event."""
    with open(broker.log, encoding="utf-8", errors="replace") as file:
        lines = [json.loads(line) for line in file if line.startswith("{")]
    return [line for line in lines if word in line["event"]]


def gauge(broker, name):
    """A number of the broker's metrics page."""
    port = log_lines(broker, "metrics on port")[-1]["event"].split()[-1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as page:
        lines = page.read().decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.split()[0] == name))


def seconds_of(call, *words, **fields):
    """How long a call takes, and how it is refused; None: it is not."""
    begin = time.monotonic()
    try:
        call(*words, **fields)
        refused = None
    except Refused as error:
        refused = error
    return time.monotonic() - begin, refused


def whole_log(client, min_seq=0):
    """All commits up to a position at least, as the admin of home reads them."""
    commits = []
    client.call("RegistryService.GetStatus", min_seq=min_seq)
    for message in client.stream("RegistryService.ReadLog", timeout=60):
        commits += message.get("commits", [])
    return commits


__all__ = ["Case", "HealthWatch", "NOT_SERVING", "SERVING", "await_health", "gauge", "health",
           "log_lines", "project", "seconds_of", "until_known",
           "whole_log"]
