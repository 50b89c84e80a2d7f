// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernel functions -> machine code in this process. The only place that knows
// LLVM's code generator and its JIT.

#ifndef PDQ_RUNTIME_CPU_KERNELCOMPILER_H
#define PDQ_RUNTIME_CPU_KERNELCOMPILER_H

#include "pdq/Plan/IR/Plan.h"
#include "pdq/Runtime/CPU/ThreadPool.h"
#include "pdq/Runtime/Executor.h"
#include "llvm/ADT/StringMap.h"
#include <memory>

namespace mlir::pdq {

/// Code of one kernel, and the extent of the range that it divides.
struct CompiledKernel {
  KernelEntry entry = nullptr;
  int64_t range = 1;
  /// True where no emitter knew the kernel and it runs as scalar loops.
  bool isScalar = false;
};

/// Compiles kernels for one instruction set and keeps them by content.
class KernelCompiler {
public:
  virtual ~KernelCompiler() = default;

  /// `threads` >= 1 kernels are compiled at once. `target` must be supported.
  /// With `inOrder` kernels are the operations' own loops.
  static std::unique_ptr<KernelCompiler>
  create(CPUTarget target, unsigned threads, bool inOrder = false);

  /// Compiles those of `kernels` (functions that `-pdq-outline-kernels` made)
  /// whose content is new. Returns the code of all, in order; it lives as long
  /// as the compiler.
  ///
  /// Errors: emits diagnostics at kernels that cannot be compiled.
  virtual FailureOr<llvm::SmallVector<const CompiledKernel *>>
  compile(llvm::ArrayRef<plan::KernelOp> kernels) = 0;
};

/// The best target that this machine has.
CPUTarget getHostTarget();

/// 32-bit elements of a vector register of `target`.
unsigned getVectorWidth(CPUTarget target);

/// True where this machine can run code for `target`.
bool isSupported(CPUTarget target);

} // namespace mlir::pdq

#endif // PDQ_RUNTIME_CPU_KERNELCOMPILER_H
