// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where errors about options are: they are no part of the network.

#ifndef PDQ_SUPPORT_OPTIONS_OPTIONSLOCATION_H
#define PDQ_SUPPORT_OPTIONS_OPTIONSLOCATION_H

#include "mlir/IR/Location.h"

namespace mlir::pdq {

/// The place of all options, as a file that no network is in.
inline Location getOptionsLocation(MLIRContext *context) {
  return FileLineColLoc::get(context, "<options>", /*line=*/0, /*column=*/0);
}

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_OPTIONS_OPTIONSLOCATION_H
