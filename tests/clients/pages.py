#!/usr/bin/python3
"""usage: pages.py           says where a page of docs/clients differs from the programs
       pages.py --write   copies what the programs have into the pages

A page quotes what the tests run. In a page `<!-- FILE: REGION -->` stands above a block that is the
region of that name of tests/clients/LANGUAGE/FILE, between the lines docs:begin and docs:end, less
the blanks all its lines begin with. Every region is quoted by its language's page.
"""
import os
import re
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
PAGES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "clients")
BEGIN = re.compile(r"docs:begin ([a-z]+)")
BLOCK = re.compile(r"<!-- (?P<file>\S+): (?P<region>\S+) -->\n```(?P<kind>\w*)\n(?P<text>.*?)```\n",
                   re.DOTALL)


def regions(language):
    """The regions of a language's files: texts by file and name."""
    found = {}
    for place, _, names in os.walk(os.path.join(HERE, language)):
        for name in sorted(names):
            path = os.path.join(place, name)
            if not name.endswith((".pyc", ".sum", ".json")):
                found.update(_regions_of(os.path.relpath(path, os.path.join(HERE, language)), path))
    return found


def _regions_of(name, path):
    found = {}
    region = None
    with open(path, encoding="utf-8") as file:
        for line in file:
            begin = BEGIN.search(line)
            if begin:
                region = begin[1]
                found[name, region] = ""
            elif "docs:end" in line:
                region = None
            elif region:
                found[name, region] += line
    return {key: textwrap.dedent(text).strip("\n") + "\n" for key, text in found.items()}


def languages():
    return sorted(name.removesuffix(".md") for name in os.listdir(PAGES))


def faults(language, text):
    """What a page says that the programs do not, and what it leaves out."""
    programs = regions(language)
    found = []
    quoted = set()
    for block in BLOCK.finditer(text):
        key = block["file"], block["region"]
        quoted.add(key)
        if key not in programs:
            found.append(f"there is no region {key[1]} in {key[0]}")
        elif programs[key] != block["text"]:
            found.append(f"{key[0]}: {key[1]} differs; pages.py --write copies it")
    found += [f"{name}: {region} is not quoted" for name, region in sorted(set(programs) - quoted)]
    if len(BLOCK.findall(text)) * 2 != len(re.findall("^```", text, re.MULTILINE)):
        found.append("there is code that no program has")
    return found


def written(language, text):
    """The page with what the programs have."""
    programs = regions(language)

    def block(match):
        code = programs.get((match["file"], match["region"]), match["text"])
        return (f"<!-- {match['file']}: {match['region']} -->\n```{match['kind']}\n{code}```\n")

    return BLOCK.sub(block, text)


def main(words):
    if words not in ([], ["--write"]):
        print(__doc__, file=sys.stderr, end="")
        return 2
    n = 0
    for language in languages():
        path = os.path.join(PAGES, language + ".md")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if words:
            text = written(language, text)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        for fault in faults(language, text):
            print(f"docs/clients/{language}.md: {fault}")
            n += 1
    return 1 if n else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
