// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Launches as calls of kernel functions: what they touch, where they can move,
// and one kernel in the place of several.

#ifndef PDQ_PLAN_BUFFER_KERNELCALLS_H
#define PDQ_PLAN_BUFFER_KERNELCALLS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "pdq/Plan/Analysis/BufferAccesses.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::pdq {

/// A launch: the call and the kernel that it calls.
struct KernelCall {
  func::CallOp call;
  func::FuncOp kernel;

  /// The operand that a kernel's argument is bound to.
  Value getOperand(Value argument) const {
    func::CallOp owner = call;
    return owner.getOperand(cast<BlockArgument>(argument).getArgNumber());
  }
  /// The buffers of the launch; behind them is its range.
  OperandRange getBuffers() const {
    return func::CallOp(call).getOperands().drop_back(2);
  }
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

  /// A kernel with the operations of `parts`, one part behind the other.
  /// `operands` are the buffers that its arguments stand for. Kernels with
  /// equal content are one.
  func::FuncOp build(ArrayRef<KernelCall> parts, ArrayRef<Value> operands,
                     function_ref<void(func::FuncOp)> annotate);

  /// Puts one call in front of `place` that stands for all `parts`.
  func::CallOp
  replace(ArrayRef<KernelCall> parts, Operation *place,
          function_ref<void(func::FuncOp, ArrayRef<Value>)> annotate);

  /// Erases the kernels that nothing launches any more.
  void eraseUnused();

private:
  ModuleOp module;
  SymbolTable symbols;
  /// Joined kernels by their content.
  llvm::StringMap<func::FuncOp> known;
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
