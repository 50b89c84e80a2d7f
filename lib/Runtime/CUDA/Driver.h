// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The CUDA driver as a table of functions that is filled at run time: no CUDA
// is needed to build or to start, and a machine without it says so.

#ifndef PDQ_LIB_RUNTIME_CUDA_DRIVER_H
#define PDQ_LIB_RUNTIME_CUDA_DRIVER_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <cstddef>
#include <cstdint>

namespace mlir::pdq::cuda {

// The driver API's types (CUDA driver API reference), which are part of its
// binary interface.
using Result = int;
using DeviceNumber = int;
using Pointer = uint64_t;
using Context = struct ContextTag *;
using Module = struct ModuleTag *;
using Function = struct FunctionTag *;
using Stream = struct StreamTag *;
using Graph = struct GraphTag *;
using GraphExec = struct GraphExecTag *;
using Event = struct EventTag *;

/// CUdevice_attribute.
enum Attribute {
  MaxSharedMemoryPerBlockOptIn = 97,
  MultiprocessorCount = 16,
  ComputeCapabilityMajor = 75,
  ComputeCapabilityMinor = 76,
};
/// CUfunction_attribute.
enum FunctionAttribute { MaxDynamicSharedBytes = 8 };
/// CU_MEMHOSTALLOC_*.
enum HostAllocFlag { HostPortable = 1, HostDeviceMap = 2 };
/// CUstreamCaptureMode.
enum CaptureMode { CaptureThreadLocal = 1 };
/// CUjit_option.
enum JitOption { ErrorLogBuffer = 5, ErrorLogBufferBytes = 6 };

/// X(name of the entry point, its parameters): every function that is used.
#define PDQ_CUDA_FUNCTIONS(X)                                                  \
  X(cuInit, (unsigned))                                                        \
  X(cuGetErrorName, (Result, const char **))                                   \
  X(cuGetErrorString, (Result, const char **))                                 \
  X(cuDeviceGetCount, (int *))                                                 \
  X(cuDeviceGet, (DeviceNumber *, int))                                        \
  X(cuDeviceGetName, (char *, int, DeviceNumber))                              \
  X(cuDeviceGetAttribute, (int *, int, DeviceNumber))                          \
  X(cuDeviceTotalMem_v2, (size_t *, DeviceNumber))                             \
  X(cuDevicePrimaryCtxRetain, (Context *, DeviceNumber))                       \
  X(cuDevicePrimaryCtxRelease_v2, (DeviceNumber))                              \
  X(cuCtxSetCurrent, (Context))                                                \
  X(cuModuleLoadDataEx, (Module *, const void *, unsigned, int *, void **))    \
  X(cuModuleUnload, (Module))                                                  \
  X(cuModuleGetFunction, (Function *, Module, const char *))                   \
  X(cuFuncSetAttribute, (Function, int, int))                                  \
  X(cuMemAlloc_v2, (Pointer *, size_t))                                        \
  X(cuMemFree_v2, (Pointer))                                                   \
  X(cuMemGetInfo_v2, (size_t *, size_t *))                                     \
  X(cuMemHostAlloc, (void **, size_t, unsigned))                               \
  X(cuMemHostGetDevicePointer_v2, (Pointer *, void *, unsigned))               \
  X(cuMemFreeHost, (void *))                                                   \
  X(cuMemcpyHtoDAsync_v2, (Pointer, const void *, size_t, Stream))             \
  X(cuMemcpyDtoHAsync_v2, (void *, Pointer, size_t, Stream))                   \
  X(cuMemcpyDtoDAsync_v2, (Pointer, Pointer, size_t, Stream))                  \
  X(cuMemsetD8Async, (Pointer, unsigned char, size_t, Stream))                 \
  X(cuStreamCreate, (Stream *, unsigned))                                      \
  X(cuStreamDestroy_v2, (Stream))                                              \
  X(cuStreamSynchronize, (Stream))                                             \
  X(cuStreamBeginCapture_v2, (Stream, int))                                    \
  X(cuStreamEndCapture, (Stream, Graph *))                                     \
  X(cuGraphInstantiateWithFlags, (GraphExec *, Graph, unsigned long long))     \
  X(cuGraphLaunch, (GraphExec, Stream))                                        \
  X(cuGraphDestroy, (Graph))                                                   \
  X(cuGraphExecDestroy, (GraphExec))                                           \
  X(cuLaunchKernel, (Function, unsigned, unsigned, unsigned, unsigned,         \
                     unsigned, unsigned, unsigned, Stream, void **, void **))

/// The entry points of a loaded driver.
struct Driver {
  // The names are those of the driver.
  // NOLINTBEGIN(readability-identifier-naming)
#define PDQ_DECLARE(name, parameters) Result(*name) parameters = nullptr;
  PDQ_CUDA_FUNCTIONS(PDQ_DECLARE)
#undef PDQ_DECLARE
  // NOLINTEND(readability-identifier-naming)

  /// Loads `$PDQ_CUDA_LIBRARY`, else `libcuda.so.1`, once for the process, and
  /// initializes it. Errors: no library, an entry point that it lacks, or no
  /// device, in words for the user.
  static llvm::Expected<const Driver *> load();

  /// An error that says what failed and the driver's name and text for it;
  /// success for 0.
  llvm::Error check(Result result, const llvm::Twine &what) const;
};

} // namespace mlir::pdq::cuda

#endif // PDQ_LIB_RUNTIME_CUDA_DRIVER_H
