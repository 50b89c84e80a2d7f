# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Frontend IR from a file of ONNX, through torch-mlir."""

import re

import onnx
from onnx import version_converter
from torch_mlir import ir
from torch_mlir.dialects import torch as torch_dialect
from torch_mlir.extras import onnx_importer

from pdq._tools import PDQError
from pdq._torch_mlir import FROM_ONNX, lower


# The first version whose operators torch-mlir lowers all, as far as it does: batch
# normalization is one of version 15, reductions and paddings are older.
OPSET = 17

# What the lowering says of an operator that it does not know.
NOT_LOWERED = re.compile(r'error: (".*?"): failed to legalize .*?name = "onnx\.(\w+)"')


def _first_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if "error:" in line), lines[0] if lines else type(error).__name__)


def _describe(error):
    """One line for what went wrong below: the operator that has no lowering, if that is it."""
    found = NOT_LOWERED.search(str(error))
    return f"no lowering for operator {found[2]} of node {found[1]}" if found else _first_line(error)


def _read(path):
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except Exception as error:  # of protobuf or onnx, without a common base
        raise PDQError(f"{path}: no model of ONNX: {_first_line(error)}") from error
    return model


def load(path):
    """MLIR text of a model: linalg on tensors, with one public function.

    Weights are constants; the batch stays as open as the model leaves it.

    Raises: PDQError where the file is no model, or torch-mlir has no lowering for it.
    """
    model = _read(path)
    try:
        version = max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
        if version < OPSET:
            model = version_converter.convert_version(model, OPSET)
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
        context = ir.Context()
        torch_dialect.register_dialect(context)
        info = onnx_importer.ModelInfo(model)
        module = info.create_module(context=context)
        onnx_importer.NodeImporter.define_function(info.main_graph, module.operation).import_all()
        lower(module, FROM_ONNX)
    except Exception as error:  # of onnx or torch-mlir, without a common base
        raise PDQError(f"{path}: torch-mlir cannot lower it: {_describe(error)}") from error
    return str(module)
