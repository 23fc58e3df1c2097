"""Constant tables of C sources: where their rows and cells stand in the text.

Only the initializers this project writes are understood: braces, designators, and cells that
are names, numbers, texts and calls of macros.
"""
import re

OPENING, CLOSING = "({[", ")}]"


def mask(text):
    """The text with comments and what stands between quotes blanked, as long as before."""
    def blank(found):
        piece = found.group(0)
        kept = piece[0] if piece[0] == '"' else " "
        return kept + re.sub(r"[^\n]", " ", piece[1:-1]) + kept
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\])*"', blank, text, flags=re.S)


def end_of(masked, at):
    """The position behind the bracket that closes the one at this position."""
    depth = 0
    for i in range(at, len(masked)):
        depth += (masked[i] in OPENING) - (masked[i] in CLOSING)
        if depth == 0:
            return i + 1
    raise ValueError("a bracket is never closed")


class Cell:
    """A part of an initializer: a value, or braces around parts."""

    def __init__(self, source, start, end):
        while source.masked[start:start + 1].isspace():
            start += 1
        self.source = source
        self.start = start
        self.end = start + len(source.text[start:end].rstrip())
        named = re.match(r"(\.\w+|\[[^\]]*\])\s*=\s*", source.masked[start:end])
        self.key = named.group(1) if named else ""
        self.value_at = start + (named.end() if named else 0)
        is_braces = source.masked[self.value_at:self.value_at + 1] == "{"
        self.parts = source.cells(self.value_at) if is_braces else []

    @property
    def value(self):
        text = re.sub(r"/\*.*?\*/", "", self.source.text[self.value_at:self.end], flags=re.S)
        return " ".join(text.split())

    @property
    def is_text(self):
        return self.value.startswith('"')

    def first(self):
        """The value that names a row of such parts."""
        return self.parts[0].first() if self.parts else self.value

    def removed(self):
        """What to cut so that this part is gone: its comma, too."""
        rest = re.match(r"\s*,", self.source.masked[self.end:])
        return self.start, self.end + (rest.end() if rest else 0)


class Source:
    """A file, and its tables."""

    TABLES = (r"\bconst\s[^;{}=()]*?\b(\w+)\[[^\];]*\]\s*=\s*\{",
              r"\}\s*(\w+)\[[^\];]*\]\s*=\s*\{")

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.masked = mask(text)

    def cells(self, brace):
        """The parts between the brace at this position and its end."""
        cells = []
        start = brace + 1
        end = end_of(self.masked, brace) - 1
        depth = 0
        for i in range(start, end + 1):
            if i == end or (self.masked[i] == "," and depth == 0):
                if self.text[start:i].strip():
                    cells.append(Cell(self, start, i))
                start = i + 1
            else:
                depth += (self.masked[i] in OPENING) - (self.masked[i] in CLOSING)
        return cells

    def tables(self):
        """Every table as its name and its rows, in the order of the file."""
        found = {}
        for pattern in self.TABLES:
            for table in re.finditer(pattern, self.masked):
                found[table.end() - 1] = table.group(1)
        return [(found[at], self.cells(at)) for at in sorted(found)]

    def constants(self):
        """Every constant of an enum without a name that is given a value: name and its Cell."""
        found = []
        for enum in re.finditer(r"\benum\s*\{", self.masked):
            for cell in self.cells(enum.end() - 1):
                named = re.match(r"(\w+)\s*=\s*", self.masked[cell.start:cell.end])
                if named:
                    cell.value_at = cell.start + named.end()
                    found.append((named.group(1), cell))
        return found

    def macros(self):
        """What each #define stands for."""
        joined = self.text.replace("\\\n", "  ")
        return dict(re.findall(r"^#define (\w+) +(.+)$", joined, flags=re.M))



def walk(cell, path=()):
    """Every part below a cell with its column: parts of a list all stand in the same one."""
    is_list = len(cell.parts) > 0 and cell.parts[0].parts != []
    for i, part in enumerate(cell.parts):
        here = path + ("*" if is_list else part.key or i,)
        yield part, here, is_list
        yield from walk(part, here)
