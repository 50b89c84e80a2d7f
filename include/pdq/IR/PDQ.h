// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one header for the dialect, its attributes and its operations.

#ifndef PDQ_IR_PDQ_H
#define PDQ_IR_PDQ_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <optional>

#include "pdq/IR/PDQDialect.h.inc"

#include "pdq/IR/PDQEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "pdq/IR/PDQAttrs.h.inc"

#define GET_OP_CLASSES
#include "pdq/IR/PDQOps.h.inc"

namespace mlir::pdq {

/// Names of the attributes of other operations, which PDQDialect.td declares.
inline constexpr llvm::StringLiteral
    inRegionName = PDQDialect::InRegionAttrHelper::getNameStr(),
    batchName = PDQDialect::BatchAttrHelper::getNameStr(),
    inputTypesName = PDQDialect::InputTypesAttrHelper::getNameStr(),
    productsName = PDQDialect::ProductsAttrHelper::getNameStr(),
    optionsName = PDQDialect::OptionsAttrHelper::getNameStr(),
    checkpointName = PDQDialect::CheckpointAttrHelper::getNameStr(),
    vjpOfName = PDQDialect::VjpOfAttrHelper::getNameStr(),
    wrtName = PDQDialect::WrtAttrHelper::getNameStr(),
    numberName = PDQDialect::NumberAttrHelper::getNameStr();

/// What products of quantized tensors are computed on by the attribute
/// `pdq.products` of the module that is or holds `op`; on dequantized numbers
/// where there is none.
ProductArithmetic getProductArithmetic(Operation *op);

} // namespace mlir::pdq

#endif // PDQ_IR_PDQ_H
