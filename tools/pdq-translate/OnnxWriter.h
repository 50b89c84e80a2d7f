// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX graphs as files.

#ifndef PDQ_TRANSLATE_ONNXWRITER_H
#define PDQ_TRANSLATE_ONNXWRITER_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::pdq {

/// Writes the one function of a module of the `onnx_graph` dialect as a
/// ModelProto of onnx.proto. Dimension 0 of inputs and outputs, where it is
/// dynamic, is `N`.
///
/// Errors: a diagnostic at the operation that is none of an ONNX graph; nothing
/// is written.
LogicalResult writeOnnx(ModuleOp module, raw_ostream &os);

} // namespace mlir::pdq

#endif // PDQ_TRANSLATE_ONNXWRITER_H
