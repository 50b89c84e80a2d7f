"""Runs lit and ends with the line `N passed, N failed, N skipped`.

Usage: run_lit.py --lit=LIT DIRECTORY... [lit options]
The exit status is lit's. Skipped are tests whose requirements are not met here
(unsupported) and GoogleTest's skipped cases. The counts are read from lit's
summary, because its JSON report leaves the skipped cases out.
"""

import argparse
import collections
import re
import subprocess
import sys

PASSED = {"Passed", "Passed With Retry", "Expectedly Failed"}
SKIPPED = {"Unsupported", "Skipped", "Excluded"}
SUMMARY_LINE = re.compile(r"^  (\S[^:]*?)\s*: +(\d+) \(")


def run(command):
    """Runs lit, passes its output on and returns (status, counter of kinds)."""
    totals = collections.Counter()
    in_summary = False
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace")
    for line in process.stdout:
        print(line, end="", flush=True)
        in_summary |= line.startswith("Total Discovered Tests:")
        match = SUMMARY_LINE.match(line) if in_summary else None
        if match:
            name = match[1]
            kind = "passed" if name in PASSED else "skipped" if name in SKIPPED else "failed"
            totals[kind] += int(match[2])
    status = process.wait()
    if not in_summary or (status and not totals["failed"]):
        totals["failed"] += 1  # lit itself did not work
    return status, totals


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lit", required=True)
    arguments, rest = parser.parse_known_args()
    options = ["--print-result-after=failed", "--test-output=failed"]
    status, totals = run([sys.executable, arguments.lit, *options, *rest])
    print(f"{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped")
    return status


if __name__ == "__main__":
    sys.exit(main())
