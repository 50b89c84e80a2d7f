// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass that turns linalg kernels into what one thread of a GPU does.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Codegen/GPU/Direct/DirectEmitter.h"
#include "pdq/Codegen/GPU/Epilogue/ElementOp.h"
#include "pdq/Codegen/GPU/Epilogue/GroupEmitter.h"
#include "pdq/Codegen/GPU/Matrix/MatrixEmitter.h"
#include "pdq/Codegen/GPU/Rows/RowEmitter.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"
#include "pdq/Codegen/GPU/Threads/TransposeEmitter.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Plan/IR/Plan.h"
#include <functional>

namespace mlir::pdq {
#define GEN_PASS_DEF_EMITGPUKERNELS
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// The first operation of the payload that only a device library has: functions
/// of f64 beyond roots, rounding and signs.
static Operation *findUnsupported(linalg::LinalgOp op) {
  for (Operation &scalar : op.getBlock()->without_terminator()) {
    bool isMath = isa_and_nonnull<math::MathDialect>(scalar.getDialect());
    if (isMath && scalar.getResult(0).getType().isF64() &&
        !isa<math::SqrtOp, math::FloorOp, math::CeilOp, math::RoundEvenOp,
             math::TruncOp, math::AbsFOp, math::CopySignOp, math::FmaOp>(
            scalar))
      return &scalar;
  }
  return nullptr;
}

static LogicalResult checkPayload(linalg::LinalgOp op) {
  Operation *unsupported = findUnsupported(op);
  if (!unsupported)
    return success();
  return unsupported->emitOpError(
      "cannot be executed on a GPU in f64: compute it in f32");
}

namespace {
/// The operations of a kernel.
struct KernelParts {
  /// The value that the result is filled with first, or null.
  Value fill;
  /// What computes where the result starts, or null; not both.
  linalg::GenericOp initial;
  linalg::LinalgOp main;
  /// Products that are added to the result of `main`, a product.
  SmallVector<linalg::LinalgOp> further;
  /// What takes the elements of the result.
  SmallVector<linalg::LinalgOp> epilogue;

  bool isJoined() const {
    return initial || !further.empty() || !epilogue.empty();
  }
};
} // namespace

/// Sorts the operations of a kernel around the first one that reduces. Fails
/// where that leaves some over.
static FailureOr<KernelParts> splitKernel(plan::KernelOp kernel) {
  KernelParts parts;
  for (auto op : llvm::to_vector(kernel.getOps<linalg::LinalgOp>())) {
    auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
    auto fill = dyn_cast<linalg::FillOp>(op.getOperation());
    bool reduces = op.getNumReductionLoops() > 0;
    if (parts.main && parts.epilogue.empty() && reduces &&
        op.getDpsInits().front() == parts.main.getDpsInits().front())
      parts.further.push_back(op);
    else if (parts.main)
      parts.epilogue.push_back(op);
    else if (reduces)
      parts.main = op;
    else if (!parts.fill && !parts.initial && fill)
      parts.fill = fill.getInputs()[0];
    else if (!parts.fill && !parts.initial && generic)
      parts.initial = generic;
    else
      return failure();
  }
  return parts;
}

/// A kernel of one elementwise operation has nothing to start from.
static FailureOr<KernelParts> findParts(plan::KernelOp kernel) {
  auto ops = llvm::to_vector(kernel.getOps<linalg::LinalgOp>());
  if (ops.size() == 1) {
    KernelParts parts;
    parts.main = ops.front();
    return parts;
  }
  FailureOr<KernelParts> parts = splitKernel(kernel);
  if (failed(parts) || !parts->main || parts->main.getNumDpsInits() != 1)
    return failure();
  Value result = parts->main.getDpsInits().front();
  if (auto fill = dyn_cast<linalg::FillOp>(ops.front().getOperation())) {
    if (fill.getOutputs()[0] != result)
      return failure();
    fill->erase();
  }
  if (parts->initial && !isElementOp(parts->initial, result))
    return failure();
  return parts;
}

namespace {
struct EmitGPUKernels : pdq::impl::EmitGPUKernelsBase<EmitGPUKernels> {
  void runOnOperation() override {
    kernel = getOperation();
    if (kernel.isEmitted())
      return;
    target = plan::getTarget(kernel);
    if (failed(emit()))
      signalPassFailure();
  }

private:
  LogicalResult emit();
  LogicalResult emitGrouped();
  LogicalResult emitKernel();
  LogicalResult emitRowKernel(unsigned numRowLoops);
  std::optional<LogicalResult> emitProduct(const KernelParts &parts,
                                           StringRef &reason);
  std::optional<LogicalResult> emitSingle(const KernelParts &parts,
                                          StringRef &reason);
  bool isStored(BlockArgument result) {
    return !kernel.getArgAttr(result.getArgNumber(), plan::registerOnlyName);
  }

