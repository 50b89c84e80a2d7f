# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What must hold for a random network.

Each check takes a Subject and raises Failure. What a check draws comes from the seed of
the network, so that a seed repeats what failed.
"""

import os
import pathlib
import re
import subprocess

import numpy as np

import float_weights
import gradients
from generator import build

# Sums of a few thousand numbers of size 1 in f32, and norms that enlarge their errors.
TOLERANCE = 2e-4


class Failure(Exception):
    """A check does not hold; `kind` is what is kept while the network is made smaller."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


class Refused(Exception):
    """The tools gave one error."""


class Subject:
    """A network with its files, and the tools that run it."""

    def __init__(self, recipe, server, folder, seed):
        self.recipe, self.server, self.folder = recipe, server, pathlib.Path(folder)
        self.network = build(recipe)
        self.r = np.random.default_rng([seed, 1])
        self.module, self.inputs = self.folder / "network.mlir", self.folder / "inputs.npy"
        self.module.write_text(self.network.text)
        np.save(self.inputs, self.network.inputs)
        self.annotated = None

    def evaluate(self, inputs):
        """NumPy's outputs for other inputs."""
        return build(self.recipe, inputs=inputs).outputs

    def call(self, tool, *arguments, seconds=None):
        """Runs a tool; its error is a refusal, a signal is a failure."""
        outcome = self.server.call(tool, *arguments, seconds=seconds)
        if outcome.crashed:
            raise Failure("crash", f"{tool}: {outcome.describe()}")
        if outcome.status != 0:
            raise Refused(outcome.describe())
        return outcome.log

    def run(self, module, *options, batch=None, output="outputs.npy", threads=1):
        path = self.folder / output
        batch = batch or len(self.network.inputs)
        self.call(
            "pdq-run", module, f"--input={self.inputs}", f"--output={path}", f"--batch={batch}",
            f"--threads={threads}", *options,
        )
        return np.load(path)

    def annotate(self):
        """The annotated module, once; not calibrated."""
        if self.annotated is None:
            path = self.folder / "annotated.mlir"
            granularity = ["block", "layer", "network"][self.r.choice(3, p=[0.6, 0.2, 0.2])]
            self.call("pdq-opt", self.module, f"--pdq-annotate=granularity={granularity}", "-o", path)
            self.annotated = path
        return self.annotated

    def draw_batch(self):
        return int(self.r.choice([1, 2, 3, len(self.network.inputs)]))

    def compare(self, kind, found, expected, tolerance=TOLERANCE):
        if found.shape != expected.shape:
            raise Failure(kind, f"shape {found.shape}, expected {expected.shape}")
        size = np.abs(expected).max() + 1e-3
        difference = np.abs(found - expected).max() / size
        if not difference <= tolerance:
            place = np.unravel_index(np.nanargmax(np.abs(found - expected)), found.shape) if np.isfinite(found).any() else ()
            raise Failure(kind, f"{difference:.1e} apart, at {tuple(map(int, place))}")


def check_values(subject):
    """The frontend's module, at any batch, gives what NumPy gives."""
    batch = subject.draw_batch()
    subject.compare("values", subject.run(subject.module, batch=batch), subject.network.outputs)


def check_quantized_body(subject):
    """Quantizers without parameters are the identity: norms are folded rightly."""
    found = subject.run(subject.annotate(), "--mode=quantized", batch=subject.draw_batch())
    subject.compare("quantized body", found, subject.network.outputs)


def check_float_body(subject):
    found = subject.run(subject.annotate(), "--mode=float", batch=subject.draw_batch())
    subject.compare("float body", found, subject.network.outputs)


def check_coverage(subject):
    """Every product has quantized operands, beside the network's input: by its own account and by the text."""
    path = subject.folder / "strict.mlir"
    try:
        subject.call("pdq-opt", subject.module, "--pdq-annotate=strict=true", "-o", path)
    except Refused as error:
        if "product is not quantized" in str(error):
            raise Failure("coverage", str(error)) from None
        raise
    missing = float_weights.find_float_weights(path.read_text())
    if missing:
        raise Failure("coverage", "; ".join(missing))


def check_threads(subject):
    """One thread and two give the same bytes."""
    one = subject.run(subject.module, output="one.npy")
    two = subject.run(subject.module, output="two.npy", threads=2)
    if one.tobytes() != two.tobytes():
        raise Failure("threads", "1 and 2 threads differ")


def check_gradient(subject):
    """The derivative along random directions against central differences of NumPy's."""
    gradients.check(subject, Failure)


def check_calibrated(subject):
    """The exported module computes what was calibrated, bit for bit, packed too."""
    folder, network = subject.folder, subject.network
    calibrated, exported = folder / "calibrated.mlirbc", folder / "exported.mlirbc"
    if "pdq.region" not in subject.annotate().read_text():
        return  # nothing to quantize
    options = f"calibration={subject.inputs} iterations=3 batch=2 distribution-correction-steps=2 init-samples=4 seed=1 threads=1"
    if network.outputs.ndim != 2:
        options += " prediction-difference=false"
    subject.call("pdq-opt", subject.annotate(), f"--pdq-calibrate={options}", "--emit-bytecode", "-o", calibrated)
    subject.call("pdq-opt", calibrated, "--pdq-export", "--emit-bytecode", "-o", exported)
    simulated = subject.run(calibrated, output="simulated.npy")
    integers = subject.run(exported, output="integers.npy")
    if simulated.tobytes() != integers.tobytes():
        raise Failure("export", "simulation and exported module differ")
    packed = folder / "packed.mlirbc"
    subject.call("pdq-opt", exported, "--pdq-pack-constants=min-elements=2", "--emit-bytecode", "-o", packed)
    if subject.run(packed, output="packed.npy").tobytes() != integers.tobytes():
        raise Failure("pack", "exported module and packed one differ")
    if simulated.shape != network.outputs.shape or not np.isfinite(simulated).all():
        raise Failure("export", "outputs are not finite")


def check_targets(subject):
    """Iterations on the CPU and on the simulated device agree."""
    build = subject.server.program.parent.parent
    tool = build / "bin" / "pdq-compare-targets"
    library = build / "lib" / "pdq-simulated-gpu"
    if not tool.exists() or not (library / "libcuda.so.1").exists():
        return
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library), "PDQ_CACHE_DIR": ""}
    command = [tool, subject.module, "--samples=4", "--batch=2", "--tries=2", "--threads=1", f"--input={subject.inputs}"]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    if ran.returncode != 0 and "regions, 0 wrong" not in ran.stdout:
        if "WRONG" in ran.stdout or ran.returncode < 0:
            raise Failure("targets", re.sub(r"\s+", " ", ran.stdout + ran.stderr)[-400:])
        raise Refused((ran.stderr.strip().splitlines() or ["?"])[-1])


# Name -> check, and the part of the networks it is made on.
CHECKS = {
    "values": (check_values, 1.0),
    "quantized": (check_quantized_body, 1.0),
    "coverage": (check_coverage, 1.0),
    "float": (check_float_body, 0.25),
    "threads": (check_threads, 0.05),
    "gradient": (check_gradient, 0.05),
    "calibrated": (check_calibrated, 0.01),
    "targets": (check_targets, 0.0),
}
