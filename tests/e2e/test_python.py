"""The order of the demo by a client generated from the .proto files, in another language."""
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid

import grpc
from google.protobuf import json_format

from broker import EXAMPLES, Broker
from test_order import OFFERS, create_project, load_example

PROTO = os.path.join(os.path.dirname(EXAMPLES), "proto")
PLAIN = os.path.join(os.environ["KONTOR_BUILD"], "generated", "plain")


def generate(folder):
    """Messages by protoc, service stubs by grpcio-tools.

    Debian's grpcio-tools know no `optional` in proto3, so they read the copies the C code is made
    of too, which are the same on the wire.
    """
    names = sorted(os.listdir(os.path.join(PROTO, "kontor", "v1")))
    messages = [os.path.join("kontor", "v1", name) for name in names]
    services = [name for name in messages if name.endswith("_service.proto")]
    stubs = [sys.executable, "-m", "grpc_tools.protoc", f"--grpc_python_out={folder}"]
    # A package named grpc would hide grpcio's, so reflection is taken from its own folder.
    reflection = [f"-I{os.path.join(PROTO, 'grpc', 'reflection', 'v1')}", "reflection.proto"]
    for command in (["protoc", f"--python_out={folder}", f"-I{PROTO}", "-I/usr/include", *messages],
                    [*stubs, f"-I{PLAIN}", "-I/usr/include", *services],
                    ["protoc", f"--python_out={folder}", *reflection],
                    [*stubs, *reflection]):
        subprocess.run(command, check=True)


class Generated(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="kontor stubs ")
        cls.addClassCleanup(folder.cleanup)
        generate(folder.name)
        sys.path.insert(0, folder.name)
        cls.broker = Broker("python").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        load_example(cls.broker)
        create_project(cls.broker)

    def channel(self, registry, role):
        def content(path):
            with open(path, "rb") as file:
                return file.read()

        own = self.broker.path(registry, role)
        channel = grpc.secure_channel(
            f"localhost:{self.broker.port}",
            grpc.ssl_channel_credentials(
                content(os.path.join(self.broker.certs, "alpine", "ca.pem")),
                content(own + ".key"), content(own + ".pem")),
            [("grpc.use_local_subchannel_pool", 1)])
        self.addCleanup(channel.close)
        return channel

    def test_1_reflection_lists_the_services(self):
        import reflection_pb2
        import reflection_pb2_grpc
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel("coast", "portal"))
        ask = reflection_pb2.ServerReflectionRequest(list_services="")
        reply = next(stub.ServerReflectionInfo(iter([ask]), timeout=10))
        names = {service.name for service in reply.list_services_response.service}
        for name in ("Catalogue", "Order", "Fulfilment", "Configuration", "Registry"):
            self.assertIn(f"kontor.v1.{name}Service", names)

    def test_2_an_order_is_placed_approved_delivered_and_watched(self):
        from kontor.v1 import (common_pb2, order_pb2, order_service_pb2, order_service_pb2_grpc,
                               watch_pb2)
        portal = order_service_pb2_grpc.OrderServiceStub(self.channel("coast", "portal"))
        operator = order_service_pb2_grpc.OrderServiceStub(self.channel("alpine", "operator"))
        with open(os.path.join(EXAMPLES, "order.json"), encoding="utf-8") as file:
            order = json_format.ParseDict(json.load(file), order_service_pb2.PlaceOrderRequest())
        watch = portal.WatchOrders(
            watch_pb2.WatchRequest(after=common_pb2.Position(seq=0), id_prefix=order.id,
                                   follow=True), timeout=30)
        placed = portal.PlaceOrder(order, timeout=10)
        self.assertEqual(placed.order.state, order_pb2.ORDER_ACKNOWLEDGED)
        for item in order.items:
            decided = operator.DecideItem(order_service_pb2.DecideItemRequest(
                id=f"{order.id}/{item.id}", decision="APPROVE", reason="welcome",
                request_id=str(uuid.uuid4())), timeout=10)
            self.assertEqual(decided.id, f"{order.id}/{item.id}")
        agent = threading.Thread(target=self.deliver, args=(len(order.items),), daemon=True)
        agent.start()
        states = self.follow(watch, order.id)
        agent.join(10)
        self.assertFalse(agent.is_alive())
        self.assertEqual(states[-1], "ORDER_COMPLETED")
        reply = portal.GetOrder(order_service_pb2.GetOrderRequest(id=order.id), timeout=10)
        self.assertEqual([item.state for item in reply.items], [order_pb2.COMPLETED] * 2)
        self.assertEqual({item.delivery.backend_id for item in reply.items},
                         {f"object-{intent}" for intent in self.made})

    def follow(self, watch, order):
        """States of the order as the watch tells them, until it is completed."""
        from kontor.v1 import order_pb2
        states = []
        for message in watch:
            for change in message.changes:
                if change.id == order and change.WhichOneof("record") == "order":
                    states.append(order_pb2.OrderState.Name(change.order.state))
            if states and states[-1] == "ORDER_COMPLETED":
                watch.cancel()
                return states
        return states

    def deliver(self, jobs_expected):
        """An agent: claims, begins, completes, until so many jobs are done."""
        from kontor.v1 import fulfilment_service_pb2 as messages
        from kontor.v1 import fulfilment_service_pb2_grpc, order_pb2
        agent = fulfilment_service_pb2_grpc.FulfilmentServiceStub(self.channel("alpine", "agent"))
        session = agent.RegisterAgent(messages.RegisterAgentRequest(
            offers=OFFERS, max_parallel=2, lease_seconds=30), timeout=10)
        self.made = []
        while len(self.made) < jobs_expected:
            claimed = agent.Claim(messages.ClaimRequest(session=session.id, max=2, wait_seconds=5),
                                  timeout=20)
            for job in claimed.jobs:
                proof = {"item": job.item, "fence": job.fence}
                agent.Begin(messages.BeginRequest(intent=job.intent, **proof), timeout=10)
                self.made.append(job.intent)
                agent.Complete(messages.CompleteRequest(
                    delivery=order_pb2.Delivery(backend_id="object-" + job.intent), **proof),
                    timeout=10)


if __name__ == "__main__":
    try:
        import grpc_tools  # noqa: F401
    except ImportError:
        print("SKIPPED: python3-grpc-tools is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)
