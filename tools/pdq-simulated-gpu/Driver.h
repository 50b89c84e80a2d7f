// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all entry points of the driver API do: take the lock, look at the state
// of the context, keep the message of a failure.

#ifndef PDQ_SIMULATED_GPU_DRIVER_H
#define PDQ_SIMULATED_GPU_DRIVER_H

#include "Context.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace pdq::sim {

/// What a call needs: nothing, cuInit, or a context that did not fault.
enum class Needs { Nothing, Driver, Context };

/// Runs one entry point. A fault of device code stays the answer of all that
/// follow.
CUresult enter(const char *function, Needs needs,
               llvm::function_ref<Status()> body);

/// The object of a handle, or an error that names `what`.
template <typename T>
Status resolve(const Registry<T> &registry, const void *handle,
               const char *what, T *&object) {
  object = registry.find(handle);
  if (object)
    return Status::success();
  return Status::error(CUDA_ERROR_INVALID_HANDLE,
                       llvm::Twine("not a ") + what +
                           ", or one that was destroyed");
}

/// The stream of a handle; null is the default stream.
Status resolveStream(CUstream handle, Stream *&stream);

Status checkNotNull(const void *pointer, const char *what);
/// Calls that a capture of the stricter modes does not allow.
Status checkNoCapture(const char *what);

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_DRIVER_H
