// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NVIDIA's assembler, where it is installed: PTX -> machine code of a chip.

#ifndef PDQ_RUNTIME_CUDA_PTXASSEMBLER_H
#define PDQ_RUNTIME_CUDA_PTXASSEMBLER_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>

namespace mlir::pdq {

/// The program `ptxas`.
class PTXAssembler {
public:
  /// `$PDQ_PTXAS` (empty: none), else `bin/ptxas` in `$CUDA_HOME`, else the
  /// one on the search path; nothing where there is none. Errors:
  /// `$PDQ_PTXAS` cannot be run.
  static llvm::Expected<std::optional<PTXAssembler>> find();

  /// What it says about itself, all of it.
  StringRef getVersion() const { return version; }
  /// Flags beside the chip and the files.
  static StringRef getFlags() { return "-v"; }

  struct Result {
    /// The cubin.
    std::string object;
    /// Registers, stack, spills and shared memory of every kernel, in ptxas's
    /// words.
    std::string report;
  };

  /// Errors: what ptxas says.
  llvm::Expected<Result> assemble(StringRef ptx, StringRef chip) const;

private:
  explicit PTXAssembler(std::string path) : path(std::move(path)) {}
  llvm::Error readVersion();

  std::string path, version;
};

} // namespace mlir::pdq

#endif // PDQ_RUNTIME_CUDA_PTXASSEMBLER_H
