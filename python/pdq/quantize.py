# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one-call API: a network and a calibration set in, integers out."""

import dataclasses
import json
import os
import pathlib
import re
import tempfile
from typing import TYPE_CHECKING, Callable, Optional

import numpy as np

from pdq._inputs import save_data, save_inputs, save_network
from pdq._progress import Progress, create_display
from pdq._report import Report
from pdq._onnx_export import save_onnx
from pdq._tools import PDQError, run_tool, write_file

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pdq.options import QuantizeOptions


# A line that starts a message of the compiler. Errors become the exception.
MESSAGE = re.compile(r": (remark|note|warning): ")


@dataclasses.dataclass(frozen=True)
class QuantizedModule:
    """A module in the quant dialect (MLIR bytecode) and how it came about.

    Images that are bytes are normalized as the calibration set was, where `run` and
    `accuracy` are not told otherwise.
    """

    module: bytes
    report: Report

    def save(self, path):
        """Writes the bytecode to `path`, which pdq-run and mlir-opt read.

        Raises: PDQError if that is not possible; what stood there is left.
        """
        write_file(path, self.module)

    def to_onnx(self, path, form="qdq"):
        """Writes the network as an ONNX file (docs/Deployment.md).

        Args:
            path: the file.
            form: "qdq" for integers of the widths that were quantized to, "int8" for i8
                with the zero point 0, which runtimes have integer kernels for.
        Raises: PDQError if an operation has no form in ONNX, or the file cannot be
            written; what stood there is left.
        """
        save_onnx(self.module, path, form)

    def run(self, images, *, mean=None, std=None):
        """The output for `images`, or a tuple of several; see `pdq.run`."""
        return run(self, images, **self._normalization(mean, std))

    def accuracy(self, images, labels, *, mean=None, std=None):
        """The part of `images` whose largest output is that of their label, 0 to 1; see `pdq.accuracy`."""
        return accuracy(self, images, labels, **self._normalization(mean, std))

    def _normalization(self, mean, std):
        settings = self.report.settings
        return {"mean": mean or settings.get("mean") or None, "std": std or settings.get("std") or None}

    def _repr_html_(self):
        """What notebooks show."""
        settings = self.report.settings
        bits = f"{settings.get('weight-bits')}-bit weights, {settings.get('activation-bits')}-bit activations"
        return f"<p>pdq: {bits}, {len(self.module):,} bytes</p>{self.report._repr_html_()}"


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


class _Listener:
    """Gets the compiler's lines while it runs: progress for the user, and remarks."""

    def __init__(self, shows, callback):
        self._display = create_display() if shows else None
        self._callback = callback

    def take_line(self, line):
        progress = Progress.from_line(line)
        if progress is None:
            # Remarks, without the source that they quote.
            if self._display and MESSAGE.search(line):
                self._display.write(line.rstrip("\n"))
            return False
        if self._display:
            self._display.show(progress)
        if self._callback:
            self._callback(progress)
        return True

    def close(self):
        if self._display:
            self._display.close()


def quantize(
    model,
    calibration_set,
    *,
    progress: bool = False,
    callback: Optional[Callable[[Progress], None]] = None,
    **options: "Unpack[QuantizeOptions]",
) -> QuantizedModule:
    """Quantize a network with PD-Quant.

    Args:
        model: a torch.nn.Module, which is exported for inputs like the
            calibration set; a program of torch.export; or frontend IR with one
            public function: a module of MLIR bindings, text, bytecode, or the path
            of a file (`.pt2` of torch.export and `.onnx` too).
        calibration_set: samples as the network takes them: an array, a tensor, a
            DataLoader (of pairs, the first element), or the path of a .npy file.
            Numbers are normalized as for training; bytes (uint8) are images
            [N, H, W, C] or [N, C, H, W], normalized with the options `mean`
            and `std`, by default ImageNet's for three channels. A tuple has one
            of these for each input of the network.
        progress: show a bar (where tqdm is installed, in a terminal or a
            notebook) or a line for each region, and the compiler's remarks.
        callback: called with a `pdq.Progress` several times a second; what it
            raises ends the quantization.
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
        given.update(calibration=[path.absolute() for path in samples], report=report, progress="json")
        pipeline = " ".join(_option(name, value) for name, value in given.items())
        module = _as_file(model, folder, samples)
        # The same call gives the same bytes, so no path of this folder is a location.
        is_temporary = module.parent == pathlib.Path(folder)
        arguments = ["-" if is_temporary else module, f"--pdq-quantize={pipeline}", "--emit-bytecode", "-o", output]
        listener = _Listener(progress, callback)
        try:
            run_tool("pdq-opt", arguments, listener.take_line, folder, module if is_temporary else None)
        finally:
            listener.close()
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
        targets = pathlib.Path(folder) / "outputs"
        targets.mkdir()
        _call_run(model, images, folder, mean, std, f"--output={targets}/")
        count = len(list(targets.iterdir()))
        outputs = tuple(np.load(targets / f"output{i}.npy", allow_pickle=False) for i in range(count))
        return outputs if count > 1 else outputs[0]


def accuracy(model, images, labels, *, mean=None, std=None) -> float:
    """The part of `images` that a network of any stage gives the right class, 0 to 1.

    Args:
        labels: the number of the class of each image, or the path of a .npy file.
        the others: as `run` takes them.
    Raises: PDQError with the tool's message.
    """
    with tempfile.TemporaryDirectory(prefix="pdq-") as folder:
        path = save_data(labels, folder, "labels.npy", "labels")
        output = _call_run(model, images, folder, mean, std, f"--labels={path}")
        right, count = re.search(r"^accuracy: .*\((\d+) / (\d+)\)$", output, re.M).groups()
        return int(right) / int(count)


def _call_run(model, images, folder, mean, std, *arguments):
    """What pdq-run writes for a network and its images."""
    samples = save_inputs(images, folder, "input", "images")
    inputs = ",".join(map(str, samples))
    normalization = [f"--{_option(name, value)}" for name, value in (("mean", mean), ("std", std)) if value is not None]
    command = [_as_file(model, folder, samples), f"--input={inputs}", *arguments, *normalization]
    return run_tool("pdq-run", command, folder=folder)


def _as_file(model, folder, samples):
    """The path of a network of any stage."""
    return save_network(model.module if isinstance(model, QuantizedModule) else model, folder, samples)
