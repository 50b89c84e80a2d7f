// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversions of f32 to TF32 and bf16.

#include "pdq/Codegen/GPU/Matrix/OperandPrecision.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace mlir::pdq;

ArrayRef<std::pair<int, int>> mlir::pdq::getPartProducts(plan::Math math) {
  static const std::pair<int, int> products[] = {{1, 0}, {0, 1}, {0, 0}};
  ArrayRef<std::pair<int, int>> all = products;
  return math == plan::Math::FP32 ? all : all.take_back();
}

/// The nearest number of TF32; halves go away from zero.
static Value roundToTF32(ImplicitLocOpBuilder &b, Value number) {
  return NVVM::ConvertFloatToTF32Op::create(b, b.getI32Type(), number,
                                            NVVM::FPRoundingMode::RNA,
                                            NVVM::SaturationMode::NONE,
                                            /*relu=*/false);
}

/// Two nearest numbers of bf16; halves go to even.
static Value packBF16(ImplicitLocOpBuilder &b, Value low, Value high) {
  auto type = VectorType::get({2}, b.getBF16Type());
  Value pair = NVVM::ConvertF32x2ToBF16x2Op::create(
      b, type, high, low, /*random_bits=*/Value(), NVVM::FPRoundingMode::RN,
      NVVM::SaturationMode::NONE, /*relu=*/false);
  return LLVM::BitcastOp::create(b, b.getI32Type(), pair);
}

SmallVector<Value, 2> mlir::pdq::buildParts(ImplicitLocOpBuilder &b,
                                            ArrayRef<Value> numbers,
                                            plan::Math math) {
  if (math == plan::Math::BF16)
    return {packBF16(b, numbers[0], numbers[1])};
  Value high = roundToTF32(b, numbers[0]);
  if (math == plan::Math::TF32)
    return {high};
  Value nearest = arith::BitcastOp::create(b, b.getF32Type(), high);
  Value rest = arith::SubFOp::create(b, numbers[0], nearest);
  return {high, roundToTF32(b, rest)};
}
