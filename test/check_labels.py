"""Fails on constraints of operations that are not checked, or not tested.

Usage: check_labels.py [ROOT]
The descriptions of operations give each constraint a label, `gather_c1` for the
first of `gather`, once. For include/pdq/IR/PDQOps.td it has to stand in a comment
of the verifiers, lib/IR/PDQOps.cpp, and above its case in test/IR/invalid.mlir;
labels of these two that no description has are found too.
"""

import pathlib
import re
import sys

LABEL = re.compile(r"\b([a-z]\w*)_c[0-9]+\b")
OPERATION = re.compile(r'^def \w+ : \w+Op<"(\w+)"', re.M)


def labels_in(text):
    """(label, line number) of every label of a text."""
    for number, line in enumerate(text.split("\n"), 1):
        for match in LABEL.finditer(line):
            yield match[0], number


def commented(path):
    """The labels in comments of a C++ or MLIR file, with the line of the first."""
    comments = re.sub(r"^(?:(?!//).)*", "", path.read_text() if path.exists() else "", flags=re.M)
    found = {}
    for label, number in labels_in(comments):
        found.setdefault(label, number)
    return found


def problems(root, source):
    """(path, line, message) of what is wrong with the labels of a .td file."""
    text = source.read_text()
    place = source.relative_to(root / "include/pdq")
    others = [root / "lib" / place.with_suffix(".cpp"), root / "test" / place.parent / "invalid.mlir"]
    found = {path: commented(path) for path in others}
    operations = set(OPERATION.findall(text))
    first = {}
    for label, number in labels_in(text):
        if label in first:
            yield source, number, f"{label} is stated a second time, first in line {first[label]}"
            continue
        first[label] = number
        if LABEL.match(label)[1] not in operations:
            yield source, number, f"{label} is of no operation of this file"
        for path in others:
            if label not in found[path]:
                yield source, number, f"{label} is in no comment of {path.relative_to(root)}"
    for path in others:
        for label, number in found[path].items():
            if label not in first:
                yield path, number, f"{label} is stated nowhere in {source.relative_to(root)}"


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    count = 0
    for source in sorted(root.glob("include/pdq/**/*Ops.td")):
        for path, number, message in problems(root, source):
            print(f"{path.relative_to(root)}:{number}: error: {message}")
            count += 1
    return count != 0


if __name__ == "__main__":
    sys.exit(main())
