"""Fails on lines of lit tests that look like a check but that FileCheck ignores.

Usage: lint_checks.py DIRECTORY...
Three mistakes are found, for every prefix that a RUN line of the file uses:
a directive without its colon, a misspelled suffix (`CHECK-NXT:`), and a prefix
that no RUN line asks for. A file without a RUN line is reported too.
"""

import pathlib
import re
import sys

SUFFIXES = {"NEXT", "SAME", "NOT", "DAG", "LABEL", "EMPTY", "COUNT"}
DIRECTIVE = re.compile(r"^\s*(?://|#|;)?\s*([A-Z][A-Z0-9_-]*)(:|\b)(.*)$")
PREFIX_OPTION = re.compile(r"--?check-prefix(?:es)?[= ]([\w,-]+)")


def prefixes_of(text):
    """The check prefixes of a file's FileCheck calls, and whether it has RUN lines."""
    runs = re.findall(r"RUN:(.*)", text)
    joined = "\n".join(runs).replace("\\\n", " ")
    prefixes = set()
    for call in re.findall(r"FileCheck[^|\n]*", joined):
        named = PREFIX_OPTION.findall(call)
        prefixes.update(p for group in named for p in group.split(","))
        if not named:
            prefixes.add("CHECK")
    return prefixes, bool(runs)


def split_suffix(word, prefixes):
    """(prefix, suffix) of a directive-like word, or None if it is ordinary text."""
    for prefix in sorted(prefixes, key=len, reverse=True):
        if word == prefix:
            return prefix, ""
        if word.startswith(prefix + "-"):
            return prefix, word[len(prefix) + 1 :]
    return None


def problem(line, prefixes):
    """What is wrong with a line, or None."""
    match = DIRECTIVE.match(line)
    if not match:
        return None
    word, colon, rest = match.groups()
    parts = split_suffix(word, prefixes)
    if parts is None:
        if colon == ":" and word.startswith("CHECK"):
            return f"no RUN line uses the prefix of '{word}'"
        return None
    suffix = parts[1].split("-")[0]
    if suffix and suffix not in SUFFIXES:
        return f"'{word}' has no suffix that FileCheck knows"
    modifiers = re.match(r"^\{[A-Z]+\}:", rest) if colon != ":" else True
    if not modifiers:
        return f"'{word}' has no colon"
    return None


def lint(path):
    text = path.read_text(errors="replace")
    prefixes, has_run = prefixes_of(text)
    if not has_run:
        yield 1, "the file has no RUN line"
        return
    for number, line in enumerate(text.split("\n"), 1):
        message = problem(line, prefixes)
        if message:
            yield number, message


def main():
    count = 0
    for folder in sys.argv[1:]:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix not in (".mlir", ".test") or {"Inputs", "corpus"} & set(path.parts):
                continue
            for number, message in lint(path):
                print(f"{path}:{number}: error: {message}")
                count += 1
    return count != 0


if __name__ == "__main__":
    sys.exit(main())
