// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The check that every executor makes before a call.

#include "pdq/Runtime/CheckBuffers.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace mlir::pdq;

void mlir::pdq::checkBuffers(StringRef name, StringRef what,
                             ArrayRef<BufferRef> buffers,
                             ArrayRef<RankedTensorType> types) {
  if (buffers.size() != types.size())
    llvm::report_fatal_error("'" + Twine(name) + "' takes " +
                             Twine(types.size()) + " " + what + "s, got " +
                             Twine(buffers.size()));
  for (auto [index, pair] : llvm::enumerate(llvm::zip(buffers, types))) {
    auto &[buffer, type] = pair;
    if (!buffer || buffer->getShape() != type.getShape() ||
        buffer->getElementType() != *pdq::getElementType(type.getElementType()))
      llvm::report_fatal_error("'" + Twine(name) + "': " + what + " " +
                               Twine(index) + " has another type");
  }
}
