"""What a broker answers, word for word, without what differs from one run to another.

Two brokers that are told the same must write the same transcript, whatever keeps their documents.
Taken out are moments near now, random bytes, and what is made of those: each becomes a word for
its first place in the transcript, so that equal ones stay equal and different ones different.
"""
import itertools
import json
import os
import re
import threading
import time

import grpc
from google.protobuf import descriptor_pb2, json_format, message_factory

from broker import wait_for
from client import content, pool_of

NEAR_SECONDS = 70 * 86400  # Deadlines lie some weeks ahead.
# Whatever a session or a message is called is made of the moment it began.
SESSION = re.compile(r"\b[a-z]+/s-[0-9a-f]{12}\b|\bm-[0-9a-f]{12}\b")
# What guards of messages hold: the moment of the last one.
MOMENT = re.compile(rb"[0-9]{13}")
# Random, or a hash over what is random or a moment.
RANDOM = {"Commit.eid": "eid", "Commit.request": "request", "Commit.prev": "hash",
          "Commit.hash": "hash", "Change.salt": "salt", "Change.digest": "digest",
          "ReadLogResponse.anchor": "hash",
          "ListMessagesRequest.page_token": "token", "ListMessagesResponse.next_page_token": "token"}
DOCUMENTS = {"item": "OrderItem", **{name: name.title() for name in (
    "registry", "principal", "revocation", "provider", "service", "project", "order", "session",
    "site", "endpoint", "group", "version", "downtime", "access", "message", "vocabulary", "bundle", "instance", "stock", "observation",
    "opinion", "tally")}, "certification_change": "CertificationChange", "capacity": "Capacity", "capacity_use": "CapacityUse",
             "plan": "Plan", "operator_group": "OperatorGroup"}
# How long something took, as a number: OrderItem.worked_ms.
WORKED = "OrderItem.47"
# How many messages a stream comes in is a matter of moments; what stands in them is not.
STREAMED = {"changes", "commits"}


def varint(raw, at):
    value = shift = 0
    while True:
        value |= (raw[at] & 0x7f) << shift
        shift += 7
        at += 1
        if raw[at - 1] < 0x80:
            return value, at


def as_varint(value):
    out = b""
    while value > 0x7f:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def fields_of(raw):
    """Field number, the tag's bytes, and the bytes behind it; of a text or message its content."""
    at = 0
    while at < len(raw):
        begin = at
        tag, at = varint(raw, at)
        head, kind = raw[begin:at], tag & 7
        if kind == 2:
            size, at = varint(raw, at)
            yield tag >> 3, head, raw[at:at + size], True
            at += size
            continue
        end = {1: at + 8, 5: at + 4}.get(kind) or varint(raw, at)[1]
        yield tag >> 3, head, raw[at:end], False
        at = end


class Schema:
    """The messages and methods of the build's descriptors."""

    def __init__(self):
        files = descriptor_pb2.FileDescriptorSet.FromString(
            content(os.environ["KONTOR_DESCRIPTORS"]))
        self.pool = pool_of(files.file)
        self.factory = message_factory.MessageFactory(self.pool)
        self.services = [s for f in files.file for s in f.service if f.package == "kontor.v1"]

    def message(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))

    def method(self, name):
        service, method = name.split(".")
        found = self.pool.FindServiceByName("kontor.v1." + service).methods_by_name[method]
        return (f"/kontor.v1.{service}/{method}", self.factory.GetPrototype(found.input_type),
                self.factory.GetPrototype(found.output_type))

    def methods(self):
        return [f"{s.name}.{m.name}" for s in self.services for m in s.method]


