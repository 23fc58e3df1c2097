"""What the processes of a storm that are written in Python have in common.

They are forked from a server that has loaded everything, so that starting one again after a kill
costs a connection and not a second of the machine.
"""
import json
import os
import time

import grpc
from client import Client, Refused, content, pool_of
from google.protobuf import descriptor_pb2, json_format
from google.protobuf.internal import enum_type_wrapper

UNKNOWN = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN")


class Loaded:
    """The contract, read once by the server all parts are forked from."""
    pool = None

    @classmethod
    def load(cls):
        if cls.pool is None:
            files = descriptor_pb2.FileDescriptorSet.FromString(
                content(os.environ["KONTOR_DESCRIPTORS"]))
            cls.pool = pool_of(files.file)
        return cls.pool

    @classmethod
    def enum(cls, name):
        """The values of an enumeration by name and number."""
        descriptor = cls.load().FindEnumTypeByName("kontor.v1." + name)
        return enum_type_wrapper.EnumTypeWrapper(descriptor)


class Town:
    """Where the broker is and who may call it: what a part is started with."""

    def __init__(self, broker, folder, begun):
        self.server, self.folder, self.begun = f"localhost:{broker.port}", folder, begun
        self.certs = broker.certs

    def client(self, registry, role):
        client = Client(self.server, os.path.join(self.certs, registry, role),
                        os.path.join(self.certs, "alpine", "ca.pem"))
        client._pool = Loaded.load()
        return client

    def path(self, name):
        return os.path.join(self.folder, name)

    def wait_until(self, at):
        """The storm's own time: what is due later is not done before."""
        left = self.begun + at - time.monotonic()
        if left > 0:
            time.sleep(left)


class Notebook:
    """What a process has done, kept where a kill does not reach it."""

    def __init__(self, path):
        self.path = path

    def read(self):
        try:
            with open(self.path, encoding="ascii") as file:
                return [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def write(self, entry):
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, (json.dumps(entry) + "\n").encode("ascii"))
        finally:
            os.close(file)


def repeat(client, method, timeout=5, **fields):
    """One call until it is known how it ended: with the same request_id every time."""
    while True:
        try:
            return client.call(method, timeout=timeout, **fields)
        except Refused as refused:
            if refused.status not in UNKNOWN and refused.reason not in ("CONTENTION",
                                                                        "OVERLOADED"):
                raise


def stream(client, method, timeout=None, **fields):
    """Messages of a server stream as they are: a storm has too many to make dictionaries of all."""
    path, ask, answer = client._method(method)
    stub = client.channel.unary_stream(path, request_serializer=ask.SerializeToString,
                                       response_deserializer=answer.FromString)
    try:
        yield from stub(json_format.ParseDict(fields, ask()), timeout=timeout,
                        wait_for_ready=True)
    except grpc.RpcError as error:
        raise client._refused(error) from None
