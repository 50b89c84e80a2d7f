// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random draws (random_1) and gathering. The generator is a hash of a counter:
// two rounds of a 32-bit mixing function, keyed by seed, stream and step.

#include "Decompose.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Autodiff/Decompose/Formulas.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// The mixing function on the host, for the part of the key that is constant.
static uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

static Value constant(ImplicitLocOpBuilder &b, uint32_t value) {
  return arith::ConstantOp::create(
      b, b.getIntegerAttr(b.getI32Type(), APInt(32, value)));
}

/// The mixing function as IR.
static Value buildMix(ImplicitLocOpBuilder &b, Value x) {
  auto fold = [&](unsigned shift) {
    Value high = arith::ShRUIOp::create(b, x, constant(b, shift));
    x = arith::XOrIOp::create(b, x, high);
  };
  fold(16);
  x = arith::MulIOp::create(b, x, constant(b, 0x7feb352du));
  fold(15);
  x = arith::MulIOp::create(b, x, constant(b, 0x846ca68bu));
  fold(16);
  return x;
}

/// The two keys of a draw, tensor<i32> each.
static SmallVector<Value> buildKeys(ImplicitLocOpBuilder &b, Value step,
                                    uint64_t seed, uint64_t stream) {
  uint32_t key = mix(static_cast<uint32_t>(seed) + 0x9e3779b9u);
  key = mix(key ^ static_cast<uint32_t>(seed >> 32));
  key = mix(key + static_cast<uint32_t>(stream));
  Type i32 = b.getI32Type();
  return buildElementwise(
      b, step, {i32, i32}, step,
      [&](ImplicitLocOpBuilder &body, ValueRange args) {
        Value low = arith::TruncIOp::create(body, i32, args[0]);
        Value shift =
            arith::ConstantOp::create(body, body.getI64IntegerAttr(32));
        Value high = arith::TruncIOp::create(
            body, i32,
            arith::ShRUIOp::create(body, args[0], shift).getResult());
        Value first = buildMix(
            body, arith::XOrIOp::create(body, constant(body, key), low));
        Value sum = arith::AddIOp::create(body, first, high);
        Value second =
            buildMix(body, arith::AddIOp::create(body, sum,
                                                 constant(body, 0x85ebca6bu)));
        return SmallVector<Value>{first, second};
      });
}

/// Row-major index of the current element of `type`, i32 with wraparound.
static Value buildLinearIndex(ImplicitLocOpBuilder &b, RankedTensorType type) {
  Value linear = constant(b, 0);
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    Value index = arith::IndexCastOp::create(
        b, b.getI32Type(), linalg::IndexOp::create(b, dim).getResult());
    if (dim == 0) {
      linear = index;
      continue;
    }
    Value scaled = arith::MulIOp::create(
        b, linear, constant(b, static_cast<uint32_t>(size)));
    linear = arith::AddIOp::create(b, scaled, index);
  }
  return linear;
}

/// Elementwise operation on the hash of each element's index.
static Value buildDraw(ImplicitLocOpBuilder &b, RankedTensorType type,
                       Value step, uint64_t seed, uint64_t stream,
                       function_ref<Value(ImplicitLocOpBuilder &, Value)> use) {
  SmallVector<Value> keys = buildKeys(b, step, seed, stream);
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return buildElementwise(
      b, empty, keys,
      [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        Value index = buildLinearIndex(body, type);
        Value inner =
            buildMix(body, arith::XOrIOp::create(body, index, args[0]));
        Value hash =
            buildMix(body, arith::AddIOp::create(body, inner, args[1]));
        return use(body, hash);
      });
}

static LogicalResult decomposeBernoulli(BernoulliOp op,
                                        PatternRewriter &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  auto type = cast<RankedTensorType>(op.getType());
  double threshold = std::round(op.getProbability().convertToDouble() * 0x1p32);
  if (threshold >= 0x1p32) {
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, DenseElementsAttr::get(type, true));
    return success();
  }
  Value mask =
      buildDraw(b, type, op.getStep(), op.getSeed(), op.getStream(),
                [&](ImplicitLocOpBuilder &body, Value hash) -> Value {
                  return arith::CmpIOp::create(
                      body, arith::CmpIPredicate::ult, hash,
                      constant(body, static_cast<uint32_t>(threshold)));
                });
  rewriter.replaceOp(op, mask);
  return success();
}

static LogicalResult decomposeUniformIndex(UniformIndexOp op,
                                           PatternRewriter &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Value indices = buildDraw(
      b, cast<RankedTensorType>(op.getType()), op.getStep(), op.getSeed(),
      op.getStream(), [&](ImplicitLocOpBuilder &body, Value hash) -> Value {
        Type i64 = body.getI64Type();
        auto wide = [&](int64_t value) -> Value {
          return arith::ConstantOp::create(body, body.getI64IntegerAttr(value));
        };
        Value product = arith::MulIOp::create(
            body, arith::ExtUIOp::create(body, i64, hash), wide(op.getBound()));
        return arith::TruncIOp::create(
            body, body.getI32Type(),
            arith::ShRUIOp::create(body, product, wide(32)).getResult());
      });
  rewriter.replaceOp(op, indices);
  return success();
}

static LogicalResult decomposeGather(GatherOp op, PatternRewriter &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  auto type = cast<RankedTensorType>(op.getType());
  if (!type.hasStaticShape())
    return rewriter.notifyMatchFailure(op, "shape is dynamic");
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  Value result = buildElementwise(
      b, empty, op.getIndices(),
      [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        SmallVector<Value> position{
            arith::IndexCastOp::create(body, body.getIndexType(), args[0])};
        for (int64_t dim = 1; dim < type.getRank(); ++dim)
          position.push_back(linalg::IndexOp::create(body, dim));
        return tensor::ExtractOp::create(body, op.getSource(), position);
      },
      /*axis=*/0);
  rewriter.replaceOp(op, result);
  return success();
}

void mlir::pdq::populateDecomposeRandomPatterns(RewritePatternSet &patterns) {
  patterns.add(decomposeBernoulli);
  patterns.add(decomposeUniformIndex);
  patterns.add(decomposeGather);
}
