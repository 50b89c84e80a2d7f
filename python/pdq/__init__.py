# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PD-Quant post-training quantization on MLIR: the public names."""

import importlib

from pdq._tools import PDQError
from pdq.options import QuantizeOptions
from pdq._progress import Progress
from pdq._report import Accuracy, ProductCoverage, QuantizerReport, RegionReport, Report
from pdq.quantize import QuantizedModule, accuracy, quantize, run

__all__ = [
    "Accuracy",
    "PDQError",
    "ProductCoverage",
    "Progress",
    "QuantizeOptions",
    "QuantizedModule",
    "QuantizerReport",
    "RegionReport",
    "Report",
    "accuracy",
    "onnx",
    "quantize",
    "run",
    "torch",
]


def __getattr__(name):
    """Imports `pdq.torch` and `pdq.onnx` on first use: pdq works without what they need."""
    if name in ("onnx", "torch"):
        return importlib.import_module(f"pdq.{name}")
    raise AttributeError(f"module 'pdq' has no attribute '{name}'")
