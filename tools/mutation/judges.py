"""Which tests are asked about a mutation, and in which order."""
import fnmatch
import json
import os
import threading

import known
from find import Unfit

# A test that takes longer than this is asked only where it is named for the file, or with --all.
LONG_SECONDS = 8.0


class Judges:
    """The tests. What noticed a mutation last time is asked first, then what noticed the one
    before it, then what is there for its file, the quickest first."""

    def __init__(self, rig, is_patient):
        self.rig = rig
        self.is_patient = is_patient
        self.path = os.path.join(rig.build, "mutate-noticed.json")
        self.noticed = {}
        self.recent = {}
        self.trusted = set()
        self.lock = threading.Lock()
        noticed, seconds = self._kept()
        self.noticed.update(noticed)
        rig.seconds.update(seconds)

    def _kept(self):
        if not os.path.exists(self.path):
            return {}, {}
        with open(self.path, encoding="utf-8") as file:
            return json.load(file)

    def keep(self):
        """Writes down what was seen, beside what another run has meanwhile."""
        noticed, seconds = self._kept()
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump([{**noticed, **self.noticed}, {**seconds, **self.rig.seconds}], file)

    @staticmethod
    def _fits(test, names):
        return any(fnmatch.fnmatchcase(os.path.basename(test), f"test_{n}") for n in names)

    def candidates(self, mutation):
        first, rest = next((f, r) for pattern, f, r in known.TESTS
                           if fnmatch.fnmatchcase(mutation.path, pattern))
        by_time = sorted(self.rig.tests, key=lambda test: self.rig.seconds.get(test, 0))
        tests = [t for t in by_time if self._fits(t, first)]
        tests += [t for t in by_time if t not in tests and self._fits(t, rest)
                  and (self.is_patient or self.rig.seconds.get(t, 0) < LONG_SECONDS)]
        likely = [self.noticed.get(mutation.name), self.recent.get((mutation.kind, mutation.path))]
        likely = [t for t in dict.fromkeys(likely) if t in tests]
        return likely + [t for t in tests if t not in likely]

    def ask(self, trial):
        """The first test that fails and what it says; None = none does."""
        for test in self.candidates(trial.mutation):
            # Twice: on a machine with much to do a test may fail by itself, once.
            failed = trial.run(test) and trial.run(test)
            if failed:
                self._trust(test, trial.path)
                self.noticed[trial.mutation.name] = test
                self.recent[(trial.mutation.kind, trial.path)] = test
                return test, failed
        self.noticed.pop(trial.mutation.name, None)
        return None, None

    def _trust(self, test, path):
        """It counts only when the test passes with the same file compiled the same way, but
        unchanged: else it would notice everything."""
        with self.lock:
            if (test, path) in self.trusted:
                return
            self.trusted.add((test, path))
            with self.rig.trial(path=path) as trial:
                if path.endswith(".c"):
                    trial.prepare()
                failed = trial.run(test)
                if failed:
                    raise Unfit(f"{test} fails without any mutation of {path}: {failed}")
