// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the dialect, and what its attributes may stand on.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/InliningUtils.h"
#include "pdq/Plan/IR/Plan.h"

using namespace mlir;
using namespace mlir::pdq;
using namespace mlir::pdq::plan;

#include "pdq/Plan/IR/PlanDialect.cpp.inc"

void PlanDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "pdq/Plan/IR/PlanOps.cpp.inc"
      >();
}

TargetAttr mlir::pdq::plan::getTarget(Operation *op) {
  auto module =
      isa<ModuleOp>(op) ? cast<ModuleOp>(op) : op->getParentOfType<ModuleOp>();
  auto target =
      module ? module->getAttrOfType<TargetAttr>(targetName) : TargetAttr();
  return target ? target : TargetAttr::get(op->getContext(), "", Math::FP32);
}

LogicalResult PlanDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == TargetAttrHelper::getNameStr()) {
    if (!isa<ModuleOp>(op))
      return op->emitOpError("has '") << name << "', which is for modules";
    if (!isa<TargetAttr>(attribute.getValue()))
      return op->emitOpError("has '") << name << "' = " << attribute.getValue()
                                      << ", expected #plan.target";
    return success();
  }
  if (name != InitializerAttrHelper::getNameStr())
    return op->emitOpError("has '") << name << "', which it cannot have";
  if (!isa<func::FuncOp>(op))
    return op->emitOpError("has '") << name << "', which is for functions";
  if (!isa<FlatSymbolRefAttr>(attribute.getValue()))
    return op->emitOpError("has '") << name << "' = " << attribute.getValue()
                                    << ", expected the name of a function";
  return success();
}

/// An error where `value` is no number of at least 0.
static LogicalResult verifyNumber(Operation *op, NamedAttribute attribute) {
  auto number = dyn_cast<IntegerAttr>(attribute.getValue());
  if (number && number.getType().isInteger(64) && number.getInt() >= 0)
    return success();
  return op->emitOpError("has '")
         << attribute.getName().getValue() << "' = " << attribute.getValue()
         << ", expected a number of type i64 from 0";
}

LogicalResult PlanDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                    unsigned,
                                                    NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == ResultAttrHelper::getNameStr() ||
      name == PersistentAttrHelper::getNameStr())
    return verifyNumber(op, attribute);
  if (name != RegisterOnlyAttrHelper::getNameStr())
    return op->emitOpError("has '") << name << "' on an argument";
  if (!isa<KernelOp>(op))
    return op->emitOpError("has '")
           << name << "', which is for arguments of kernels";
  if (!isa<UnitAttr>(attribute.getValue()))
    return op->emitOpError("has '") << name << "' with a value";
  return success();
}

LogicalResult
PlanDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned,
                                         NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name != InPlaceAttrHelper::getNameStr())
    return op->emitOpError("has '") << name << "' on a result";
  return verifyNumber(op, attribute);
}
