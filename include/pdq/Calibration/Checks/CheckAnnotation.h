// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Annotation must not change what a network computes; this runs it and looks.

#ifndef PDQ_CALIBRATION_CHECKS_CHECKANNOTATION_H
#define PDQ_CALIBRATION_CHECKS_CHECKANNOTATION_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/Pass.h"
#include <memory>

namespace mlir::pdq {

struct CheckAnnotationOptions;

/// A copy of the network that one pass keeps for a later one of the same
/// pipeline; empty until then.
using KeptNetwork = std::shared_ptr<OwningOpRef<ModuleOp>>;

/// A pass that copies the module into `kept` and changes nothing. Fails where
/// one of the files of `data`, separated by commas, is no array file:
/// annotation may take long, and what comes behind it reads them.
std::unique_ptr<Pass> createKeepNetwork(KeptNetwork kept, StringRef data);

/// `pdq-check-annotation` that also compares with a kept network.
std::unique_ptr<Pass>
createCheckAnnotation(const CheckAnnotationOptions &options, KeptNetwork kept);

struct CheckSizesOptions;

/// `pdq-check-sizes` that compares with the network as it came, which
/// `original` holds, or nothing where it may not run.
std::unique_ptr<Pass> createCheckSizes(const CheckSizesOptions &options,
                                       KeptNetwork original);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_CHECKS_CHECKANNOTATION_H
