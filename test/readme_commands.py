"""Runs the commands of README.md, each `sh` block in a fresh shell.

Usage: readme_commands.py [--list]
The set-up and the tests are not run from here, because continuous integration
runs them already (it is checked that it does). A command that fails is reported
with its output.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUN_BY_CI = {"scripts/setup", "scripts/test"}


def blocks(text):
    """The contents of the sh blocks."""
    return re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)


def without_known(block):
    """The block without what .ci/run itself runs."""
    return "\n".join(line for line in block.split("\n") if line.strip() not in RUN_BY_CI).strip()


def run(block):
    start = time.time()
    command = ["bash", "-euo", "pipefail", "-c", block]
    result = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    print(f"--- {time.time() - start:.1f} s, status {result.returncode}\n{block}")
    if result.returncode != 0:
        print(result.stdout + result.stderr)
    return result.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="only print the commands")
    arguments = parser.parse_args()
    text = (ROOT / "README.md").read_text()
    continuous = (ROOT / ".ci" / "run").read_text()
    missing = [command for command in RUN_BY_CI if command in text and command not in continuous]
    if missing:
        print(f"README.md names {missing} but .ci/run does not run them")
        return 1
    todo = [block for block in map(without_known, blocks(text)) if block]
    if arguments.list:
        print("\n---\n".join(todo))
        return 0
    return not all([run(block) for block in todo])


if __name__ == "__main__":
    sys.exit(main())
