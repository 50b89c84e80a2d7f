# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one-call API: a network and a calibration set in, integers out."""

import dataclasses
import json
import os
import pathlib
import tempfile
from typing import TYPE_CHECKING, Dict, List, Tuple, Union

import numpy as np

from pdq._inputs import save_inputs, save_network
from pdq._tools import PDQError, run_tool, write_file

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pdq.options import QuantizeOptions


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

    @property
    def is_quantized(self):
        """Whether everything that it reads is quantized."""
        return 0 not in [*self.weight_bits, *self.input_bits]


@dataclasses.dataclass(frozen=True)
class Report:
    """The report of one quantization, the contents of `report.json`.

    `version` is that of the report's form; `settings` has every option of the
    quantization by its name ("weight-bits"), those that the preset chose included.
    `coverage` has every product of the network, in its order.
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
        for name, kind in (("regions", RegionReport), ("coverage", ProductCoverage)):
            values[name] = [_build(kind, value) for value in values.get(name, [])]
        return _build(cls, values)

    def coverage_table(self):
        """The products as text, one a line, with their widths in bits."""
        rows = [("region", "operation", "weight", "input", "why it is floating point")]
        for product in self.coverage:
            widths = [" ".join(str(b or "float") for b in bits) for bits in (product.weight_bits, product.input_bits)]
            rows.append((product.region or "-", product.operation, *widths, product.reason))
        sizes = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join("  ".join(cell.ljust(size) for cell, size in zip(row, sizes)).rstrip() for row in rows)


@dataclasses.dataclass(frozen=True)
class QuantizedModule:
    """A module in the quant dialect (MLIR bytecode) and how it came about."""

    module: bytes
    report: Report

    def save(self, path):
        """Writes the bytecode to `path`, which pdq-run and mlir-opt read.

        Raises: PDQError if that is not possible; what stood there is left.
        """
        write_file(path, self.module)


def _build(kind, values):
    """A dataclass from a JSON object; pairs become tuples."""
    names = [field.name for field in dataclasses.fields(kind)]
    missing = [name for name in names if name not in values]
    if missing:
        raise PDQError(f"the report has no '{missing[0]}'")
    pairs = ("reconstruction_loss", "prediction_difference")
    return kind(**{n: tuple(values[n]) if n in pairs else values[n] for n in names})


def _option(name, value):
    """`name=value` in the syntax of pass options; sequences are joined by commas."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, (list, tuple)):
        value = ",".join(map(str, value))
    text = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
    if any(c in text for c in "'\"{}"):
        raise PDQError(f"option '{name}': quotes and braces are not possible in '{text}'")
    if any(c.isspace() for c in text):
        text = f'"{text}"'
    return f"{name.replace('_', '-')}={text}"


def quantize(
    model, calibration_set, *, progress: bool = False, **options: "Unpack[QuantizeOptions]"
) -> QuantizedModule:
    """Quantize a network with PD-Quant.

    Args:
        model: a torch.nn.Module, which is exported for inputs like the
            calibration set; or frontend IR with one public function: a module
            of MLIR bindings, text, bytecode, or the path of a file.
        calibration_set: samples as the network takes them: an array, a tensor, a
            DataLoader (of pairs, the first element), or the path of a .npy file.
            Numbers are normalized as for training; bytes (uint8) are images
            [N, H, W, C] or [N, C, H, W], normalized with the options `mean`
            and `std`, by default ImageNet's for three channels. A tuple has one
            of these for each input of the network.
        progress: pass the compiler's progress on to stderr.
        **options: options of the pass `pdq-quantize`, with underscores for
            hyphens: weight_bits=2, activation_bits=4, iterations=2000,
            preset="resnet", seed=1, threads=2, mean=(0.5,), std=(0.25,),
            output_losses=("kl", "mse"), output_weights=(1, 0.4),
            checkpoint="state.mlirbc", ...; `pdq.QuantizeOptions` has the type and
            the meaning of each. None is the default.
    Returns: QuantizedModule.
    Raises: PDQError with one line: the compiler's message, located in the module.
    """
    for name in ("calibration", "report"):
        if name in options:
            raise PDQError(f"option '{name}' is set by quantize() itself")
    with tempfile.TemporaryDirectory(prefix="pdq-") as folder:
        report, output = pathlib.Path(folder) / "report.json", pathlib.Path(folder) / "out.mlirbc"
        samples = save_inputs(calibration_set, folder, "calibration", "calibration set")
        given = {name: value for name, value in options.items() if value is not None}
        given.update(calibration=[path.absolute() for path in samples], report=report)
        pipeline = " ".join(_option(name, value) for name, value in given.items())
        module = _as_file(model, folder, samples)
        # The same call gives the same bytes, so no path of this folder is a location.
        is_temporary = module.parent == pathlib.Path(folder)
        arguments = ["-" if is_temporary else module, f"--pdq-quantize={pipeline}", "--emit-bytecode", "-o", output]
        run_tool("pdq-opt", arguments, progress, folder, module if is_temporary else None)
        return QuantizedModule(output.read_bytes(), Report.from_json(report.read_text()))


def run(model, images, *, mean=None, std=None):
    """Run a network of any stage on the CPU.

    Args:
        model: a QuantizedModule, or what quantize() takes.
        images: what quantize() takes as calibration set; N does not have to be
            the module's batch size. A tuple has one for each input.
        mean, std: normalization of images that are bytes, one number a channel.
    Returns: the output, float32 [N, K]; a tuple of them where the network has
        several.
    Raises: PDQError with the tool's message.
    """
    with tempfile.TemporaryDirectory(prefix="pdq-") as folder:
        samples = save_inputs(images, folder, "input", "images")
        targets = pathlib.Path(folder) / "outputs"
        targets.mkdir()
        inputs = ",".join(map(str, samples))
        arguments = [_as_file(model, folder, samples), f"--input={inputs}", f"--output={targets}/"]
        for name, value in (("mean", mean), ("std", std)):
            if value is not None:
                arguments.append("--" + _option(name, value))
        run_tool("pdq-run", arguments, folder=folder)
        count = len(list(targets.iterdir()))
        outputs = tuple(np.load(targets / f"output{i}.npy", allow_pickle=False) for i in range(count))
        return outputs if count > 1 else outputs[0]


def _as_file(model, folder, samples):
    """The path of a network of any stage."""
    return save_network(model.module if isinstance(model, QuantizedModule) else model, folder, samples)
