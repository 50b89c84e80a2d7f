// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on scalars with the rounding of their types. f32 is computed by
// functions of f32, as the C library has them; a smaller type is computed in
// f32 and rounded, which is exact for sums, products, quotients and roots.

#include "PayloadProgram.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

namespace {
using Step = std::function<bool(Scalar *)>;

/// Operands and result of the operation that a step is made for.
struct Places {
  ArrayRef<unsigned> operands;
  unsigned result;
};
} // namespace

/// A function of floating point numbers of one type.
template <typename Fn>
static Step makeReal(FloatType type, Places places, Fn fn) {
  unsigned a = places.operands[0], out = places.result;
  unsigned b = places.operands.size() > 1 ? places.operands[1] : a;
  unsigned c = places.operands.size() > 2 ? places.operands[2] : a;
  if (type.isF64())
    return [=](Scalar *at) {
      at[out].real = fn(at[a].real, at[b].real, at[c].real);
      return true;
    };
  if (type.isF32())
    return [=](Scalar *at) {
      at[out].real =
          fn(static_cast<float>(at[a].real), static_cast<float>(at[b].real),
             static_cast<float>(at[c].real));
      return true;
    };
  return [=](Scalar *at) {
    at[out].real = roundTo(type, fn(static_cast<float>(at[a].real),
                                    static_cast<float>(at[b].real),
                                    static_cast<float>(at[c].real)));
    return true;
  };
}

/// A function of integers, whose result is wrapped to its type.
template <typename Fn>
static Step makeInteger(Type type, Places places, Fn fn) {
  unsigned a = places.operands[0], out = places.result;
  unsigned b = places.operands.size() > 1 ? places.operands[1] : a;
  return [=](Scalar *at) {
    at[out].integer = wrapTo(
        type, static_cast<int64_t>(fn(static_cast<uint64_t>(at[a].integer),
                                      static_cast<uint64_t>(at[b].integer))));
    return true;
  };
}

/// NaN where one is; zeros are ordered by sign.
template <typename T> static T getMaximum(T a, T b) {
  if (std::isnan(a) || std::isnan(b))
    return std::numeric_limits<T>::quiet_NaN();
  return a > b || (a == b && !std::signbit(a)) ? a : b;
}

/// Ordered predicates are sets of equal, greater and less; unordered ones are
/// these, moved by 7.
static bool holds(arith::CmpFPredicate predicate, double a, double b) {
  using Predicate = arith::CmpFPredicate;
  unsigned code = static_cast<unsigned>(predicate);
  if (predicate == Predicate::AlwaysFalse || predicate == Predicate::AlwaysTrue)
    return predicate == Predicate::AlwaysTrue;
  bool isUnordered = std::isnan(a) || std::isnan(b);
  if (predicate == Predicate::UNO || predicate == Predicate::ORD)
    return isUnordered == (predicate == Predicate::UNO);
  bool acceptsUnordered = code > static_cast<unsigned>(Predicate::ORD);
  if (isUnordered)
    return acceptsUnordered;
  unsigned set = acceptsUnordered ? code - 7 : code;
  return set & (a == b ? 1 : a > b ? 2 : 4);
}

static Step makeComparison(arith::CmpFOp op, Places places) {
  unsigned a = places.operands[0], b = places.operands[1], out = places.result;
  arith::CmpFPredicate predicate = op.getPredicate();
  return [=](Scalar *at) {
    at[out].integer = holds(predicate, at[a].real, at[b].real);
    return true;
  };
}

static Step makeComparison(arith::CmpIOp op, Places places) {
  Type type = op.getLhs().getType();
  unsigned width = isa<IndexType>(type) ? 64 : type.getIntOrFloatBitWidth();
  unsigned a = places.operands[0], b = places.operands[1], out = places.result;
  arith::CmpIPredicate predicate = op.getPredicate();
  auto read = [width](Scalar scalar) {
    return APInt(width, scalar.integer, /*isSigned=*/true,
                 /*implicitTrunc=*/true);
  };
  return [=](Scalar *at) {
    at[out].integer =
        arith::applyCmpPredicate(predicate, read(at[a]), read(at[b]));
    return true;
  };
}

/// A choice between two scalars of any type.
static Step makeSelect(Places places) {
  unsigned condition = places.operands[0], a = places.operands[1],
           b = places.operands[2], out = places.result;
  return [=](Scalar *at) {
    at[out] = at[condition].integer ? at[a] : at[b];
    return true;
  };
}

