# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one-call API: a network and a calibration set in, integers out."""

import dataclasses
import json
import os
import pathlib
import tempfile
from typing import Dict, List, Tuple, Union

import numpy as np

from pdq._tools import PDQError, run_tool

Module = Union[str, bytes, os.PathLike]


@dataclasses.dataclass(frozen=True)
class RegionReport:
    """What calibration did to one reconstruction region.

    Pairs are (before, after) the optimization; losses are the means over the
    calibration set. `rounding_flipped` counts the weights that are not rounded
    to nearest.
    """

    name: str
    iterations: int
    seconds: float
    milliseconds_per_iteration: float
    compile_seconds: float
    reconstruction_loss: Tuple[float, float]
    prediction_difference: Tuple[float, float]
    activation_scales: List[float]
    rounding_flipped: int


@dataclasses.dataclass(frozen=True)
class ProductCoverage:
    """What one product of the network reads, after quantization.

    `region` is empty outside of regions. Widths are in bits, one an operand, 0 for
    floating point; `reason` says why one is 0 and is empty where none is.
    """

    region: str
    operation: str
    location: str
    weight_bits: List[int]
    input_bits: List[int]
    reason: str


@dataclasses.dataclass(frozen=True)
class Report:
    """The report of one quantization, the contents of `report.json`.

    `version` is that of the report's form; `settings` has every option of the
    quantization by its name ("weight-bits"), those that the preset chose included.
    """

    version: int
    settings: Dict[str, Union[bool, int, float, str]]
    seed: int
    data_sha256: str
    total_seconds: float
    peak_memory_bytes: int
    batch_norms_captured: int
    coverage: List[ProductCoverage]
    regions: List[RegionReport]

    @classmethod
    def from_json(cls, text):
        """Reads a report; keys of a newer version are ignored."""
        values = json.loads(text)
        values["regions"] = [_build(RegionReport, region) for region in values["regions"]]
        values["coverage"] = [_build(ProductCoverage, product) for product in values.get("coverage", [])]
        return _build(cls, values)


@dataclasses.dataclass(frozen=True)
class QuantizedModule:
    """A module in the quant dialect (MLIR bytecode) and how it came about."""

    module: bytes
    report: Report

    def save(self, path):
        """Writes the bytecode to `path`, which pdq-run and mlir-opt read."""
        pathlib.Path(path).write_bytes(self.module)


def _build(kind, values):
    """A dataclass from a JSON object; pairs become tuples."""
    names = [field.name for field in dataclasses.fields(kind)]
    missing = [name for name in names if name not in values]
    if missing:
        raise PDQError(f"the report has no '{missing[0]}'")
    pairs = ("reconstruction_loss", "prediction_difference")
    return kind(**{n: tuple(values[n]) if n in pairs else values[n] for n in names})


def _option(name, value):
    """`name=value` in the syntax of pass options."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
    if any(c in text for c in "'\"{}"):
        raise PDQError(f"option {name}: quotes and braces are not possible in '{text}'")
    if any(c.isspace() for c in text):
        text = f'"{text}"'
    return f"{name.replace('_', '-')}={text}"


def _as_file(model, folder):
    """The path of a module that is given as path, text or bytecode."""
    if isinstance(model, QuantizedModule):
        model = model.module
    if isinstance(model, bytes) or (isinstance(model, str) and "\n" in model):
        path = pathlib.Path(folder) / "input.mlir"
        path.write_bytes(model.encode() if isinstance(model, str) else model)
        return path
    path = pathlib.Path(model)
    if not path.exists():
        raise PDQError(f"there is no file '{path}' (IR text is recognized by its line ends)")
    return path


def _save_array(array, folder, name):
    path = pathlib.Path(folder) / name
    np.save(path, np.ascontiguousarray(array, dtype=np.float32), allow_pickle=False)
    return path


def quantize(model, calibration_set, *, progress=False, **options):
    """Quantize a network with PD-Quant.

    Args:
        model: frontend IR with one public function `main` on float32 tensors:
            text, bytecode, or the path of a file.
        calibration_set: [N, C, H, W], normalized as for training.
        progress: pass the compiler's progress on to stderr.
        **options: options of the pipeline `pdq-quantize`, with underscores for
            hyphens: weight_bits=2, activation_bits=4, iterations=2000,
            preset="resnet", seed=1, threads=2, checkpoint="state.mlirbc", ...
            (`pdq-opt --help` explains all of them).
    Returns: QuantizedModule.
    Raises: PDQError with the compiler's message, located in the module.
    """
    for name in ("calibration", "report"):
        if name in options:
            raise PDQError(f"option {name} is set by quantize() itself")
    with tempfile.TemporaryDirectory(prefix="pdq-") as folder:
        report, output = pathlib.Path(folder) / "report.json", pathlib.Path(folder) / "out.mlirbc"
        options["calibration"] = _save_array(calibration_set, folder, "calibration.npy")
        options["report"] = report
        pipeline = " ".join(_option(name, value) for name, value in options.items())
        arguments = [_as_file(model, folder), f"--pdq-quantize={pipeline}"]
        run_tool("pdq-opt", [*arguments, "--emit-bytecode", "-o", output], progress)
        return QuantizedModule(output.read_bytes(), Report.from_json(report.read_text()))


def run(model, images):
    """Run a network of any stage on the CPU.

    Args:
        model: a QuantizedModule, IR text, bytecode, or the path of a file.
        images: [N, C, H, W]; N does not have to be the module's batch size.
    Returns: the outputs, float32 [N, K].
    Raises: PDQError with the tool's message.
    """
    with tempfile.TemporaryDirectory(prefix="pdq-") as folder:
        source = _save_array(images, folder, "input.npy")
        target = pathlib.Path(folder) / "output.npy"
        run_tool("pdq-run", [_as_file(model, folder), f"--input={source}", f"--output={target}"])
        return np.load(target, allow_pickle=False)
