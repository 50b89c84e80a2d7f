#!/usr/bin/env python3
# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random networks against NumPy: values, folding, batches, gradients, exported modules.

    test/fuzz/run_networks.py --seeds 0:200              these seeds
    test/fuzz/run_networks.py --seconds 3600             from seed 0, for an hour
    test/fuzz/run_networks.py --seeds 17 --keep DIR      one seed, its files kept

A network that fails is made smaller and written into DIR with its samples and outputs.
The last line is `N networks, N failed, N refused`; the exit status is 1 after a failure.
"""

import argparse
import collections
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

try:
    import numpy as np
except ImportError:
    print("run_networks: skipped, numpy is not installed; scripts/setup --tests installs it")
    sys.exit(77)

from checks import CHECKS, Failure, Refused, Subject
from generator import draw_recipe
from minimize import minimize
from server import Server


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0:", help="A:B, A: (until the time is over) or A")
    parser.add_argument("--seconds", type=float, default=None, help="stop after this time")
    parser.add_argument("--checks", default="", help="only these, on every network: " + ", ".join(CHECKS))
    parser.add_argument("--build", default=str(pathlib.Path(__file__).resolve().parents[2] / "build"))
    parser.add_argument("--keep", default="", help="folder for networks that fail")
    parser.add_argument("--refusals", type=int, default=5, help="refusals that are listed")
    return parser.parse_args()


def draw_checks(seed, only):
    """The checks that a network gets."""
    if only:
        return only.split(",")
    r = np.random.default_rng([seed, 2])
    return [name for name, (_, part) in CHECKS.items() if r.random() < part]


def try_network(recipe, seed, names, server, folder):
    """Runs the checks; returns (check, failure or refusal), or None."""
    subject = Subject(recipe, server, folder, seed)
    for name in names:
        try:
            CHECKS[name][0](subject)
        except (Failure, Refused) as error:
            return name, error
    return None


def keep(folder, name, seed, recipe, subject_folder, error):
    """Writes what a person needs to see the failure."""
    target = pathlib.Path(folder) / f"{name}-{seed}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(subject_folder, target)
    (target / "what.txt").write_text(f"{name}: {error}\n{recipe.describe()}\n")


class Tally:
    """What was found so far."""

    def __init__(self, arguments):
        self.arguments, self.networks, self.failed = arguments, 0, 0
        self.refused, self.kinds = collections.Counter(), collections.Counter()
        self.examples = {}

    def report(self, name, error, seed, recipe, server, folder):
        if isinstance(error, Refused):
            text = "".join(c for c in str(error) if not c.isdigit())
            self.refused[text] += 1
            self.examples.setdefault(text, (seed, str(error)))
            return
        self.failed += 1
        self.kinds[error.kind] += 1

        def fails(candidate):
            found = try_network(candidate, seed, [name], server, folder)
            return bool(found) and isinstance(found[1], Failure) and found[1].kind == error.kind

        if self.kinds[error.kind] <= 200:
            recipe = minimize(recipe, fails)
            found = try_network(recipe, seed, [name], server, folder)
            error = found[1] if found else error
        print(f"seed {seed}, {name}: {error}\n  {recipe.describe()}\n  test/fuzz/run_networks.py --seeds {seed}", flush=True)
        if self.arguments.keep:
            np.save(pathlib.Path(folder) / "expected.npy", Subject(recipe, server, folder, seed).network.outputs)
            keep(self.arguments.keep, name, seed, recipe, folder, error)

    def finish(self):
        for text, count in self.refused.most_common(self.arguments.refusals):
            seed, example = self.examples[text]
            print(f"refused {count} times, as seed {seed}: {example}")
        refused = sum(self.refused.values())
        print(f"{self.networks} networks, {self.failed} failed, {refused} refused")
        return 1 if self.failed or self.networks == refused else 0


def main():
    arguments = parse_arguments()
    first, colon, last = arguments.seeds.partition(":")
    seed, end = int(first or 0), int(last) if last else None if colon else int(first) + 1
    deadline = time.monotonic() + arguments.seconds if arguments.seconds else None
    tally = Tally(arguments)
    with tempfile.TemporaryDirectory(prefix="pdq-fuzz-") as folder:
        server = Server(arguments.build, folder)
        try:
            while (end is None or seed < end) and (deadline is None or time.monotonic() < deadline):
                recipe = draw_recipe(seed)
                found = try_network(recipe, seed, draw_checks(seed, arguments.checks), server, folder)
                tally.networks += 1
                if found:
                    tally.report(*found, seed, recipe, server, folder)
                seed += 1
                if tally.networks % 500 == 0:
                    print(f"{tally.networks} networks, the next is seed {seed}", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            print(f"interrupted; go on with --seeds {seed}:{last}")
        server.close()
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
