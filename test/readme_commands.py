"""Runs the commands of README.md, each `sh` block in a fresh shell, and checks what
they print.

Usage: readme_commands.py [--list]
The tests are not run from here, because continuous integration runs them already
(it is checked that it does). A command that fails is reported with its output.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import time

import demo_output

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUN_BY_CI = {"scripts/setup", "scripts/test"}
# What a block that holds these words has to print.
CHECKS = {"scripts/demo": demo_output.check_demo, "pdq-run digits.mlirbc": demo_output.check_by_hand}


def blocks(text):
    """The contents of the sh blocks."""
    return re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)


def without_known(block):
    """The block without what .ci/run itself runs."""
    return "\n".join(line for line in block.split("\n") if line.split("#")[0].strip() not in RUN_BY_CI).strip()


def check(block, output):
    """What is wrong with the output of a block, or nothing."""
    try:
        for words, check_output in CHECKS.items():
            if words in block:
                check_output(output)
    except AssertionError as error:
        return str(error)
    return None


def run(block):
    start = time.time()
    command = ["bash", "-euo", "pipefail", "-c", block]
    result = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    wrong = f"status {result.returncode}" if result.returncode else check(block, result.stdout)
    print(f"--- {time.time() - start:.1f} s, {wrong or 'as expected'}\n{block}")
    if wrong:
        print(result.stdout + result.stderr)
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="only print the commands")
    arguments = parser.parse_args()
    text = (ROOT / "README.md").read_text()
    todo = [block for block in map(without_known, blocks(text)) if block]
    if arguments.list:
        print("\n---\n".join(todo))
        return 0
    continuous = (ROOT / ".ci" / "run").read_text()
    missing = [command for command in RUN_BY_CI if command not in continuous]
    missing += [words for words in CHECKS if not any(words in block for block in todo)]
    if missing:
        print(f"neither README.md nor .ci/run has {missing}")
        return 1
    return not all([run(block) for block in todo])


if __name__ == "__main__":
    sys.exit(main())
