// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of all derivative rules.

#include "pdq/Autodiff/ReverseMode.h"

namespace mlir::pdq {
// One per file of rules.
void registerLinalgVJPs(DialectRegistry &registry);
void registerLossVJPs(DialectRegistry &registry);
void registerQuantizerVJPs(DialectRegistry &registry);
void registerTensorVJPs(DialectRegistry &registry);
} // namespace mlir::pdq

void mlir::pdq::registerAllVJPs(DialectRegistry &registry) {
  registerLinalgVJPs(registry);
  registerLossVJPs(registry);
  registerQuantizerVJPs(registry);
  registerTensorVJPs(registry);
}
