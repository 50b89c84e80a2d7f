// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one header for the plan dialect, its attributes and its operations.

#ifndef PDQ_PLAN_IR_PLAN_H
#define PDQ_PLAN_IR_PLAN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "pdq/Plan/IR/PlanEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "pdq/Plan/IR/PlanAttrs.h.inc"

#include "pdq/Plan/IR/PlanDialect.h.inc"

#define GET_OP_CLASSES
#include "pdq/Plan/IR/PlanOps.h.inc"

namespace mlir::pdq::plan {

/// Names of the attributes of functions on their way to a program, which
/// PlanDialect.td declares.
inline constexpr llvm::StringLiteral
    inPlaceName = PlanDialect::InPlaceAttrHelper::getNameStr(),
    resultName = PlanDialect::ResultAttrHelper::getNameStr(),
    persistentName = PlanDialect::PersistentAttrHelper::getNameStr(),
    initializerName = PlanDialect::InitializerAttrHelper::getNameStr(),
    registerOnlyName = PlanDialect::RegisterOnlyAttrHelper::getNameStr(),
    targetName = PlanDialect::TargetAttrHelper::getNameStr();

/// What kernels are made for: `plan.target` of the module around `op`; every
/// supported chip, in fp32, where it has none. A pass that asks depends on the
/// plan dialect, which its context may not have loaded.
TargetAttr getTarget(Operation *op);

/// `type` without its offset: what a kernel's argument is that a launch passes
/// a view of this type as.
MemRefType dropOffset(MemRefType type);

} // namespace mlir::pdq::plan

#endif // PDQ_PLAN_IR_PLAN_H
