# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PD-Quant post-training quantization on MLIR: the public names."""

import importlib

from pdq._tools import PDQError
from pdq.options import QuantizeOptions
from pdq.quantize import ProductCoverage, QuantizedModule, RegionReport, Report, quantize, run

__all__ = ["PDQError", "ProductCoverage", "QuantizeOptions", "QuantizedModule", "RegionReport", "Report", "quantize", "run", "torch"]


def __getattr__(name):
    """Imports `pdq.torch` on first use, so that pdq works without PyTorch."""
    if name == "torch":
        return importlib.import_module("pdq.torch")
    raise AttributeError(f"module 'pdq' has no attribute '{name}'")