/// A conversion between floating point types.
static Step makeRounding(FloatType type, Places places) {
  unsigned a = places.operands[0], out = places.result;
  return [=](Scalar *at) {
    at[out].real = roundTo(type, at[a].real);
    return true;
  };
}

/// An integer as a floating point number, rounded once.
static Step makeFromInteger(FloatType type, Places places) {
  unsigned a = places.operands[0], out = places.result;
  return [=](Scalar *at) {
    APFloat value(type.getFloatSemantics());
    value.convertFromAPInt(APInt(64, at[a].integer, /*isSigned=*/true),
                           /*IsSigned=*/true, APFloat::rmNearestTiesToEven);
    at[out].real = readScalar(FloatAttr::get(type, value))->real;
    return true;
  };
}

/// Whatever else can fold.
static Step makeFold(Operation *op, Places places) {
  SmallVector<unsigned> operands(places.operands);
  unsigned out = places.result;
  return [=](Scalar *at) {
    SmallVector<Attribute> attributes;
    for (auto [operand, value] : llvm::zip_equal(operands, op->getOperands()))
      attributes.push_back(getScalarAttribute(value.getType(), at[operand]));
    SmallVector<OpFoldResult> results;
    if (failed(op->fold(attributes, results)) || results.size() != 1)
      return false;
    if (auto attribute = dyn_cast<Attribute>(results[0])) {
      std::optional<Scalar> scalar = readScalar(attribute);
      if (scalar)
        at[out] = *scalar;
      return scalar.has_value();
    }
    for (auto [operand, value] : llvm::zip_equal(operands, op->getOperands()))
      if (value == cast<Value>(results[0])) {
        at[out] = at[operand];
        return true;
      }
    return false;
  };
}

/// Operations of the arith dialect on floating point numbers.
static Step makeArith(Operation *op, FloatType type, Places places) {
  auto make = [&](auto fn) { return makeReal(type, places, fn); };
  return llvm::TypeSwitch<Operation *, Step>(op)
      .Case([&](arith::AddFOp) {
        return make([](auto a, auto b, auto) { return a + b; });
      })
      .Case([&](arith::SubFOp) {
        return make([](auto a, auto b, auto) { return a - b; });
      })
      .Case([&](arith::MulFOp) {
        return make([](auto a, auto b, auto) { return a * b; });
      })
      .Case([&](arith::DivFOp) {
        return make([](auto a, auto b, auto) { return a / b; });
      })
      .Case([&](arith::NegFOp) {
        return make([](auto a, auto, auto) { return -a; });
      })
      .Case([&](arith::MaximumFOp) {
        return make([](auto a, auto b, auto) { return getMaximum(a, b); });
      })
      .Case([&](arith::MinimumFOp) {
        return make([](auto a, auto b, auto) { return -getMaximum(-a, -b); });
      })
      .Case([&](arith::MaxNumFOp) {
        return make([](auto a, auto b, auto) { return std::fmax(a, b); });
      })
      .Case([&](arith::MinNumFOp) {
        return make([](auto a, auto b, auto) { return std::fmin(a, b); });
      })
      .Case<arith::ExtFOp, arith::TruncFOp>(
          [&](auto) { return makeRounding(type, places); })
      .Case([&](arith::SIToFPOp) { return makeFromInteger(type, places); })
      .Default([](Operation *) { return Step(); });
}

/// Operations of the math dialect.
static Step makeMath(Operation *op, FloatType type, Places places) {
  auto make = [&](auto fn) { return makeReal(type, places, fn); };
  return llvm::TypeSwitch<Operation *, Step>(op)
      .Case([&](math::SqrtOp) {
        return make([](auto a, auto, auto) { return std::sqrt(a); });
      })
      .Case([&](math::RsqrtOp) {
        return make([](auto a, auto, auto) { return 1 / std::sqrt(a); });
      })
      .Case([&](math::AbsFOp) {
        return make([](auto a, auto, auto) { return std::fabs(a); });
      })
      .Case([&](math::ExpOp) {
        return make([](auto a, auto, auto) { return std::exp(a); });
      })
      .Case([&](math::LogOp) {
        return make([](auto a, auto, auto) { return std::log(a); });
      })
      .Case([&](math::TanhOp) {
        return make([](auto a, auto, auto) { return std::tanh(a); });
      })
      .Case([&](math::SinOp) {
        return make([](auto a, auto, auto) { return std::sin(a); });
      })
      .Case([&](math::CosOp) {
        return make([](auto a, auto, auto) { return std::cos(a); });
      })
      .Case([&](math::ErfOp) {
        return make([](auto a, auto, auto) { return std::erf(a); });
      })
      .Case([&](math::FloorOp) {
        return make([](auto a, auto, auto) { return std::floor(a); });
      })
      .Case([&](math::CeilOp) {
        return make([](auto a, auto, auto) { return std::ceil(a); });
      })
      .Case([&](math::PowFOp) {
        return make([](auto a, auto b, auto) { return std::pow(a, b); });
      })
      .Case([&](math::FmaOp) {
        return make([](auto a, auto b, auto c) { return std::fma(a, b, c); });
      })
      .Default([](Operation *) { return Step(); });
}

