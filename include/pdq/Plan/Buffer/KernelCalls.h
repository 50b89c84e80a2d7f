// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Launches as calls of kernel functions: what they touch, where they can move,
// and one kernel in the place of several.

#ifndef PDQ_PLAN_BUFFER_KERNELCALLS_H
#define PDQ_PLAN_BUFFER_KERNELCALLS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "pdq/Plan/Analysis/BufferAccesses.h"
#include "pdq/Plan/IR/Plan.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::pdq {

/// A launch and the kernel that it launches.
struct KernelCall {
  plan::LaunchOp call;
  plan::KernelOp kernel;

  /// The operand that a kernel's argument is bound to.
  Value getOperand(Value argument) const {
    return getBuffers()[cast<BlockArgument>(argument).getArgNumber()];
  }
  OperandRange getBuffers() const { return plan::LaunchOp(call).getOperands(); }
};

/// The kernels of a module, and those that take the place of several.
class KernelCalls {
public:
  explicit KernelCalls(ModuleOp module) : module(module), symbols(module) {}

  /// The launch that `op` is; fails on anything else.
  FailureOr<KernelCall> resolve(Operation *op);

  /// What an operation of the plan reads and writes; views and allocations have
  /// no accesses, calls of anything but kernels are unknown.
  const BufferAccesses &getAccesses(Operation *op);

  /// Whether two operations of the plan must stay in their order: launches may
  /// write different slices of a buffer in any.
  bool mustKeepOrder(Operation *op, Operation *other);

  /// The one of two launches, the first before the second in the block, that
  /// the other can be moved to; null where others must stay between.
  Operation *findPlace(const KernelCall &first, const KernelCall &second);

  /// Puts one call in front of `place` that stands for all `parts`, of a kernel
  /// with their operations, one part behind the other. `annotate` changes the
  /// kernel, whose arguments stand for these buffers; those that nothing uses
  /// any more go. Kernels with equal content are one.
  plan::LaunchOp
  replace(ArrayRef<KernelCall> parts, Operation *place,
          function_ref<void(plan::KernelOp, ArrayRef<Value>)> annotate);

  /// Erases the kernels that nothing launches any more.
  void eraseUnused();

private:
  plan::KernelOp build(ArrayRef<KernelCall> parts, SetVector<Value> &operands,
                       function_ref<void(plan::KernelOp, ArrayRef<Value>)>);

  ModuleOp module;
  SymbolTable symbols;
  /// Fused kernels by their content.
  llvm::StringMap<plan::KernelOp> known;
  /// Accesses of the operations that were asked for and still exist.
  llvm::DenseMap<Operation *, std::unique_ptr<BufferAccesses>> accesses;
};

/// The buffers of several launches, each once.
SetVector<Value> collectBuffers(ArrayRef<KernelCall> parts);

/// Whether only `parts` use the temporary `buffer`, and no other view of its
/// memory.
bool isLocal(Value buffer, ArrayRef<KernelCall> parts);

} // namespace mlir::pdq

#endif // PDQ_PLAN_BUFFER_KERNELCALLS_H
