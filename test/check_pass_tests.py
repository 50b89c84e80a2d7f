"""Fails on passes without a test of their name.

Usage: check_pass_tests.py [ROOT]
A pass `pdq-fold-batch-norm` of include/pdq/Annotation/Passes.td has to be run by
test/Annotation/fold-batch-norm.mlir (or .test); flags without `pdq-` in front are
names of files as they are.
"""

import pathlib
import re
import sys

RUN = re.compile(r"(?:RUN|DEFINE):(.*)")


def flags_of(text):
    """(flag, line number) of every pass of a Passes.td file."""
    for number, line in enumerate(text.split("\n"), 1):
        for flag in re.findall(r'^def \w+ : \w*Pass<"([\w-]+)"', line):
            yield flag, number


def problem(flag, folder):
    """What is missing for a pass whose tests are in the folder, or None."""
    name = flag.removeprefix("pdq-")
    files = [path for path in (folder / f"{name}.mlir", folder / f"{name}.test") if path.exists()]
    if not files:
        return f"{folder.name}/{name}.mlir does not exist"
    runs = "\n".join(line for path in files for line in RUN.findall(path.read_text(errors="replace")))
    if not re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", runs.replace("--", " ")):
        return f"no RUN line of {folder.name}/{files[0].name} has the pass"
    return None


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    count = 0
    for path in sorted(root.glob("include/pdq/*/Passes.td")):
        for flag, number in flags_of(path.read_text()):
            message = problem(flag, root / "test" / path.parent.name)
            if message:
                print(f"{path.relative_to(root)}:{number}: error: {flag} has no test of its name: {message}")
                count += 1
    return count != 0


if __name__ == "__main__":
    sys.exit(main())
