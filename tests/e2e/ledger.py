"""A backend in a folder that outlives whoever is killed, and counts what was done to it.

One file is one name, one line is one thing that happened to it. The line of a creation is the
creation, by one write at the file's end: a kill leaves both or nothing. A second creation of one
name is not refused but written down. storm_agent.c does the same in C.
"""
import collections
import os


class Ledger:
    def __init__(self, folder, name=""):
        self.folder, self.name = folder, name
        os.makedirs(folder, exist_ok=True)

    def tell(self, intent, what, attempt=0):
        file = os.open(os.path.join(self.folder, intent), os.O_WRONLY | os.O_CREAT | os.O_APPEND,
                       0o600)
        try:
            os.write(file, f"{what} {self.name} {attempt}\n".encode("ascii"))
        finally:
            os.close(file)

    def told(self, intent):
        """All that happened to a name, in order."""
        try:
            with open(os.path.join(self.folder, intent), encoding="ascii") as file:
                return [line.split()[0] for line in file]
        except FileNotFoundError:
            return []

    def exists(self, intent):
        return is_there(self.told(intent))

    def all(self):
        return {intent: self.told(intent) for intent in os.listdir(self.folder)}

    def counts(self):
        """How often each thing happened, of all names."""
        return collections.Counter(what for told in self.all().values() for what in told)


def is_there(told):
    """Whether an object exists after all this."""
    last = [what for what in told if what in ("create", "remove")]
    return last[-1:] == ["create"]
