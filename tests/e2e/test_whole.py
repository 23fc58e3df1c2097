"""Every field of every record of the catalogue: created, read, exported, imported elsewhere.

Values come from the fields' rules as tests/proto/rule_rows.h states them; what fields ask of one
another (offers, their parameters and rules) is written here. A field that is new to the contract
and set by nothing fails the test that walks the descriptors.
"""
import json
import os
import re
import unittest

from google.protobuf import json_format, message_factory

from broker import HERE, Broker

RULES = {}
with open(os.path.join(HERE, "..", "proto", "rule_rows.h"), encoding="ascii") as rows:
    for message, field, words in re.findall(r'"(\w+)\.(\w+) ([^"]*)"', rows.read()):
        RULES.setdefault((message, field), words)

# What the broker writes itself.
OUTPUT = {"revision", "created_at", "updated_at", "audit", "overrides", "state", "template_state", "template_service",
          "state_reason", "is_settling", "waiting_since", "is_suspended", "rating",
          "past_offers", "was_published", "rev", "hash"}
# Nothing of a catalogue holds a list of values: parameters of offers take single ones.
NOWHERE = {("Value", "list"), ("ValueList", "values")}
TEXTS = {"id": "alpine/other", "url": "ftp://alpine.example/x", "web_url": "https://alpine.example/x",
         "email": "desk@alpine.example", "date": "2026-02-28", "country": "CH"}

MONEY = {"currency": "EUR", "units": "3", "nanos": 500000000}
OFFERS = [
    {"iid": "full", "name": "Full", "description": "All of it", "order_type": "ORDER_REQUIRED", "is_internal": True,
     "approval": ["CONSUMER_STEP", "PROVIDER_STEP"], "settle_seconds": 90, "order_url": "https://alpine.example/o",
     "terms_of_use": "https://alpine.example/t", "must_name_endpoints": True, "activation_text": "Come in",
     "no_return_milestone": "shipped", "valid_days": 30, "is_evaluated": True,
     "prices": [{"name": "use", "amount": MONEY, "period": "month"}],
     "allocations": [{"capacity": "alpine/cores", "amount": {"value": "2.5", "unit": "core"}, "parameter": "gpus"}],
     "deadlines": {"approval_days": 1, "answer_days": 2, "dispatch_days": 3, "held_days": 4, "assess_days": 5,
                   "is_cancel_granted": True, "work_hours": 6},
     "stock": {"total": "7", "unit": "cards", "parameter": "pieces", "reserve_hours": 8, "has_waiting_list": True},
     "targets": {"availability_ppm": 990000, "response_minutes": 60, "notice_days": 30, "support_weekdays": [1, 2],
                 "support_from_minute": 480, "support_to_minute": 1020, "url": "https://alpine.example/sla"},
     "parameters": [
         {"id": "image", "label": "Image", "constant": {"value": {"text": "debian"}}},
         {"id": "name", "label": "Name", "description": "How it is called", "required": True,
          "text": {"pattern": "[a-z]*", "min_length": 1, "max_length": 9, "default_text": "abc"}},
         {"id": "gpus", "label": "GPUs", "unit": "cards",
          "integer": {"minimum": "1", "maximum": "8", "default_integer": "2"}},
         {"id": "hours", "label": "Hours", "unit": "cards", "decimal": {"minimum": "0.5", "maximum": "24"}},
         {"id": "size", "label": "Size", "choice": {"values": [{"integer": "1"}, {"integer": "2"}],
                                                    "display": "buttons"}},
         {"id": "tools", "label": "Tools", "multi_choice": {"values": [{"text": "cc"}, {"text": "ld"}], "min_items": 1,
                                                            "max_items": 2}},
         {"id": "exact", "label": "Exact", "choice": {"values": [{"decimal": "1.5"}, {"decimal": "2.5"}]}},
         {"id": "when", "label": "When", "choice": {"values": [{"date": "2026-01-01"}]}},
         {"id": "is_fast", "label": "Fast", "boolean": {}},
         {"id": "start", "label": "Start", "date": {"earliest": "2026-01-01", "latest": "2027-01-01"},
          "visible_if": {"parameter": "is_fast", "values": [{"boolean": True}]}},
         {"id": "pieces", "label": "Pieces", "unit": "cards",
          "quantity": {"maximum": "9", "start_price": MONEY, "step_price": MONEY}}],
     "rules": [
         {"requires": {"when": {"parameter": "is_fast"}, "then": {"parameter": "gpus", "values": [{"integer": "2"}]}}},
         {"excludes": {"one": {"parameter": "size", "values": [{"integer": "2"}]}, "other": {"parameter": "start"}}},
         {"sum_at_most": {"parameters": ["gpus", "hours"], "limit": "20"}}]},
    {"iid": "other", "name": "Other", "is_internal": True}]
