# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""torch-mlir's lowering to linalg on tensors, without what it does wrong."""

import re

from torch_mlir import ir, passmanager

FROM_TORCH = "torch-backend-to-linalg-on-tensors-backend-pipeline"
FROM_ONNX = f"torch-onnx-to-torch-backend-pipeline,{FROM_TORCH}"

# A pattern of the canonicalizer that moves what is padded in front of a strided
# transposed convolution (docs/UpstreamReports.md), as GCC and Clang spell its type.
UNSOUND = 'disable-patterns="{anonymous}::FoldInsertPadIntoFill,(anonymous namespace)::FoldInsertPadIntoFill" '


def lower(module, pipeline):
    """Lowers a module of the torch dialect in place.

    Raises: ir.MLIRError where an operation has no lowering.
    """
    with module.context:
        passes = str(passmanager.PassManager.parse(f"builtin.module({pipeline})"))
        passes = re.sub(r"\bcanonicalize\{", "canonicalize{" + UNSOUND, passes)
        passmanager.PassManager.parse(passes).run(module.operation)
