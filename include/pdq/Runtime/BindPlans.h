// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels of several plans are compiled at once; each plan gets its part of
// them.

#ifndef PDQ_RUNTIME_BINDPLANS_H
#define PDQ_RUNTIME_BINDPLANS_H

#include "pdq/Plan/Buffer/LaunchPlan.h"

namespace mlir::pdq {

/// The kernels of all launches, in order.
inline SmallVector<plan::KernelOp> collectKernels(ArrayRef<LaunchPlan> plans) {
  SmallVector<plan::KernelOp> kernels;
  for (const LaunchPlan &plan : plans)
    for (const Launch &launch : plan.launches)
      kernels.push_back(launch.kernel);
  return kernels;
}

/// Calls `bind(plan, part)` for each plan with its part of `compiled`, which
/// has an element for each kernel of `collectKernels`. Fails with the first
/// call that does.
template <typename CompiledT, typename BindFn>
LogicalResult bindPlans(std::vector<LaunchPlan> plans,
                        ArrayRef<CompiledT> compiled, BindFn bind) {
  for (LaunchPlan &plan : plans) {
    size_t count = plan.launches.size();
    if (failed(bind(std::move(plan), compiled.take_front(count))))
      return failure();
    compiled = compiled.drop_front(count);
  }
  return success();
}

/// The names of plans, in order.
inline SmallVector<std::string> getNames(ArrayRef<LaunchPlan> plans) {
  return llvm::map_to_vector(plans,
                             [](const LaunchPlan &plan) { return plan.name; });
}

} // namespace mlir::pdq

#endif // PDQ_RUNTIME_BINDPLANS_H