RULES_OF_BUNDLE = [{"requires": {"offer": "alpine/s-plain/full", "needs": "alpine/s-plain/other"}},
                   {"excludes": {"one": "alpine/s-plain/full", "other": "alpine/s-training/other"}},
                   {"same_site": {"offers": ["alpine/s-plain/full", "alpine/s-plain/other"]}},
                   {"version_range": {"offer": "alpine/s-plain/full", "at_least": "1", "below": "2"}}]
# Fields whose values have to agree with others.
HAND = {("Service", "offers"): OFFERS, ("Service", "provider"): "alpine/p", ("Service", "phase"): "PRODUCTION",
        ("Service", "targets"): OFFERS[0]["targets"],
        ("Bundle", "provider"): "alpine/p", ("Bundle", "main_offer"): "alpine/s-plain/full",
        ("Bundle", "offers"): [{"offer": "alpine/s-plain/other"},
                               {"offer": "alpine/s-training/other", "is_optional": True}],
        ("Bundle", "rules"): RULES_OF_BUNDLE, ("Provider", "is_legal_entity"): True,
        ("KeyValue", "value"): "12.5",  # A number, as it has a unit.
        ("WorkCalendar", "holidays"): ["2026-01-01", "2026-12-25"]}


class Filler:
    """A record with every field set that a caller may set."""

    def __init__(self):
        self.n = 0

    def message(self, descriptor, kind=None):
        record = {}
        for field in descriptor.fields:
            of_kind = field.containing_oneof is not None and field.containing_oneof.name == "kind"
            if field.name in OUTPUT or (of_kind and field.name != kind):
                continue
            hand = HAND.get((descriptor.name, field.name))
            record[field.name] = hand if hand is not None else self.field(field)
        return record

    def field(self, field):
        rule = RULES.get((field.containing_type.name, field.name), "")
        if not field.label == field.LABEL_REPEATED:
            return self.one(field, rule)
        n = 1 if re.search(r" x 1$", rule) else 2
        return [self.one(field, rule) for _ in range(n)]

    def one(self, field, rule):
        self.n += 1
        if field.type == field.TYPE_MESSAGE:
            return self.message(field.message_type)
        if field.type == field.TYPE_STRING:
            return self.text(rule)
        if field.type == field.TYPE_BOOL:
            return True
        if field.type == field.TYPE_ENUM:
            return field.enum_type.values_by_number[1].name
        low, high = (re.search(r"number(?:_or_0)? (-?\d+) to (\d+)", rule) or (None, "0", "1000")).groups() \
            if "number" in rule else ("0", "1000")
        span = max(int(high) - max(int(low), 1), 1)
        return max(int(low), 1) + self.n % min(span, 7)

    def text(self, rule):
        form = next((word for word in rule.split() if word in TEXTS), None)
        if form is not None:
            return TEXTS[form]
        if "part" in rule.split():
            return f"part-{self.n}"
        return f"Tëxt {self.n}"


def without_output(value):
    if isinstance(value, list):
        return [without_output(one) for one in value]
    if isinstance(value, dict):
        return {k: without_output(v) for k, v in value.items() if k not in OUTPUT}
    return value