class Normal:
    """Makes what two runs say comparable; its names grow with the transcript."""

    def __init__(self, schema):
        self.schema = schema
        self.names = {}
        self.now = time.time()

    def name(self, what, value):
        if not any(value):
            return value
        key = (what, bytes(value))
        if key not in self.names:
            n = sum(1 for known, _ in self.names if known == what)
            self.names[key] = f"<{what} {n + 1}>".encode()
        return self.names[key]

    def text(self, text):
        return SESSION.sub(lambda m: self.name("session", m[0].encode()).decode(), text)

    def raw(self, raw, descriptor):
        """The bytes of a message, all else as it came: order, presence, and how numbers are
        written."""
        out, kind = b"", None
        if descriptor.full_name == "kontor.v1.Change":
            change = self.schema.message("kontor.v1.Change").FromString(raw)
            kind = "Note" if change.op == 3 else DOCUMENTS.get(change.kind)
        for number, head, payload, is_sized in fields_of(raw):
            if is_sized:
                field = descriptor.fields_by_number.get(number)
                payload = self._content(field, payload, kind)
                payload = as_varint(len(payload)) + payload
            elif f"{descriptor.name}.{number}" == WORKED:
                payload = as_varint(1)
            out += head + payload
        return out

    def _content(self, field, payload, kind):
        if field is None:
            return payload
        where = f"{field.containing_type.name}.{field.name}"
        if where == "Change.doc" and kind is not None:
            return self.raw(payload, self.schema.pool.FindMessageTypeByName("kontor.v1." + kind))
        if where == "Change.doc" and MOMENT.fullmatch(payload):
            return self.name("moment", payload)
        if where in RANDOM:
            return self.name(RANDOM[where], payload)
        if where == "GetStatusResponse.store":
            return b"<store>"
        if field.type == field.TYPE_STRING:
            return self.text(payload.decode()).encode()
        if field.type != field.TYPE_MESSAGE:
            return payload
        if field.message_type.full_name == "google.protobuf.Timestamp":
            moment = self.schema.message("google.protobuf.Timestamp").FromString(payload)
            return b"" if abs(moment.seconds - self.now) < NEAR_SECONDS else payload
        return self.raw(payload, field.message_type)


def as_json(message):
    return json.dumps(json_format.MessageToDict(message, preserving_proto_field_name=True),
                      sort_keys=True, ensure_ascii=False)


class Answer:
    """How a call ended."""

    def __init__(self, status, messages, trailing, text):
        self.status, self.messages, self.text = status, messages, text
        self.trailing = dict(trailing or ())


