// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The border of the executor: what is checked here is relied on by every pass
// behind it, and whoever hands in something else learns what and where.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinOps.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Plan/Passes.h"
#include "pdq/Support/HostTensor.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_CHECKEXECUTABLE
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Checks that values of `type` have a static size that fits into memory.
static LogicalResult checkType(Type type,
                               function_ref<InFlightDiagnostic()> emit) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return success();
  if (!isa<RankedTensorType>(type))
    return emit() << "cannot be executed: type " << type
                  << " is not a ranked tensor";
  if (!shaped.hasStaticShape())
    return emit() << "cannot be executed: shape of " << type
                  << " is not static";
  if (!getCheckedByteSize(shaped.getShape(), ElementType::F64))
    return emit() << "cannot be executed: size of " << type << " overflows";
  return success();
}

/// The dialects that functions are made of.
static bool isExecutableDialect(StringRef name) {
  return llvm::is_contained({"arith", "linalg", "tensor", "math"}, name);
}

/// Work that no machine does in days: operands can be small and their iteration
/// space a product of all of them.
static constexpr uint64_t mostIterations = uint64_t(1) << 52;
/// Work after which the user should know what is being waited for: minutes.
static constexpr uint64_t manyIterations = uint64_t(1) << 40;

static uint64_t countIterations(Operation &op) {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  if (!structured)
    return 0;
  uint64_t iterations = 1;
  for (int64_t size : structured.getStaticLoopRanges())
    iterations = llvm::SaturatingMultiply<uint64_t>(iterations,
                                                    std::max<int64_t>(size, 1));
  return iterations;
}

static LogicalResult checkWork(Operation &op) {
  uint64_t iterations = countIterations(op);
  if (iterations > mostIterations)
    return op.emitOpError("cannot be executed: it has more than ")
           << mostIterations << " iterations, which would take weeks";
  if (iterations > manyIterations)
    op.emitRemark() << "'" << op.getName() << "' has " << iterations
                    << " iterations: each call takes minutes or hours";
  return success();
}

static LogicalResult checkOperation(Operation &op) {
  StringRef dialect = op.getName().getDialectNamespace();
  if (dialect == "pdq")
    return op.emitOpError("cannot be executed: pdq operations are removed by "
                          "-pdq-decompose");
  if (isa<func::CallOp>(op))
    return op.emitOpError("cannot be executed: only calls of functions that "
                          "can be inlined are supported");
  if (!isa<func::ReturnOp>(op) && !isExecutableDialect(dialect))
    return op.emitOpError("cannot be executed: expected an operation of arith, "
                          "linalg, tensor or math");
  for (Type type : op.getResultTypes())
    if (failed(checkType(type, [&] { return op.emitOpError(); })))
      return failure();
  return checkWork(op);
}

/// Checks `plan.in_place` of all results.
static LogicalResult checkInPlace(func::FuncOp function) {
  llvm::SmallDenseMap<int64_t, unsigned> owner;
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i) {
    Attribute attribute = function.getResultAttr(i, plan::inPlaceName);
    if (!attribute)
      continue;
    auto index = dyn_cast<IntegerAttr>(attribute);
    if (!index || index.getInt() < 0 ||
        index.getInt() >= function.getNumArguments())
      return function.emitOpError("'plan.in_place' of result ")
             << i << " is " << attribute << " but the function has "
             << function.getNumArguments() << " arguments";
    Type argument = function.getArgumentTypes()[index.getInt()];
    if (argument != function.getResultTypes()[i])
      return function.emitOpError("result ")
             << i << " of type " << function.getResultTypes()[i]
             << " cannot be stored in argument " << index.getInt()
             << " of type " << argument;
    auto [it, isNew] = owner.try_emplace(index.getInt(), i);
    if (!isNew)
      return function.emitOpError("results ")
             << it->second << " and " << i << " are both stored in argument "
             << index.getInt();
  }
  return success();
}

/// Checks types on the border: ranked tensors of element types that buffers
/// have.
static LogicalResult checkSignature(func::FuncOp function) {
  auto emit = [&] { return function.emitOpError(); };
  for (Type type : llvm::concat<const Type>(function.getArgumentTypes(),
                                            function.getResultTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      return emit() << "cannot be executed: type " << type
                    << " is not a ranked tensor";
    if (failed(pdq::getElementType(tensor.getElementType())))
      return emit() << "cannot be executed: buffers have no element type "
                    << tensor.getElementType();
    if (failed(checkType(type, emit)))
      return failure();
  }
  return checkInPlace(function);
}

static LogicalResult checkFunction(func::FuncOp function) {
  if (function.isDeclaration())
    return function.emitOpError("cannot be executed: it has no body");
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("cannot be executed: it has ")
           << function.getBody().getBlocks().size() << " blocks, expected 1";
  if (failed(checkSignature(function)))
    return failure();
  for (Operation &op : function.getBody().front())
    if (failed(checkOperation(op)))
      return failure();
  return success();
}

namespace {
struct CheckExecutable : mlir::pdq::impl::CheckExecutableBase<CheckExecutable> {
  void runOnOperation() override {
    for (Operation &op : *getOperation().getBody()) {
      auto function = dyn_cast<func::FuncOp>(op);
      if (!function) {
        op.emitOpError("cannot be executed: expected functions only");
        return signalPassFailure();
      }
      if (failed(checkFunction(function)))
        return signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};
} // namespace