/// The bits of an integer of `type`, which is kept sign-extended.
static uint64_t getBits(Type type, uint64_t value) {
  unsigned width = isa<IndexType>(type) ? 64 : type.getIntOrFloatBitWidth();
  return value & llvm::maskTrailingOnes<uint64_t>(width);
}

/// Operations on the bits of integers. A shift by the width or more has no
/// value in MLIR; 0 is one that it may have.
static Step makeBitwise(Operation *op, Type type, Places places) {
  auto make = [&](auto fn) { return makeInteger(type, places, fn); };
  return llvm::TypeSwitch<Operation *, Step>(op)
      .Case([&](arith::AndIOp) {
        return make([](uint64_t a, uint64_t b) { return a & b; });
      })
      .Case([&](arith::OrIOp) {
        return make([](uint64_t a, uint64_t b) { return a | b; });
      })
      .Case([&](arith::XOrIOp) {
        return make([](uint64_t a, uint64_t b) { return a ^ b; });
      })
      .Case([&](arith::ShLIOp) {
        return make([type](uint64_t a, uint64_t b) {
          b = getBits(type, b);
          return b < 64 ? a << b : 0;
        });
      })
      .Case([&](arith::ShRUIOp) {
        return make([type](uint64_t a, uint64_t b) {
          b = getBits(type, b);
          return b < 64 ? getBits(type, a) >> b : 0;
        });
      })
      .Case([&](arith::ExtUIOp extension) {
        Type from = extension.getIn().getType();
        return make([from](uint64_t a, uint64_t) { return getBits(from, a); });
      })
      .Default([](Operation *) { return Step(); });
}

/// Operations on integers; sums and products of them wrap.
static Step makeIntegerArith(Operation *op, Type type, Places places) {
  auto make = [&](auto fn) { return makeInteger(type, places, fn); };
  auto keep = [](uint64_t a, uint64_t) { return a; };
  return llvm::TypeSwitch<Operation *, Step>(op)
      .Case([&](arith::AddIOp) {
        return make([](uint64_t a, uint64_t b) { return a + b; });
      })
      .Case([&](arith::SubIOp) {
        return make([](uint64_t a, uint64_t b) { return a - b; });
      })
      .Case([&](arith::MulIOp) {
        return make([](uint64_t a, uint64_t b) { return a * b; });
      })
      .Case([&](arith::CmpFOp compare) {
        return makeComparison(compare, places);
      })
      .Case([&](arith::CmpIOp compare) {
        return makeComparison(compare, places);
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp>([&](auto cast) {
        // A boolean is kept without its sign.
        bool isBool = cast.getIn().getType().isInteger(1);
        return isBool ? Step() : make(keep);
      })
      .Case([&](arith::TruncIOp) { return make(keep); })
      .Default([](Operation *) { return Step(); });
}

Step mlir::pdq::makeArithmetic(Operation *op, ArrayRef<unsigned> operands,
                               unsigned result) {
  if (op->getNumResults() != 1 || op->getNumRegions() != 0 ||
      operands.empty() || !isEvaluated(op->getResult(0).getType()))
    return Step();
  Places places{operands, result};
  if (isa<arith::SelectOp>(op))
    return makeSelect(places);
  Type type = op->getResult(0).getType();
  Step step;
  if (auto real = dyn_cast<FloatType>(type)) {
    // A boolean is the integer 0 or 1, not its sign.
    if (!op->getOperand(0).getType().isInteger(1) || !isa<arith::SIToFPOp>(op))
      step = makeArith(op, real, places);
    if (!step)
      step = makeMath(op, real, places);
  } else {
    step = makeIntegerArith(op, type, places);
    if (!step)
      step = makeBitwise(op, type, places);
  }
  return step ? step : makeFold(op, places);
}
