"""Fails on lines of lit tests that look like a check but that check nothing.

Usage: lint_checks.py DIRECTORY...
For every prefix that a RUN line of the file uses, what FileCheck ignores is found:
a directive without its colon, a misspelled suffix (`CHECK-NXT:`), and a prefix that
no RUN line asks for. So are those that it takes but that say less than they seem to:
a FileCheck whose lines are all `-NOT`, which any other output passes, a difference
that ends in a digit, as `0` is found in `0.37` too, and two
captures `%[[X:.+]]` in one list of arguments, of which the first takes as much of
the list as it can. A file without a RUN line is reported too.
"""

import pathlib
import re
import sys

SUFFIXES = {"NEXT", "SAME", "NOT", "DAG", "LABEL", "EMPTY", "COUNT"}
DIRECTIVE = re.compile(r"^\s*(?://|#|;)?\s*([A-Z][A-Z0-9_-]*)(:|\b)(.*)$")
PREFIX_OPTION = re.compile(r"--?check-prefix(?:es)?[= ]([\w,-]+)")
GREEDY_CAPTURE = re.compile(r"%\[\[#?\w+:\.[+*]\]\]")
FUNCTION = re.compile(r"\bfunc\b|\bplan\.(?:program|kernel)\b")


def calls_of(text):
    """The check prefixes of each of a file's FileCheck calls; None without RUN lines."""
    runs = re.findall(r"RUN:(.*)", text)
    if not runs:
        return None
    joined = "\n".join(runs).replace("\\\n", " ")
    calls = []
    for call in re.findall(r"FileCheck[^|\n]*", joined):
        named = PREFIX_OPTION.findall(call)
        calls.append({p for group in named for p in group.split(",")} or {"CHECK"})
    return calls


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
    if re.search(r"difference: \S*[0-9]\s*$", rest):
        return "a number is found in front of further digits too, end the line with '{{$}}'"
    if swallows_arguments(rest):
        return "a capture of '.+' or '.*' can take the arguments behind it, use '[a-z0-9_]+'"
    return None


def swallows_arguments(text):
    """Whether a line has two greedy captures of a function's, or a block's, arguments."""
    ends = [match.end() for match in GREEDY_CAPTURE.finditer(text)]
    return len(ends) > 1 and (FUNCTION.search(text) or sum(text[end : end + 1] == ":" for end in ends) > 1)


def without_anchor(lines, calls):
    """(line number, prefixes) of the FileCheck calls whose lines are all `-NOT`."""
    found = {}
    for number, line in enumerate(lines, 1):
        match = DIRECTIVE.match(line)
        parts = match and split_suffix(match[1], set().union(*calls))
        if parts:
            found.setdefault(parts[0], []).append((number, parts[1]))
    reported = set()
    for prefixes in calls:
        directives = sorted(d for prefix in prefixes for d in found.get(prefix, []))
        if directives and directives[0] not in reported and all(suffix == "NOT" for _, suffix in directives):
            reported.add(directives[0])
            yield directives[0][0], "' and '".join(sorted(prefixes))


def lint(path):
    lines = path.read_text(errors="replace").split("\n")
    calls = calls_of("\n".join(lines))
    if calls is None:
        yield 1, "the file has no RUN line"
        return
    prefixes = set().union(*calls)
    for number, line in enumerate(lines, 1):
        message = problem(line, prefixes)
        if message:
            yield number, message
    for number, names in without_anchor(lines, calls):
        yield number, f"'{names}' has only NOT lines, which any other output passes"


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
