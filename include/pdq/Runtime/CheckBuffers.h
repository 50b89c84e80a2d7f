// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The check that every executor makes before a call.

#ifndef PDQ_RUNTIME_CHECKBUFFERS_H
#define PDQ_RUNTIME_CHECKBUFFERS_H

#include "mlir/IR/BuiltinTypes.h"
#include "pdq/Runtime/Executor.h"

namespace mlir::pdq {

/// Ends the program where buffers do not have the types of the signature of
/// function `name`; `what` they are stands in the message.
void checkBuffers(StringRef name, StringRef what, ArrayRef<BufferRef> buffers,
                  ArrayRef<RankedTensorType> types);

} // namespace mlir::pdq

#endif // PDQ_RUNTIME_CHECKBUFFERS_H
