#!/usr/bin/env python3
"""usage: compare_json.py MESSAGE_PEER DESCRIPTOR_SET

Compares our wire bytes and JSON of every message type with Google's, both ways.
"""
import json
import subprocess
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

CASES_MIN = 3000


def read_types(path):
    """Message classes by full name, out of the published descriptors."""
    files = descriptor_pb2.FileDescriptorSet()
    with open(path, "rb") as stream:
        files.ParseFromString(stream.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)

    def message_class(name):
        return factory.GetPrototype(pool.FindMessageTypeByName(name))

    return message_class


def run_peer(peer, mode, text=None):
    result = subprocess.run([peer, mode], input=text, stdout=subprocess.PIPE, check=True)
    return result.stdout.decode("utf-8").split("\n")[:-1]


def serialize(message):
    return message.SerializeToString(deterministic=True)


class Comparison:
    def __init__(self, message_class):
        self.message_class = message_class
        self.names = set()
        self.wrong = 0

    def expect(self, is_right, name, what, *shown):
        if is_right:
            return
        self.wrong += 1
        if self.wrong <= 20:
            print(f"{name}: {what}", *shown, sep="\n    ")

    def theirs_of(self, line):
        """Reads our bytes and our JSON; answers the line of their JSON and the bytes it stands for."""
        name, wire_hex, ours = line.split("\t", 2)
        self.names.add(name)
        message = self.message_class(name)()
        message.ParseFromString(bytes.fromhex(wire_hex))
        theirs = json_format.MessageToJson(message, indent=None)
        self.expect(json.loads(ours) == json.loads(theirs), name, "other JSON", ours, theirs)
        back = json_format.Parse(ours, self.message_class(name)())
        self.expect(serialize(back) == serialize(message), name, "JSON read otherwise", ours)
        return f"{name}\t{theirs}", message

    def judge_back(self, line, message, wire_hex):
        """What we made of their JSON."""
        name = line.split("\t", 1)[0]
        self.expect(not wire_hex.startswith("refused"), name, wire_hex, line)
        if not wire_hex.startswith("refused"):
            back = self.message_class(name)()
            back.ParseFromString(bytes.fromhex(wire_hex))
            self.expect(serialize(back) == serialize(message), name, "their JSON read otherwise", line)


def main():
    peer, descriptor_set = sys.argv[1:3]
    comparison = Comparison(read_types(descriptor_set))
    cases = [comparison.theirs_of(line) for line in run_peer(peer, "print")]
    lines = "".join(line + "\n" for line, _ in cases).encode("utf-8")
    answers = run_peer(peer, "parse", lines)
    comparison.expect(len(answers) == len(cases), "parse", f"{len(answers)} answers to {len(cases)} lines")
    for (line, message), wire_hex in zip(cases, answers):
        comparison.judge_back(line, message, wire_hex)
    print(f"{len(cases)} cases of {len(comparison.names)} message types, {comparison.wrong} wrong")
    return 1 if comparison.wrong or len(cases) < CASES_MIN else 0


if __name__ == "__main__":
    sys.exit(main())
