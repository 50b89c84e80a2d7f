// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is left of a function when its kernels are outlined: a list of launches
// on memory whose places are known. The same plan serves every device.

#ifndef PDQ_PLAN_BUFFER_LAUNCHPLAN_H
#define PDQ_PLAN_BUFFER_LAUNCHPLAN_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {

/// A place in memory: `offset` bytes into the arena, or into the buffer of
/// argument, result, constant or persistent value number `index`.
struct Place {
  enum Space { Arena, Argument, Result, Constant, Persistent };
  Space space = Arena;
  unsigned index = 0;
  int64_t offset = 0;
};

/// One launch.
struct Launch {
  /// The kernel; its launch range is a property of its code.
  plan::KernelOp kernel;
  llvm::SmallVector<Place> operands;
};

/// One function. Constants are named by their attribute, which the executor
/// keeps in buffers.
struct LaunchPlan {
  std::string name;
  Location loc;
  llvm::SmallVector<RankedTensorType> arguments, results, persistent;
  /// Name of the program that computes what is persistent, or empty.
  std::string initializer;
  llvm::SmallVector<ElementsAttr> constants;
  llvm::SmallVector<Launch> launches;
  int64_t arenaBytes = 0;
  /// Bytes of the temporaries that are in use together, at the launch where
  /// there are most: no arena can be smaller.
  int64_t liveBytes = 0;
};

/// Reads the plan of `program`. Arguments with `plan.result` are results, with
/// `plan.persistent` results of its initializer, all others arguments, in
/// order. Temporaries are placed by their live ranges with 64-byte alignment.
///
/// Errors: emits a diagnostic on operations that are neither views nor
/// launches.
FailureOr<LaunchPlan> buildLaunchPlan(plan::ProgramOp program);

/// The plans of all programs of a module.
FailureOr<std::vector<LaunchPlan>> buildLaunchPlans(ModuleOp module);

} // namespace mlir::pdq

#endif // PDQ_PLAN_BUFFER_LAUNCHPLAN_H