class Player:
    """Tells a broker what a script says, and writes down the answers."""

    def __init__(self, broker, schema, random):
        self.broker, self.schema, self.random = broker, schema, random
        self.normal = Normal(schema)
        self.steps = []
        self.chapter = ""
        self.seq = 0
        self.status = "OK"
        self.watches = []

    # Calling -------------------------------------------------------------------------------

    def stub(self, who, path):
        # A unary call and a server stream of one message are the same on the wire.
        return self.broker.client(*who.split("/")).channel.unary_stream(path)

    def send(self, who, path, request):
        call = self.stub(who, path)(request, timeout=60, wait_for_ready=True,
                                    metadata=[("kontor-min-seq", str(self.seq))])
        messages = []
        try:
            for message in call:
                messages.append(message)
        except grpc.RpcError:
            pass
        return Answer(call.code().name, messages, call.trailing_metadata(), call.details())

    def ask(self, who, method, **fields):
        """One call, written down. Its reply as a dictionary, of a stream the first; None: refused.
        """
        _, question, _ = self.schema.method(method)
        return self.tell(who, method, json_format.ParseDict(fields, question()))

    def tell(self, who, method, request):
        path, _, reply = self.schema.method(method)
        answer = self.send(who, path, request.SerializeToString(deterministic=True))
        asked = self.normal.raw(request.SerializeToString(deterministic=True), request.DESCRIPTOR)
        self.note(f"{who} {method} {as_json(type(request).FromString(asked))}", answer, reply)
        if answer.status != "OK" or not answer.messages:
            return None
        return json_format.MessageToDict(reply.FromString(answer.messages[0]),
                                         preserving_proto_field_name=True)

    def until(self, who, method, is_done, **fields):
        """Asks again and again, not written down, until what the broker does by itself is done."""
        path, question, reply = self.schema.method(method)
        request = json_format.ParseDict(fields, question()).SerializeToString()

        def look():
            answer = self.send(who, path, request)
            self.seq = max(self.seq, int(answer.trailing["kontor-seq"]))
            return is_done(reply.FromString(answer.messages[0])) or None

        wait_for(look, 30, f"{method} {fields}")

    def bytes(self, who, method, raw):
        """A call with bytes that need be no message."""
        path, _, reply = self.schema.method(method)
        self.note(f"{who} {method} {raw.hex()}", self.send(who, path, raw), reply)

    def aside(self, who, method, **fields):
        """A call that is under way while others are made; written down by join()."""
        path, question, reply = self.schema.method(method)
        request = json_format.ParseDict(fields, question())
        call = self.stub(who, path)(request.SerializeToString(), timeout=60)
        answer = []

        def wait():
            answer.append(list(call))

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()

        def join():
            thread.join(60)
            self.note(f"{who} {method} aside", Answer(call.code().name, answer[0],
                                                      call.trailing_metadata(), call.details()),
                      reply)
            return json_format.MessageToDict(reply.FromString(answer[0][0]),
                                             preserving_proto_field_name=True)
        return join

    # Following -----------------------------------------------------------------------------

    def follow(self, who, method, **fields):
        """A stream that stays open until the end of the script."""
        path, question, reply = self.schema.method(method)
        request = json_format.ParseDict({"follow": True, **fields}, question())
        call = self.stub(who, path)(request.SerializeToString())
        watch = {"who": who, "method": method, "call": call, "reply": reply, "messages": []}

        def read():
            try:
                for message in call:
                    watch["messages"].append(message)
            except grpc.RpcError:
                pass

        watch["thread"] = threading.Thread(target=read, daemon=True)
        watch["thread"].start()
        self.watches.append(watch)

    def unfollow(self, seqs):
        """Ends the streams once each has sent the change of its seq, and writes them down."""
        for watch, seq in zip(self.watches, seqs):
            wait_for(lambda: self.last_seq(watch) >= seq or None, 30,
                     f"{watch['method']} to come to {seq}")
            watch["call"].cancel()
            watch["thread"].join(30)
            self.note(f"{watch['who']} {watch['method']} followed",
                      Answer("CANCELLED", watch["messages"], (), ""), watch["reply"], False)

    @staticmethod
    def last_seq(watch):
        last = 0
        for raw in list(watch["messages"]):
            message = watch["reply"].FromString(raw)
            for change in getattr(message, "changes", None) or getattr(message, "commits", ()):
                last = change.seq
        return last

    # Writing down --------------------------------------------------------------------------

    def note(self, what, answer, reply, has_position=True):
        """has_position: whether where a stream ends is a matter of what it was asked."""
        self.status = answer.status
        seq = answer.trailing.get("kontor-seq", "none")
        self.seq = max(self.seq, int(seq) if seq != "none" else 0)
        lines = [f"{self.chapter}: {what}", f"{answer.status} kontor-seq {seq} "
                 f"{sorted(set(answer.trailing))} {self.normal.text(answer.text or '')}"]
        lines += self.details(answer)
        lines += [line for line in self.body(answer.messages, reply)
                  if has_position or not line.startswith("position ")]
        self.steps.append(lines)

    def details(self, answer):
        raw = answer.trailing.get("grpc-status-details-bin")
        if raw is None:
            return []
        lines = []
        status = self.schema.message("google.rpc.Status").FromString(raw)
        for detail in status.details:
            kind = self.schema.message(detail.type_url.rsplit("/", 1)[1])
            value = self.normal.raw(detail.value, kind.DESCRIPTOR)
            lines += [f"detail {kind.DESCRIPTOR.name} {as_json(kind.FromString(value))}",
                      f"detail {value.hex()}"]
        return lines

    def body(self, messages, reply):
        """Messages of a stream are taken apart, so that how they were cut does not count."""
        lines, position = [], None
        for raw in messages:
            raw = self.normal.raw(raw, reply.DESCRIPTOR)
            rest = b""
            for number, head, payload, is_sized in fields_of(raw):
                field = reply.DESCRIPTOR.fields_by_number.get(number)
                if field is not None and field.name in STREAMED:
                    lines += self.lines("part", payload,
                                        self.factory_of(field.message_type))
                elif reply.DESCRIPTOR.name == "WatchResponse" and field.name == "position":
                    position = payload
                else:
                    rest += head + (as_varint(len(payload)) if is_sized else b"") + payload
            if rest or not STREAMED & set(reply.DESCRIPTOR.fields_by_name):
                lines += self.lines("reply", rest, reply)
        if position is not None:
            lines += self.lines("position", position, self.schema.message("kontor.v1.Position"))
        return lines

    def factory_of(self, descriptor):
        return self.schema.factory.GetPrototype(descriptor)

    @staticmethod
    def lines(what, raw, kind):
        return [f"{what} {as_json(kind.FromString(raw))}", f"{what} {raw.hex()}"]


def differences(one, other):
    """Each step in which two transcripts differ: its number and the first lines that do."""
    found = []
    for n, (left, right) in enumerate(itertools.zip_longest(one, other, fillvalue=["nothing"])):
        if left != right:
            pairs = itertools.zip_longest(left, right, fillvalue="nothing")
            first = next(pair for pair in pairs if pair[0] != pair[1])
            found.append((n, left[0], *first))
    return found


__all__ = ["Player", "Schema", "differences"]
