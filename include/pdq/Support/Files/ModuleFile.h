// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Untrusted modules: upstream's parsers, verifier and printer call
// themselves for what is nested, and have no bound for it; its reader of
// bytecode believes the numbers in a file.

#ifndef PDQ_SUPPORT_FILES_MODULEFILE_H
#define PDQ_SUPPORT_FILES_MODULEFILE_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/MemoryBuffer.h"

namespace mlir::pdq {

/// Checks, before a module is parsed, that nothing in it is nested too deep for
/// what walks through it: text by its brackets, bytecode (of dialects in
/// `registry`) by its regions. Bytecode is read for this, in a child process,
/// so that a file which the reader does not survive is an error like any other.
/// What is wrong with text otherwise is left to the parser.
///
/// Errors: one message on stderr, at line and column or at the file.
LogicalResult checkNesting(const llvm::MemoryBuffer &module,
                           const DialectRegistry &registry);

/// The version of MLIR's bytecode that results are written in unless the user
/// asks for another: the last one that keeps operations' properties in
/// attributes, which MLIR 20 to 24 read alike.
constexpr int64_t portableBytecodeVersion = 4;

/// Calls `main` on a thread with a stack for everything that passes this check,
/// whatever the user's limit is, and gives its result.
int runWithLargeStack(llvm::function_ref<int()> main);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_FILES_MODULEFILE_H
