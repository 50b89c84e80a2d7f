// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of earlier passes, kept in the module for the reports of later ones.

#ifndef PDQ_IR_RECORDEDOPTIONS_H
#define PDQ_IR_RECORDEDOPTIONS_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::pdq {

/// Keeps the option `name` of a pass in the attribute `pdq.options` of
/// `module`, for the reports of later passes.
void recordOption(ModuleOp module, StringRef name, Attribute value);

/// The options that earlier passes recorded.
DictionaryAttr getRecordedOptions(ModuleOp module);

/// Removes the attribute: what is left of the module does not depend on it.
void dropRecordedOptions(Operation *module);

} // namespace mlir::pdq

#endif // PDQ_IR_RECORDEDOPTIONS_H
