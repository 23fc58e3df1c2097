#!/usr/bin/python3
"""usage: peers.py check                     says what cannot be built or run here, and why
       peers.py build [DIR]               builds what can be built
       peers.py plain [DIR]               builds the plain services the bench compares Kontor with
       peers.py run [DIR] -- COMMAND...   runs a command beside one server of each kind

DIR: where the programs lie; else what KONTOR_PEERS_DIR names, else build/peers of the project.
COMMAND finds in its environment KONTOR_PEER_FERRETDB_SQLITE, KONTOR_PEER_FERRETDB_POSTGRES and
KONTOR_PEER_JAVA (mongodb://127.0.0.1:PORT/) and KONTOR_PEERS_DIR; its exit status is the answer.
A server that cannot be started is told and its variable not set; with CI=true that is a failure.
Everything ends with the command, and with this program, whatever ends it.
"""
import os
import signal
import subprocess
import sys

import builder
from peer import (GRACE_SECONDS, Failed, Ferret, FerretPostgres, Java, Postgres, built_folder,
                  runs_as)

SERVERS = {"KONTOR_PEER_FERRETDB_SQLITE": Ferret,
           "KONTOR_PEER_FERRETDB_POSTGRES": FerretPostgres,
           "KONTOR_PEER_JAVA": Java}


def check():
    needs = [(recipe.name, recipe.lacks()) for recipe in builder.RECIPES + builder.PLAIN]
    for name, reason in needs + [("PostgreSQL", Postgres.lacks())]:
        builder.say(name, f"CANNOT be had here: {reason}" if reason else "ok")
    return 0


def build():
    failed = builder.build(built_folder())
    reason = Postgres.lacks()
    if reason:
        builder.say("ferretdb over PostgreSQL", f"SKIPPED: {reason}")
    return 1 if failed else 0


class Interrupted(Exception):
    """A signal asked this program to end before there was a command to pass it to."""


class Runner:
    """One command and the servers it needs. Signals end the command, and its end ends the rest."""

    SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def __init__(self):
        self.peers = []
        self.command = None
        self.signal = None

    def run(self, words):
        for number in self.SIGNALS:
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGALRM, lambda *_: self.command.kill())
        try:
            variables = self._start_all()
            if variables is None:
                return 1
            return self._run_command(words, variables)
        except Interrupted:
            return 128 + self.signal
        finally:
            for peer in self.peers:
                peer.stop()
                peer.close()

    def _start_all(self):
        """The environment of the command; None: one is missing where none may be."""
        variables = {**os.environ, "KONTOR_PEERS_DIR": built_folder()}
        is_whole = True
        for name, kind in SERVERS.items():
            variables.pop(name, None)
            self._check_signal()
            try:
                self.peers.append(kind())
                variables[name] = self.peers[-1].start().uri
            except (Failed, OSError, subprocess.SubprocessError) as error:
                is_whole = False
                builder.say(kind.__name__, f"NOT STARTED: {error}")
        return variables if is_whole or os.environ.get("CI") != "true" else None

    def _run_command(self, words, variables):
        self._check_signal()
        self.command = subprocess.Popen(runs_as(None, signal.SIGKILL) + words, env=variables)
        if self.signal is not None:  # it came before the command had its name
            self._end_command()
        status = self.command.wait()
        return status if status >= 0 else 128 - status

    def _check_signal(self):
        if self.signal is not None:
            raise Interrupted

    def _on_signal(self, number, _):
        self.signal = number
        if self.command is not None:
            self._end_command()

    def _end_command(self):
        """Asks it to end, and makes it after a while."""
        self.command.terminate()
        signal.alarm(GRACE_SECONDS)


def use(words):
    """Takes the folder, if there is one, from the words."""
    if words:
        os.environ["KONTOR_PEERS_DIR"] = words[0]
    os.environ["KONTOR_PEERS_DIR"] = os.path.abspath(built_folder())


def main(words):
    if words == ["check"]:
        return check()
    if words[:1] == ["build"] and len(words) <= 2:
        use(words[1:])
        return build()
    if words[:1] == ["plain"] and len(words) <= 2:
        use(words[1:])
        return 1 if builder.build(built_folder(), builder.PLAIN) else 0
    if words[:1] == ["run"] and "--" in words[1:3] and words[-1] != "--":
        split = words.index("--")
        use(words[1:split])
        return Runner().run(words[split + 1:])
    print(__doc__, file=sys.stderr, end="")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
