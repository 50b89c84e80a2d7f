// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The canonicalizer with the patterns left out that do not keep the meaning.

#include "pdq/Support/Canonicalizer.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

std::unique_ptr<Pass> mlir::pdq::createSoundCanonicalizerPass() {
  // Takes the pad's low border into the offsets of an insertion and forgets to
  // multiply it by the insertion's strides. A pattern is named by its type, as
  // the compiler of libMLIR spells it: Clang, then GCC.
  static const std::string unsound[] = {
      "(anonymous namespace)::FoldInsertPadIntoFill",
      "{anonymous}::FoldInsertPadIntoFill"};
  return createCanonicalizerPass(GreedyRewriteConfig(), unsound);
}

std::unique_ptr<Pass> mlir::pdq::createSoundInlinerPass() {
  return createInlinerPass({}, [](OpPassManager &pm) {
    pm.addPass(createSoundCanonicalizerPass());
  });
}
