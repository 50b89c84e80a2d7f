// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Device code to host code, in the order of the functions here. LLVM IR for
// NVPTX goes in; what comes out calls the simulator wherever a device does
// something that a host cannot.

#ifndef PDQ_SIMULATED_GPU_LOWERING_H
#define PDQ_SIMULATED_GPU_LOWERING_H

#include "DeviceModule.h"
#include "Status.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/TargetParser/Triple.h"
#include <memory>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace pdq::sim {

using KernelMap = std::map<std::string, Kernel>;

/// Reads the text or bitcode that the null-terminated or self-delimiting image
/// holds; refuses machine code, PTX and modules for other targets.
Status parseImage(const void *image, llvm::LLVMContext &context,
                  std::unique_ptr<llvm::Module> &module);

/// Every operation, function and variable must be one that can be simulated;
/// the message names the first that cannot.
Status checkDeviceCode(const llvm::Module &module);

/// As the device compiler would: what it removes, a device does not execute.
void optimizeDeviceCode(llvm::Module &module);

/// Puts a check before each access to shared and global memory.
void instrumentAccesses(llvm::Module &module, const llvm::DataLayout &layout);

/// The kernels with parameters and launch bounds.
Status collectKernels(const llvm::Module &module,
                      const llvm::DataLayout &layout, KernelMap &kernels);

/// Gives the variables in shared memory their addresses. Kernels that share no
/// variable overlap.
Status assignSharedMemory(llvm::Module &module, const llvm::DataLayout &layout,
                          KernelMap &kernels);

/// Makes host code of the module: special registers become loads from the
/// running thread, device operations calls, and each kernel gets a function
/// "launch.NAME" that takes pointers to the values of its arguments.
void lowerToHost(llvm::Module &module, const llvm::DataLayout &layout,
                 const llvm::Triple &triple);

inline constexpr llvm::StringLiteral kLaunchPrefix = "launch.";

/// Functions that host code calls and where they are; the rest of what it may
/// call is named by `isHostFunction`.
llvm::StringMap<void *> getHostSymbols();
bool isHostFunction(llvm::StringRef name);
/// The host function that computes this intrinsic or libdevice function, or an
/// empty name. `signature` is result and arguments: f float, d double, i i32.
llvm::StringRef findMathFunction(llvm::StringRef name,
                                 llvm::StringRef &signature);

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_LOWERING_H
