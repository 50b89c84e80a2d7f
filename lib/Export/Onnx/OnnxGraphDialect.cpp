// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the dialect.

#include "pdq/Export/Onnx/OnnxGraph.h"

using namespace mlir;
using namespace mlir::pdq::onnx_graph;

#include "pdq/Export/Onnx/OnnxGraphDialect.cpp.inc"

void OnnxGraphDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "pdq/Export/Onnx/OnnxGraphOps.cpp.inc"
      >();
}
