// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is left of a function when its kernels are outlined: a list of launches
// on memory whose places are known. The same plan serves every device.

#ifndef PDQ_PLAN_BUFFER_LAUNCHPLAN_H
#define PDQ_PLAN_BUFFER_LAUNCHPLAN_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace mlir::pdq {

/// A place in memory: `offset` bytes into the arena, or into the buffer of
/// argument, result, constant or resident value number `index`.
struct Place {
  enum Space { Arena, Argument, Result, Constant, Resident };
  Space space = Arena;
  unsigned index = 0;
  int64_t offset = 0;
};

/// One kernel call.
struct Launch {
  /// The kernel function; its launch range is a property of its code.
  func::FuncOp kernel;
  llvm::SmallVector<Place> operands;
};

/// One function. Constants are named by their attribute, which the executor
/// turns into resident buffers.
struct LaunchPlan {
  std::string name;
  Location loc;
  llvm::SmallVector<RankedTensorType> arguments, results, residents;
  /// Name of the function that computes the residents, or empty.
  std::string constantsFunction;
  llvm::SmallVector<ElementsAttr> constants;
  llvm::SmallVector<Launch> launches;
  int64_t arenaBytes = 0;
  /// Bytes of the temporaries that are in use together, at the launch where
  /// there are most: no arena can be smaller.
  int64_t liveBytes = 0;
};

/// Reads the plan of `function`, the form that `-pdq-outline-kernels` leaves.
/// Arguments with `pdq.result` are results, with `pdq.resident` results of the
/// function `pdq.constants`, all others arguments, in order.
/// Temporaries are placed by their live ranges with 64-byte alignment.
///
/// Errors: emits a diagnostic on operations that are neither views nor calls.
FailureOr<LaunchPlan> buildLaunchPlan(func::FuncOp function);

/// The plans of all public functions of a module.
FailureOr<std::vector<LaunchPlan>> buildLaunchPlans(ModuleOp module);

} // namespace mlir::pdq

#endif // PDQ_PLAN_BUFFER_LAUNCHPLAN_H
