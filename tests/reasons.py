"""usage: reasons.py SEEN ERRORS.MD

Fails when the contract has a reason no test has tripped. SEEN: lines of a method and a reason,
written by the tests of a whole run. ERRORS.MD: the page made from the broker's table.
"""
import re
import sys


def main(seen_path, page_path):
    with open(page_path, encoding="utf-8") as file:
        reasons = re.findall(r"^\| `([A-Z_]+)`", file.read(), re.MULTILINE)
    with open(seen_path, encoding="utf-8") as file:
        pairs = {tuple(line.split(" ")) for line in file.read().splitlines()}
    if not reasons or not pairs:
        sys.exit("reasons: nothing to compare: a gate that checks nothing fails")
    tripped = {reason for _, reason in pairs}
    missing = [reason for reason in reasons if reason not in tripped]
    unknown = sorted(tripped - set(reasons))
    print(f"reasons: {len(pairs)} pairs of method and reason seen, "
          f"{len(reasons) - len(missing)} of {len(reasons)} reasons")
    for reason in missing:
        print(f"reasons: no test trips {reason}", file=sys.stderr)
    for reason in unknown:
        print(f"reasons: {reason} was seen, but {page_path} does not have it", file=sys.stderr)
    sys.exit(1 if missing or unknown else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