class Whole(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.first = Broker("whole").start()
        cls.addClassCleanup(cls.first.close)
        cls.second = Broker("whole-2").start()
        cls.addClassCleanup(cls.second.close)
        cls.admin = cls.first.client("alpine", "admin")
        cls.pool = cls.admin.pool()
        fill = Filler()

        def record(name, identity, **more):
            made = fill.message(cls.pool.FindMessageTypeByName(f"kontor.v1.{name}"), **more)
            return {**made, "id": identity}

        cls.records = [("Vocabulary", record("Vocabulary", "alpine/V")), ("Provider", record("Provider", "alpine/p"))]
        for kind in (None, "data_source", "training", "guideline", "deployable_application"):
            cls.records.append(("Service", record("Service", f"alpine/s-{kind or 'plain'}".replace("_", "-"),
                                                  kind=kind)))
        cls.records.append(("Bundle", record("Bundle", "alpine/b")))

    def of_pool(self, name, record):
        """As the broker would write it: numbers of 64 bits as texts, no defaults."""
        made = message_factory.MessageFactory(self.pool).GetPrototype(
            self.pool.FindMessageTypeByName(f"kontor.v1.{name}"))()
        return json_format.ParseDict(record, made)

    def test_1_the_records_have_every_field(self):
        fields, seen = set(), set()

        def wanted(descriptor):
            for field in descriptor.fields:
                key = (descriptor.name, field.name)
                if key in fields or field.name in OUTPUT or key in NOWHERE:
                    continue
                fields.add(key)
                if field.type == field.TYPE_MESSAGE:
                    wanted(field.message_type)

        def walk(message):
            for field, value in message.ListFields():
                seen.add((message.DESCRIPTOR.name, field.name))
                if field.type == field.TYPE_MESSAGE:
                    for one in value if field.label == field.LABEL_REPEATED else [value]:
                        walk(one)

        for name, record in self.records:
            wanted(self.pool.FindMessageTypeByName(f"kontor.v1.{name}"))
            walk(self.of_pool(name, record))
        self.assertGreater(len(fields), 250)
        self.assertEqual(fields - seen, set())

    def compare(self, client):
        for name, record in self.records:
            with self.subTest(record["id"]):
                got = client.call(f"CatalogueService.Get{name}", id=record["id"])
                sent = json_format.MessageToDict(self.of_pool(name, record), preserving_proto_field_name=True)
                self.assertEqual(without_output(got), without_output(sent))

    def test_2_what_is_created_is_read(self):
        for name, record in self.records:
            more = {"override_reason": "as it stands"} if name == "Service" else {}
            self.admin.call(f"CatalogueService.Create{name}", **{name.lower(): record}, **more)
            if name == "Provider":
                self.admin.call("ConfigurationService.CreateCapacity", capacity={
                    "id": "alpine/cores", "provider": record["id"], "name": "Cores", "unit": "core", "steps": [{"value": "64"}]})
        self.compare(self.admin)

    def test_3_what_is_exported_goes_in_elsewhere(self):
        text = self.first.kontor("alpine", "admin", "catalogue", "export")
        path = os.path.join(self.second.folder, "catalogue.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        said = self.second.kontor("alpine", "admin", "catalogue", "import", "--format", "kontor-1", path,
                                  "--output", "json")
        outcomes = [json.loads(line)["outcome"] for line in said.splitlines() if "outcome" in line]
        self.assertEqual(outcomes, ["CREATED"] * len(self.records))
        self.compare(self.second.client("alpine", "admin"))

    def test_4_and_changes_nothing_where_it_came_from(self):
        seq = self.admin.call("RegistryService.GetStatus")["seq"]
        said = self.first.kontor("alpine", "admin", "catalogue", "import", "--format", "kontor-1",
                                 os.path.join(self.second.folder, "catalogue.json"), "--output", "json")
        self.assertEqual({json.loads(line)["outcome"] for line in said.splitlines() if "outcome" in line}, {"SAME"})
        self.assertEqual(self.admin.call("RegistryService.GetStatus")["seq"], seq)


if __name__ == "__main__":
    unittest.main(verbosity=2)
