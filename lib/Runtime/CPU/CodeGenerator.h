// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM IR -> object code for one of our CPU targets, and the symbols that the
// code may use.

#ifndef PDQ_LIB_RUNTIME_CPU_CODEGENERATOR_H
#define PDQ_LIB_RUNTIME_CPU_CODEGENERATOR_H

#include "pdq/Runtime/Executor.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"

namespace mlir::pdq {

/// The machine description of `target`, which must not be `Host`. Floating
/// point operations are never fused by LLVM.
llvm::orc::JITTargetMachineBuilder getTargetMachineBuilder(CPUTarget target);

/// Optimizes `module` with the few passes that kernels need (vectorization has
/// happened) and returns its object code.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
generateCode(llvm::Module &module,
             const llvm::orc::JITTargetMachineBuilder &target);

/// A linker whose code sees an explicit list of functions of the C library and
/// nothing else of this process.
llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>>
createLinker(const llvm::orc::JITTargetMachineBuilder &target);

} // namespace mlir::pdq

#endif // PDQ_LIB_RUNTIME_CPU_CODEGENERATOR_H
