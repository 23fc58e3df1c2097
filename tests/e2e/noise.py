"""Requests nobody thought of: fields of every message, chosen without a thought of what they mean.
"""
import base64
import uuid

from google.protobuf import json_format

from rights import may_call

TEXTS = ("", "x", "alpine/compute", "alpine/s-1", "coast/o-1", "coast/p1", "coast/o-1/storage",
         "alpine/hall", "alpine/e-1", "coast", "alpine", "a b", "é" * 40, "x" * 300, "1999-01-01",
         "-0.50", "https://x.example/", "alpine/block-storage/standard", "name", "CH", "EUR",
         "month")
CALLERS = ("alpine/admin", "alpine/operator", "alpine/agent", "alpine/site_admin", "alpine/certifier", "alpine/monitor",
           "alpine/shifter", "coast/portal", "coast/shifter")
NUMBERS = (0, 1, 2, -1, 100, 101, 2 ** 31 - 1, -2 ** 31)
LONGS = (*NUMBERS, 2 ** 63 - 1, -2 ** 63)
# What would end the conversation, or makes it wait.
LEFT_ALONE = {"wait_seconds", "lease_seconds", "follow"}
UNSAFE = {"RegistryService.SuspendRegistry", "RegistryService.RotateBundle",
          "RegistryService.DeletePrincipal", "RegistryService.RevokeCertificate"}


def scalar(p, field):
    choose = p.random.choice
    if field.name == "request_id":
        return choose((str(uuid.UUID(int=p.random.getrandbits(128), version=4)), "no uuid"))
    if field.type == field.TYPE_ENUM:
        return choose([*field.enum_type.values_by_number, 99])
    if field.type == field.TYPE_BYTES:
        return base64.b64encode(choose((b"", b"x", b"\xff" * 33))).decode()
    if field.type == field.TYPE_BOOL:
        return choose((True, False))
    if field.type == field.TYPE_DOUBLE:
        return choose((0.0, -0.0, 91.5, 1e308))
    if field.type == field.TYPE_STRING:
        return choose(TEXTS)
    return choose(NUMBERS if field.type == field.TYPE_INT32 else LONGS)


def anything(p, descriptor, depth=4):
    """Fields of a message, chosen without any thought of what they mean."""
    if descriptor.full_name == "google.protobuf.Timestamp":
        return p.random.choice(("1970-01-01T00:00:00Z", "2100-01-01T00:00:00.999999999Z"))
    if descriptor.full_name == "google.protobuf.FieldMask":
        return p.random.choice(("", "name", "name,description", "nonsense"))
    fields = {}
    for field in descriptor.fields:
        taken = field.containing_oneof is not None and any(
            other.name in fields for other in field.containing_oneof.fields)
        if field.name in LEFT_ALONE or taken or p.random.random() < 0.4:
            continue
        if field.message_type is not None and depth == 0:
            continue
        values = [anything(p, field.message_type, depth - 1) if field.message_type is not None
                  else scalar(p, field) for _ in range(p.random.randint(1, 2))]
        fields[field.name] = values if field.label == field.LABEL_REPEATED else values[0]
    return fields


def noise(p):
    """A few requests to each method, by whoever."""
    for method in p.schema.methods():
        _, question, _ = p.schema.method(method)
        for _ in range(0 if method in UNSAFE else 5):
            fields = anything(p, question.DESCRIPTOR)
            able = [who for who in CALLERS if may_call(method, who.split("/")[1].upper(), True)]
            p.tell(p.random.choice(able), method,
                   json_format.ParseDict(fields, question()))
