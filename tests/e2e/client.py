"""A foreign gRPC client that knows nothing of Kontor but what reflection tells it.

Calls take and give dictionaries in proto3 JSON with the field names of the .proto files.
"""
import json
import os

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

REFLECTION = "grpc.reflection.v1.ServerReflection"


class Refused(Exception):
    """A call that ended with another status than OK."""

    def __init__(self, error, reason, details):
        super().__init__(f"{error.code().name}: {error.details()} {details}")
        self.status = error.code().name
        self.text = error.details()
        self.reason = reason
        self.details = details

    @property
    def values(self):
        """What the error mentions: the metadata of its ErrorInfo."""
        infos = [detail["google.rpc.ErrorInfo"] for detail in self.details
                 if "google.rpc.ErrorInfo" in detail]
        return infos[0].get("metadata", {}) if infos else {}


def content(path):
    with open(path, "rb") as file:
        return file.read()


def pool_of(files):
    """A pool of FileDescriptorProtos given in any order."""
    pool = descriptor_pool.DescriptorPool()
    waiting = {file.name: file for file in files}

    def add(name):
        file = waiting.pop(name, None)
        if file is None:
            return
        for needed in file.dependency:
            add(needed)
        pool.Add(file)

    for name in list(waiting):
        add(name)
    return pool


class Client:
    def __init__(self, address, certificate, authority):
        """certificate: path without .pem and .key; authority: path of the server's CA."""
        self.channel = grpc.secure_channel(
            address,
            grpc.ssl_channel_credentials(
                content(authority),
                content(certificate + ".key"),
                content(certificate + ".pem"),
            ),
            # A broker that was killed comes back at once; so should the connection. The
            # minimum is how long one attempt may take, handshake included, on a busy machine.
            [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.min_reconnect_backoff_ms", 5000),
             ("grpc.max_reconnect_backoff_ms", 200), ("grpc.use_local_subchannel_pool", 1)],
        )
        self.seq = 0
        self._pool = None
        self._services = None

    def close(self):
        self.channel.close()

    # Reflection ------------------------------------------------------------------------

    def _reflect(self, requests):
        """Asks the reflection service; its own messages come from the build's descriptors."""
        files = descriptor_pb2.FileDescriptorSet.FromString(
            content(os.environ["KONTOR_DESCRIPTORS"]))
        wanted = [f for f in files.file if f.name == "grpc/reflection/v1/reflection.proto"]
        pool = pool_of(wanted)
        ask, answer = (message_class(pool, "grpc.reflection.v1." + name)
                       for name in ("ServerReflectionRequest", "ServerReflectionResponse"))
        call = self.channel.stream_stream(
            f"/{REFLECTION}/ServerReflectionInfo",
            request_serializer=ask.SerializeToString, response_deserializer=answer.FromString)
        return list(call(iter([ask(**request) for request in requests]), timeout=10))

    def services(self):
        """Names of all services, as reflection lists them."""
        if self._services is None:
            reply = self._reflect([{"list_services": ""}])[0]
            self._services = sorted(s.name for s in reply.list_services_response.service)
        return self._services

    def pool(self):
        if self._pool is None:
            replies = self._reflect([{"file_containing_symbol": s} for s in self.services()])
            files = {}
            for reply in replies:
                for raw in reply.file_descriptor_response.file_descriptor_proto:
                    file = descriptor_pb2.FileDescriptorProto.FromString(raw)
                    files[file.name] = file
            while True:
                needed = {d for f in files.values() for d in f.dependency} - set(files)
                if not needed:
                    break
                for reply in self._reflect([{"file_by_filename": n} for n in needed]):
                    for raw in reply.file_descriptor_response.file_descriptor_proto:
                        file = descriptor_pb2.FileDescriptorProto.FromString(raw)
                        files[file.name] = file
            self._pool = pool_of(files.values())
        return self._pool

    # Calls -----------------------------------------------------------------------------

    def _method(self, name):
        service, method = name.split(".")
        descriptor = self.pool().FindServiceByName("kontor.v1." + service).methods_by_name[method]
        ask = message_class(self.pool(), descriptor.input_type.full_name)
        answer = message_class(self.pool(), descriptor.output_type.full_name)
        return f"/kontor.v1.{service}/{method}", ask, answer

    def call(self, name, timeout=10, min_seq=0, **fields):
        """One unary call, such as call("OrderService.GetOrder", id="coast/o-1").

        min_seq: a position the broker must have come to before it answers.
        """
        path, ask, answer = self._method(name)
        stub = self.channel.unary_unary(
            path, request_serializer=ask.SerializeToString,
            response_deserializer=answer.FromString)
        try:
            reply, call = stub.with_call(json_format.ParseDict(fields, ask()), timeout=timeout,
                                         wait_for_ready=True,
                                         metadata=[("kontor-min-seq", str(min_seq))]
                                         if min_seq else None)
        except grpc.RpcError as error:
            raise self._refused(error) from None
        self.seq = int(dict(call.trailing_metadata()).get("kontor-seq", 0))
        return as_dict(reply)

    def stream(self, name, timeout=None, is_patient=False, **fields):
        """One server stream: yields its messages. Patient: waits for a broker that is away."""
        path, ask, answer = self._method(name)
        stub = self.channel.unary_stream(
            path, request_serializer=ask.SerializeToString,
            response_deserializer=answer.FromString)
        try:
            for reply in stub(json_format.ParseDict(fields, ask()), timeout=timeout,
                              wait_for_ready=is_patient):
                yield as_dict(reply)
        except grpc.RpcError as error:
            raise self._refused(error) from None

    def pages(self, name, field, **fields):
        """All records of a List call."""
        token = ""
        while True:
            page = self.call(name, page_token=token, **fields)
            yield from page.get(field, [])
            token = page.get("next_page_token", "")
            if not token:
                return

    def _refused(self, error):
        raw = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
        if raw is None:
            return Refused(error, "", [])
        files = descriptor_pb2.FileDescriptorSet.FromString(
            content(os.environ["KONTOR_DESCRIPTORS"]))
        pool = pool_of(files.file)
        status = message_class(pool, "google.rpc.Status").FromString(raw)
        details, reason = [], ""
        for detail in status.details:
            kind = detail.type_url.rsplit("/", 1)[1]
            body = as_dict(message_class(pool, kind).FromString(detail.value))
            reason = body.get("reason", reason) if kind.endswith("ErrorInfo") else reason
            details.append({kind: body})
        return Refused(error, reason, json.loads(json.dumps(details)))


def message_class(pool, name):
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName(name))


def as_dict(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True)
