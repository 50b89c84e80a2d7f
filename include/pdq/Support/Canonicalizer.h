// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upstream's canonicalizer runs on the networks of users, where a pattern that
// changes what a network computes is ours to keep away.

#ifndef PDQ_SUPPORT_CANONICALIZER_H
#define PDQ_SUPPORT_CANONICALIZER_H

#include <memory>

namespace mlir {
class Pass;
} // namespace mlir

namespace mlir::pdq {

/// Upstream's canonicalizer without the patterns that are known to be wrong
/// (docs/UpstreamReports.md). Every pipeline takes this one.
std::unique_ptr<Pass> createSoundCanonicalizerPass();

/// Upstream's inliner, which canonicalizes what it inlines, with this one.
std::unique_ptr<Pass> createSoundInlinerPass();

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_CANONICALIZER_H
