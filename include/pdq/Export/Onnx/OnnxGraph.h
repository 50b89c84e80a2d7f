// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one header for the dialect of ONNX graphs.

#ifndef PDQ_EXPORT_ONNX_ONNXGRAPH_H
#define PDQ_EXPORT_ONNX_ONNXGRAPH_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "pdq/Export/Onnx/OnnxGraphDialect.h.inc"

#define GET_OP_CLASSES
#include "pdq/Export/Onnx/OnnxGraphOps.h.inc"

namespace mlir::pdq::onnx_graph {

/// Name of the attribute of a module that holds the version of the standard.
inline constexpr llvm::StringLiteral opsetName =
    OnnxGraphDialect::OpsetAttrHelper::getNameStr();

/// The element types of tensors in an ONNX file, with the standard's numbers
/// (TensorProto.DataType); nothing for other types.
std::optional<int> getDataType(Type elementType);

} // namespace mlir::pdq::onnx_graph

#endif // PDQ_EXPORT_ONNX_ONNXGRAPH_H
