# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantized networks as ONNX files."""

import pathlib
import tempfile

from pdq._tools import PDQError, run_tool, write_file

FORMS = ("qdq", "int8")


def save_onnx(module, path, form):
    """Writes a module in the quant dialect (bytecode) as an ONNX file."""
    if form not in FORMS:
        raise PDQError(f"form '{form}' is unknown, expected {' or '.join(FORMS)}")
    with tempfile.TemporaryDirectory(prefix="pdq-") as folder:
        source, graph, target = (pathlib.Path(folder) / name for name in ("module.mlirbc", "graph.mlirbc", "network.onnx"))
        source.write_bytes(module)
        conversion = f"--convert-quant-to-onnx=form={form}"
        run_tool("pdq-opt", [source, conversion, "--emit-bytecode", "-o", graph], folder=folder)
        run_tool("pdq-translate", ["--mlir-to-onnx", graph, "-o", target], folder=folder)
        write_file(path, target.read_bytes())
