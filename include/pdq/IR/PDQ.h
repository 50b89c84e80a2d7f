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

#define GET_ATTRDEF_CLASSES
#include "pdq/IR/PDQAttrs.h.inc"

#define GET_OP_CLASSES
#include "pdq/IR/PDQOps.h.inc"

#endif // PDQ_IR_PDQ_H
