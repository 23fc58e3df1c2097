"""Every mutation there is to try, found in the tables of the sources."""
import fnmatch
import glob
import os
import re

import known
from c_table import Source, walk

KINDS = ("machine", "roles", "limit", "rule", "effect")
MACHINE = "server/order/item_state.c"
RULES = "proto/rules_table.c"
ROLES_OF_PEOPLE = ("READER", "PORTAL", "APPROVER", "SHIFTER", "OPERATOR", "AGENT", "SITE_ADMIN",
                   "CERTIFIER", "MONITOR", "PEER", "ADMIN")


class Unfit(Exception):
    """The tree itself is not one mutations could be tried in."""


# From here on a limit is doubled and halved: one more or less of it is nothing anybody sees.
MANY = 2000


class Mutation:
    """One change of one file."""

    def __init__(self, kind, source, where, what, span, text):
        self.kind = kind
        self.path = source.path
        self.name = f"{source.path} {where}: {what}"
        self.source = source
        self.span = span
        self.text = text
        self.constant = where if kind == "limit" else None

    def __str__(self):
        return f"{self.kind:8} {self.name}"

    def mutated(self):
        start, end = self.span
        return self.source.text[:start] + self.text + self.source.text[end:]


def plain(value):
    """A cell as people call it."""
    inner = re.fullmatch(r"&?\w+\((\w+)\)", value)
    return (inner.group(1) if inner else value).strip('"')


# ---- Tables of rows ----

def labels(rows):
    """A name for each row, each of them another."""
    seen = {}
    for row in rows:
        label = plain(row.key.strip("[].") or row.first())
        seen[label] = seen.get(label, 0) + 1
        yield label if seen[label] == 1 else f"{label}~{seen[label]}"


def listed_roles(value):
    return re.findall(r"ROLE_BIT\((\w+)\)", value)


def role_changes(value):
    """Each role left out, and one that does not belong there."""
    roles = listed_roles(value)
    for role in roles:
        rest = " | ".join(f"ROLE_BIT({r})" for r in roles if r != role)
        yield f"-{role}", rest or "0"
    wrong = next(r for r in ROLES_OF_PEOPLE if r not in roles)
    yield f"+{wrong}", f"{value} | ROLE_BIT({wrong})"


def cell_changes(value, column):
    """What else could stand here: (how it is told, the text)."""
    if any(listed_roles(v) for v in column):
        yield from role_changes(value)
        return
    flipped = {"true": "false", "false": "true"}.get(value)
    others = [v for v in column if v != value]
    if flipped:
        yield f"{value} -> {flipped}", flipped
    elif others:
        # The next one behind it, so that not every cell becomes the same.
        other = column[(column.index(value) + 1) % len(column)]
        yield f"{plain(value)} -> {plain(other)}", other


def columns_of(rows):
    """Every different value of each column."""
    columns = {}
    for row in rows:
        cells = [(row, ("value",), False)] if not row.parts else walk(row)
        for cell, path, _ in cells:
            if not cell.parts and cell.value not in columns.setdefault(path, []):
                columns[path].append(cell.value)
    return columns


def row_changes(source, kind, where, row, columns):
    if not row.key:
        yield Mutation(kind, source, where, "left out", row.removed(), "")
    cells = [(row, ("value",), False)] if not row.parts else walk(row)
    listed = where
    for cell, path, is_listed in cells:
        if is_listed:
            listed = f"{where}.{plain(cell.first())}"
            yield Mutation(kind, source, listed, "left out", cell.removed(), "")
        place = listed + "".join(f".{p}" for p in path[-1:] if p not in ("*", "value"))
        if cell.parts or cell.is_text:
            continue
        for what, text in cell_changes(cell.value, columns[path]):
            yield Mutation(kind, source, place, what, (cell.value_at, cell.end), text)


def of_tables(source, kind):
    for table, rows in source.tables():
        if any(part.key == ".path" for row in rows for part in row.parts):
            continue  # The calls of a service: of_roles.
        columns = columns_of(rows)
        for row, label in zip(rows, labels(rows)):
            yield from row_changes(source, kind, f"{table}[{label}]", row, columns)


# ---- The role sets of calls ----

def roles_of(value, macros):
    """The roles a row's word stands for."""
    for name, meaning in macros.items():
        value = re.sub(rf"\b{name}\b", lambda _: f"({meaning})", value)
    roles = listed_roles(value)
    return list(ROLES_OF_PEOPLE) if "ROLES_ALL" in value else roles


