// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Initializers: functions that the executor calls once, to compute what calls
// of another function find in its persistent arguments.

#ifndef PDQ_PLAN_ANALYSIS_INITIALIZERS_H
#define PDQ_PLAN_ANALYSIS_INITIALIZERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::pdq {

/// The initializer that `plan.initializer` of `function` names; an empty one
/// behind the function, which it then names, where there is none.
func::FuncOp getOrCreateInitializer(func::FuncOp function);

/// The names of all initializers of a module.
llvm::StringSet<> collectInitializers(ModuleOp module);

} // namespace mlir::pdq

#endif // PDQ_PLAN_ANALYSIS_INITIALIZERS_H
