#!/usr/bin/python3
"""usage: clients.py check               says which languages cannot be built or run here, and why
       clients.py build [LANGUAGE...]    builds the clients that can be built
       clients.py run [LANGUAGE...]      builds them, plays the scenario, prints the table

Without a LANGUAGE, all of them. What is built lies where KONTOR_CLIENTS_DIR says, else in
build/clients of the project; it is built again only when what it is made from has changed.
run plays against the broker of the build in build/dev, or of the one KONTOR_BUILD names.
"""
import json
import os
import subprocess
import sys

import builder


def check(_):
    for recipe in builder.RECIPES:
        reason = recipe.lacks()
        builder.say(recipe.name, f"CANNOT be had here: {reason}" if reason else "ok")
    return 0


def build(names):
    return 1 if builder.build([each for each in builder.RECIPES if each.name in names]) else 0


def run(names):
    """As ctest would: it knows which programs are meant."""
    if build(names) != 0:
        return 1
    folder = os.environ.get("KONTOR_BUILD") or os.path.join(builder.ROOT, "build", "dev")
    listed = builder.run(["ctest", "--test-dir", folder, "--show-only=json-v1", "-R", "^clients$"])
    test, = json.loads(listed)["tests"]
    words = {each["name"]: each["value"] for each in test["properties"]}["ENVIRONMENT"]
    environment = {**os.environ, **dict(word.split("=", 1) for word in words)}
    chosen = [f"Clients.test_{name}" for name in names]
    return subprocess.run(test["command"] + chosen, env=environment, check=False).returncode


COMMANDS = {"check": check, "build": build, "run": run}


def main(words):
    known = [recipe.name for recipe in builder.RECIPES]
    names = words[1:] or known
    if not words or words[0] not in COMMANDS or not set(names) <= set(known):
        print(__doc__, file=sys.stderr, end="")
        print(f"LANGUAGE: {' '.join(known)}", file=sys.stderr)
        return 2
    return COMMANDS[words[0]](names)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (builder.Failed, ValueError) as error:
        sys.exit(f"clients: {error}")
