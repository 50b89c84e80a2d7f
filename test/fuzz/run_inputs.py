#!/usr/bin/env python3
# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds the input fuzzers (libFuzzer, ASan, UBSan) and runs each for a time.

    test/fuzz/run_inputs.py                         a minute each
    test/fuzz/run_inputs.py --seconds 3600 npy      an hour of one target

New inputs go into BUILD/fuzz/corpus, those that crash, hang (10 s) or take more than
2 GiB into BUILD/fuzz/found. The last line is `N executions, N found`. It needs clang's
run-time libraries: apt install libclang-rt-22-dev.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
# Target -> program, largest input, options.
TARGETS = {
    "npy": ("pdq-fuzz-npy", 512, []),
    # Parsers of values print to stderr.
    "options": ("pdq-fuzz-options", 256, [f"-dict={CORPUS / 'options.dict'}", "-close_fd_mask=2"]),
    "cache": ("pdq-fuzz-cache", 1024, []),
    "checkpoint": ("pdq-fuzz-checkpoint", 16384, []),
    "text": ("pdq-fuzz-module", 8192, [f"-dict={CORPUS / 'mlir.dict'}"]),
    "bytecode": ("pdq-fuzz-module", 8192, []),
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", default=list(TARGETS), help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--no-build", action="store_true")
    return parser.parse_args()


def run_target(name, build, seconds):
    """Runs one fuzzer; returns its executions, seconds, coverage and what it found."""
    program, size, options = TARGETS[name]
    grown, found = build / "fuzz" / "corpus" / name, build / "fuzz" / "found"
    grown.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    command = [
        build / "bin" / program, grown, *filter(pathlib.Path.exists, [CORPUS / name]), f"-max_total_time={seconds}", f"-max_len={size}", "-timeout=10",
        "-rss_limit_mb=2048", "-print_final_stats=1", "-seed=1", f"-artifact_prefix={found / name}-", *options,
    ]
    environment = {**os.environ, "PDQ_CACHE_DIR": "", "PDQ_FUZZ_SEEDS": str(grown)}
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, errors="replace", env=environment)
    log = ran.stderr
    (build / "fuzz" / f"{name}.log").write_text(log)
    numbers = re.findall(r"#(\d+)\t", log)
    executions = re.search(r"stat::number_of_executed_units: (\d+)", log)
    count = int(executions[1]) if executions else int(numbers[-1]) if numbers else 0
    features = re.findall(r"cov: (\d+)", log)
    inputs = sorted(set(found.iterdir()) - before)
    if ran.returncode != 0 and not inputs:
        print(log[-2000:], file=sys.stderr)
    return count, features[-1] if features else "0", inputs, ran.returncode


def main():
    arguments = parse_arguments()
    build = pathlib.Path(arguments.build)
    if not arguments.no_build:
        subprocess.run(["cmake", "--build", build, "--target", "PDQInputFuzzers"], check=True)
    total, wrong = 0, 0
    for name in arguments.targets:
        count, features, inputs, status = run_target(name, build, arguments.seconds)
        total += count
        wrong += len(inputs) if inputs else status != 0
        print(f"{name}: {count} executions, {features} edges, {len(inputs)} found", flush=True)
        for path in inputs:
            print(f"  {build / 'bin' / TARGETS[name][0]} {path}")
    print(f"{total} executions, {wrong} found")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