  plan::KernelOp kernel;
  plan::TargetAttr target;
};
} // namespace

LogicalResult EmitGPUKernels::emit() {
  if (kernel.getGroups())
    return emitGrouped();
  if (std::optional<uint64_t> rows = kernel.getRows())
    return emitRowKernel(*rows);
  return emitKernel();
}

/// Each group as a kernel of its own, then all of them in one.
LogicalResult EmitGPUKernels::emitGrouped() {
  plan::KernelOp joined = kernel;
  SmallVector<OwningOpRef<plan::KernelOp>> groups = separateGroups(joined);
  for (OwningOpRef<plan::KernelOp> &group : groups) {
    kernel = *group;
    if (failed(emitKernel()))
      return failure();
  }
  kernel = joined;
  return emitGroups(joined, groups);
}

/// The forms of products, which take what they are joined with along; nothing
/// where the kernel is none.
std::optional<LogicalResult>
EmitGPUKernels::emitProduct(const KernelParts &parts, StringRef &reason) {
  auto join = [&](auto &strategy, BlockArgument result, size_t maxPayload) {
    strategy.init = parts.fill;
    strategy.initial = parts.initial;
    FailureOr<SmallVector<EpilogueOp>> epilogue =
        matchEpilogue(result, parts.epilogue, maxPayload, reason);
    if (failed(epilogue))
      return false;
    strategy.epilogue = *epilogue;
    // An epilogue may store to the same place.
    strategy.storesResult =
        isStored(result) &&
        llvm::none_of(parts.epilogue, [&](linalg::LinalgOp op) {
          return llvm::is_contained(op.getDpsInits(), result);
        });
    return true;
  };
  SmallVector<linalg::LinalgOp> products{parts.main};
  llvm::append_range(products, parts.further);
  if (FailureOr<MatrixStrategy> strategy = matchMatrix(products, reason);
      succeeded(strategy) &&
      join(*strategy, strategy->output.buffer, maxMatrixPayload))
    return emitMatrix(kernel, *strategy, target);
  if (!parts.further.empty())
    return std::nullopt;
  FailureOr<DirectStrategy> strategy = matchDirect(parts.main, reason);
  if (failed(strategy) || !join(*strategy, strategy->space.getOutput(0).buffer,
                                DirectStrategy::maxPayload))
    return std::nullopt;
  reason = "a sum behind it needs tensor cores, for which it is too small";
  if (llvm::any_of(strategy->epilogue, std::mem_fn(&EpilogueOp::reduces)))
    return std::nullopt;
  emitDirect(kernel, *strategy);
  return success();
}

/// The forms of one operation, alone or behind a fill.
std::optional<LogicalResult>
EmitGPUKernels::emitSingle(const KernelParts &parts, StringRef &reason) {
  linalg::LinalgOp op = parts.main;
  if (auto strategy = matchTranspose(op, reason); succeeded(strategy)) {
    emitTranspose(kernel, *strategy);
    return success();
  }
  reason = "its payload has an operation without vector form";
  FailureOr<ThreadStrategy> strategy =
      isVectorizable(op) ? matchThreads(op, reason)
                         : FailureOr<ThreadStrategy>(failure());
  if (failed(strategy))
    return std::nullopt;
  strategy->init = parts.fill;
  emitThreads(kernel, *strategy);
  return success();
}

LogicalResult EmitGPUKernels::emitKernel() {
  int64_t numOps = llvm::range_size(kernel.getOps<linalg::LinalgOp>());
  FailureOr<KernelParts> parts = findParts(kernel);
  if (failed(parts))
    return kernel.emitOpError("kernel holds ")
           << numOps
           << " linalg operations, expected 1, or a reduction with what it "
              "starts from and what takes its result";
  linalg::LinalgOp op = parts->main;
  if (failed(checkPayload(op)))
    return failure();
  StringRef reason;
  std::optional<LogicalResult> done = emitProduct(*parts, reason);
  if (!done && parts->isJoined())
    return op.emitOpError("is joined with other operations, but ") << reason;
  if (!done)
    done = emitSingle(*parts, reason);
  if (done) {
    numEmitted += succeeded(*done);
    return *done;
  }
  op.emitRemark("kernel takes the slow fallback: ") << reason;
  kernel.setDeclined(reason);
  if (failed(emitFallback(kernel, op, parts->fill)))
    return op.emitOpError("cannot be executed: it has no form as loops");
  ++numFallback;
  return success();
}

LogicalResult EmitGPUKernels::emitRowKernel(unsigned numRowLoops) {
  for (auto op : kernel.getOps<linalg::LinalgOp>())
    if (failed(checkPayload(op)))
      return failure();
  StringRef reason;
  FailureOr<RowStrategy> strategy = matchRows(kernel, numRowLoops, reason);
  if (failed(strategy))
    return kernel.emitOpError("kernel has ")
           << numRowLoops << " loops of rows, but " << reason;
  emitRows(kernel, *strategy);
  ++numEmitted;
  return success();
}
