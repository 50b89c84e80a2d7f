// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversion of a network to an ONNX graph, from its results back.

#ifndef PDQ_LIB_EXPORT_ONNX_CONVERSION_H
#define PDQ_LIB_EXPORT_ONNX_CONVERSION_H

#include "GraphBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Export/Passes.h"
#include "pdq/Export/Quant/QuantizeArithmetic.h"

namespace mlir::pdq {

/// Converts values when something reads them, so that what an operation takes
/// in, as a convolution its padding and a sum its start, does not become a
/// node. Scalars and tensors become tensors; an index is an i64.
///
/// Functions give null, or failure, where something has no form in ONNX; an
/// error was emitted there.
class Conversion {
public:
  Conversion(MLIRContext *context, OnnxForm form)
      : graph(context), form(form) {}

  GraphBuilder graph;

  /// Says what a value became.
  void map(Value value, Value converted) { values[value] = converted; }

  /// What a value became, and the same where dimensions that are only repeated
  /// may have the size 1.
  Value get(Value value);
  Value getCompact(Value value);
  /// A dimension of a tensor, and all of them. Tensors that operations write to
  /// are not converted for it.
  Size getSize(Value tensor, int64_t dim);
  SmallVector<Size> getSizes(Value tensor);
  /// A number that is known, or a scalar.
  Size getSize(OpFoldResult number);

  /// An error about an operation without a form in ONNX; always null.
  Value fail(Operation *op, const Twine &reason);

  /// The standard's version that the nodes need.
  int64_t getOpset() const { return opset; }

  //===--------------------------------------------------------------------===//
  // What the files beside this one convert
  //===--------------------------------------------------------------------===//

  /// An operation on scalars, applied to tensors of them, which are `operands`.
  Value convertScalar(Operation *op, ValueRange operands);

  /// `product` and what its sum starts from.
  Value addStart(linalg::LinalgOp op, Value sum);
  /// An input as the loops of `op` index it: dimension i is that of loop i, of
  /// size 1 where the input does not depend on it.
  Value alignInput(linalg::LinalgOp op, OpOperand &operand);
  /// Puts dimensions that belong to the loops `loops` into the order of the
  /// result.
  Value orderResult(linalg::LinalgOp op, unsigned number, Value value,
                    ArrayRef<int64_t> loops);
  Size getLoopSize(linalg::LinalgOp op, unsigned loop);

private:
  Value convert(OpResult result);
  Value convertOperation(Operation *op, OpResult result);
  Value convertConstant(Operation *op, Attribute value);

  // Quantized.cpp
  Value convertDequantize(quant::DequantizeCastOp op);
  Value dequantizeConstant(quant::DequantizeCastOp op,
                           DenseIntElementsAttr integers);
  Value dequantizeActivation(quant::DequantizeCastOp op, Value integers,
                             const QuantizeArithmetic &arithmetic);
  struct Storage;
  Storage getStorage(int64_t min, int64_t max);
  Storage getActivationStorage(Value integers, const QuantizeArithmetic &q);
  Value buildZeroPoint(const Storage &storage, ArrayRef<int64_t> zeroPoints,
                       bool isVector);

  // Structured.cpp
  Value convertStructured(linalg::LinalgOp op, OpResult result);
  Value convertReduction(linalg::LinalgOp op, OpResult result);
  Value convertContraction(linalg::LinalgOp op);

  // Windows.cpp
  Value convertConvolution(linalg::LinalgOp op);
  Value convertPooling(linalg::LinalgOp op);

  // Tensors.cpp
  Value convertReshape(Operation *op);
  Value convertExtractSlice(tensor::ExtractSliceOp op);
  Value convertInsertSlice(tensor::InsertSliceOp op);
  Value convertPad(tensor::PadOp op);
  Value convertConcat(tensor::ConcatOp op);
  Value convertExtract(tensor::ExtractOp op);
  Value convertFromElements(tensor::FromElementsOp op);

  OnnxForm form;
  int64_t opset = 21;
  DenseMap<Value, Value> values, compact;
  /// Integers of activations, by what they were.
  DenseMap<Value, Value> quantized;
};

/// The type of elements in ONNX: an index is an i64.
Type getOnnxElementType(Type type);

} // namespace mlir::pdq

#endif // PDQ_LIB_EXPORT_ONNX_CONVERSION_H