def of_call(source, call, cell, macros):
    value = cell.value
    span = (cell.value_at, cell.end)
    roles = roles_of(value, macros)
    bits = [f"ROLE_BIT({role})" for role in roles]
    special = ("ROLE_BIT_HOME_ADMIN", "ROLE_BIT_ANY_CERTIFICATE")
    whole = f"({value}) " + " ".join(macros.get(w, "") for w in re.findall(r"\w+", value))
    bits += [bit for bit in special if bit in whole]
    for bit in bits:
        yield Mutation("roles", source, call, f"-{plain(bit)}", span, f"({value}) & ~{bit}")
    wrong = [f"ROLE_BIT({role})" for role in ROLES_OF_PEOPLE] + [special[1]]
    added = next(bit for bit in wrong if bit not in bits)
    yield Mutation("roles", source, call, f"+{plain(added)}", span, f"({value}) | {added}")


def of_roles(source):
    macros = source.macros()
    for _, rows in source.tables():
        for row in rows:
            parts = {part.key: part for part in row.parts}
            if ".path" in parts and ".roles" in parts:
                call = re.findall(r'"([^"]*)"', parts[".path"].value)[-1].split("/")[-1]
                yield from of_call(source, call, parts[".roles"], macros)


# ---- Limits ----

def number(value):
    """What an expression of numbers comes to; None where names stand in it."""
    if re.search(r"[A-Za-z_]", re.sub(r"0x[0-9a-f]+", "", value)):
        return None
    return int(eval(value.replace("/", "//"), {"__builtins__": {}}))  # pylint: disable=eval-used


def is_limit(source, name, used):
    fitting = [p for p in known.NO_LIMIT if fnmatch.fnmatchcase(f"{source.path} {name}", p)]
    used.update(fitting)
    return not fitting


def of_limits(source, used):
    for name, cell in source.constants():
        if not is_limit(source, name, used):
            continue
        value = cell.value
        size = number(value)
        is_large = size is None or size >= MANY
        for sign in ("*", "/") if is_large else ("+", "-"):
            step = 2 if is_large else 1
            told = f"({value})" if " " in value else value
            yield Mutation("limit", source, name, f"{told} {sign} {step}",
                           (cell.value_at, cell.end), f"(({value}) {sign} {step})")


# ---- Rules of fields ----

def bound_changes(value):
    """A bound off by one; what its type allows anyway is none."""
    if value not in ("INT64_MAX", "INT32_MAX"):
        yield str(int(value) + 1)
        yield str(int(value) - 1)


def of_rule(source, row):
    field, flags, form, least, most, items = (row.parts[i] for i in range(1, 7))
    where = f"{plain(row.first())}.{plain(field.value)}"

    def change(cell, text):
        what = f"{form.value} {cell.value} -> {text}"
        return Mutation("rule", source, where, what, (cell.value_at, cell.end), text)
    names = [flag for flag in flags.value.split(" | ") if flag != "RULE_FREE"]
    for flag in names:
        rest = " | ".join(name for name in names if name != flag)
        yield change(flags, rest or "RULE_FREE")
    bounds = {"RULE_TEXT": [most], "RULE_NUMBER": [least, most],
              "RULE_NUMBER_OR_0": [least, most]}.get(form.value, [])
    for cell in bounds + ([items] if items.value != "0" else []):
        for text in bound_changes(cell.value):
            yield change(cell, text)
    if form.value not in ("RULE_ANY", "RULE_TEXT"):
        yield change(form, "RULE_ANY")


def of_rules(source):
    for table, rows in source.tables():
        for row in rows if table == "rules_table" else ():
            yield from of_rule(source, row)


# ---- All of them ----

def sources(root, patterns):
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(root, pattern), recursive=True)):
            with open(path, encoding="utf-8") as file:
                yield Source(os.path.relpath(path, root), file.read())


def number_alike(mutations):
    """Mutations that are told the same are told apart."""
    seen = {}
    for mutation in mutations:
        n = seen[mutation.name] = seen.get(mutation.name, 0) + 1
        mutation.name += f" (~{n})" if n > 1 else ""
    return mutations


def everything(root):
    """Every mutation, those nobody can notice included."""
    found = []
    for source in sources(root, ["server/order/*.c", "server/catalogue/onboarding.c",
                                 "catalogue/phase.c", "catalogue/fact.c",
                                 "server/configuration/certification.c"]):
        found += of_tables(source, "machine" if source.path == MACHINE else "effect")
    for source in sources(root, ["server/**/*.c"]):
        found += of_roles(source)
    used = set()
    for source in sources(root, known.LIMITS):
        found += of_limits(source, used)
    stale = sorted(set(known.NO_LIMIT) - used)
    if stale:
        raise Unfit("there is no such constant, in known.py: " + ", ".join(stale))
    for source in sources(root, [RULES]):
        found += of_rules(source)
    return number_alike(sorted(found, key=lambda m: KINDS.index(m.kind)))
