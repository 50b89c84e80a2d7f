"""Runs lit and ends with the line `N passed, N failed, N skipped`.

Usage: run_lit.py --lit=LIT DIRECTORY... [lit options]
The exit status is lit's. Skipped are tests whose requirements are not met here
(unsupported) and GoogleTest's skipped cases; each is listed with the command that
enables it. The counts are read from lit's summary, because its JSON report leaves
the skipped cases out.
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

PASSED = {"Passed", "Passed With Retry", "Expectedly Failed"}
SKIPPED = {"Unsupported", "Skipped", "Excluded"}
SUMMARY_LINE = re.compile(r"^  (\S[^:]*?)\s*: +(\d+) \(")
SKIPPED_CASE = re.compile(r"^  PDQ-Unit :: \S*?([^/\s]+\.unittest)/(\S+?)(?:/\d+/\d+)?/?$")

ENABLED_BY = {
    "clang-tidy": "scripts/setup",
    "numpy": "scripts/setup --tests",
    "onnx": "scripts/setup --tests",
    "onnxruntime": "scripts/setup --tests",
    "onnx-writer": "scripts/setup, then a new build folder",
    "openvino": ".venv/bin/python -m pip install openvino",
    "torch": "scripts/setup --torch",
    "torch_mlir": "scripts/setup --torch",
    "iree": ".venv/bin/pip install iree-base-compiler iree-base-runtime",
    "shared-models": "PDQ_SHARED=DIRECTORY scripts/test, with DIRECTORY/models of trained networks",
}


def run(command):
    """Runs lit, passes its output on and returns (status, counter of kinds, skipped cases)."""
    totals = collections.Counter()
    in_summary = False
    cases = []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace")
    for line in process.stdout:
        print(line, end="", flush=True)
        in_summary |= line.startswith("Total Discovered Tests:")
        match = SUMMARY_LINE.match(line) if in_summary else None
        if match:
            name = match[1]
            kind = "passed" if name in PASSED else "skipped" if name in SKIPPED else "failed"
            totals[kind] += int(match[2])
        if not in_summary and (case := SKIPPED_CASE.match(line)):
            cases.append(case.groups())
    status = process.wait()
    if not in_summary or (status and not totals["failed"]):
        totals["failed"] += 1  # lit itself did not work
    return status, totals, cases


def print_skipped(report, cases, build):
    """Says for each skipped test which command enables it."""
    if os.path.exists(report):
        for test in xml.etree.ElementTree.parse(report).iter("testcase"):
            reason = test.find("skipped")
            features = reason.get("message").partition("feature(s): ")[2] if reason is not None else ""
            for feature in filter(None, features.split(", ")):
                command = ENABLED_BY.get(feature, f"another machine, with {feature}")
                print(f"skipped: {test.get('name')} needs {feature}: {command}")
    for program, case in sorted(set(cases)):
        print(f"skipped: {case} says what it needs: {build}/unit/{program} --gtest_filter={case}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lit", required=True)
    arguments, rest = parser.parse_known_args()
    options = ["--print-result-after=failed", "--test-output=failed", "--show-skipped"]
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.xml")
        command = [sys.executable, arguments.lit, *options, f"--xunit-xml-output={report}", *rest]
        status, totals, cases = run(command)
        print_skipped(report, cases, next(iter(rest), "."))
    print(f"{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped")
    return status


if __name__ == "__main__":
    sys.exit(main())
