// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// State and errors of the driver API.

#include "Driver.h"
#include "llvm/ADT/StringSwitch.h"
#include <cstdio>
#include <cstdlib>

using namespace llvm;

namespace pdq::sim {

Context context;

void Context::reset() {
  execs.clear();
  graphs.clear();
  events.clear();
  streams.clear();
  functions.clear();
  modules.clear();
  memory.freeAll();
  numLaunches = 0;
  defaultStream = Stream();
  fault = Status::success();
}

static thread_local std::string lastMessage;

/// Whether the code says that device code went wrong while it ran.
static bool isFault(CUresult code) {
  return code >= CUDA_ERROR_ILLEGAL_ADDRESS && code <= CUDA_ERROR_LAUNCH_FAILED;
}

static Status checkState(Needs needs) {
  if (needs == Needs::Nothing)
    return Status::success();
  if (!context.isInitialized)
    return Status::error(CUDA_ERROR_NOT_INITIALIZED,
                         "cuInit was not called before");
  if (needs == Needs::Driver)
    return Status::success();
  if (!context.retained)
    return Status::error(CUDA_ERROR_INVALID_CONTEXT,
                         "the primary context was not retained before");
  return context.fault;
}

CUresult enter(const char *function, Needs needs, function_ref<Status()> body) {
  std::lock_guard<std::recursive_mutex> lock(context.mutex);
  Status status = checkState(needs);
  bool isNew = !status.failed();
  if (isNew)
    status = body();
  if (!status.failed())
    return CUDA_SUCCESS;
  if (isNew && isFault(status.getCode()))
    context.fault = status;
  lastMessage = std::string(function) + ": " + status.getMessage();
  if (getenv("PDQ_SIM_VERBOSE"))
    fprintf(stderr, "pdq simulated device: %s\n", lastMessage.c_str());
  return status.getCode();
}

Status resolveStream(CUstream handle, Stream *&stream) {
  if (!handle) {
    stream = &context.defaultStream;
    return Status::success();
  }
  return resolve(context.streams, handle, "stream", stream);
}

Status checkNotNull(const void *pointer, const char *what) {
  if (pointer)
    return Status::success();
  return Status::error(CUDA_ERROR_INVALID_VALUE, Twine(what) + " is null");
}

Status checkNoCapture(const char *what) {
  for (const auto &entry : context.streams.getAll()) {
    Stream &stream = *entry.second;
    if (stream.capture != Stream::Capture::Active ||
        stream.mode == CU_STREAM_CAPTURE_MODE_RELAXED)
      continue;
    stream.capture = Stream::Capture::Invalidated;
    return Status::error(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                         Twine(what) + " while a stream captures");
  }
  return Status::success();
}

static const char *getErrorName(CUresult error) {
#define PDQ_ERROR(name)                                                        \
  case name:                                                                   \
    return #name;
  switch (error) {
    PDQ_ERROR(CUDA_SUCCESS)
    PDQ_ERROR(CUDA_ERROR_INVALID_VALUE)
    PDQ_ERROR(CUDA_ERROR_OUT_OF_MEMORY)
    PDQ_ERROR(CUDA_ERROR_NOT_INITIALIZED)
    PDQ_ERROR(CUDA_ERROR_NO_DEVICE)
    PDQ_ERROR(CUDA_ERROR_INVALID_DEVICE)
    PDQ_ERROR(CUDA_ERROR_INVALID_IMAGE)
    PDQ_ERROR(CUDA_ERROR_INVALID_CONTEXT)
    PDQ_ERROR(CUDA_ERROR_INVALID_HANDLE)
    PDQ_ERROR(CUDA_ERROR_NOT_FOUND)
    PDQ_ERROR(CUDA_ERROR_NOT_READY)
    PDQ_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS)
    PDQ_ERROR(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES)
    PDQ_ERROR(CUDA_ERROR_LAUNCH_TIMEOUT)
    PDQ_ERROR(CUDA_ERROR_ASSERT)
    PDQ_ERROR(CUDA_ERROR_ILLEGAL_INSTRUCTION)
    PDQ_ERROR(CUDA_ERROR_MISALIGNED_ADDRESS)
    PDQ_ERROR(CUDA_ERROR_LAUNCH_FAILED)
    PDQ_ERROR(CUDA_ERROR_NOT_SUPPORTED)
    PDQ_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED)
    PDQ_ERROR(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED)
    PDQ_ERROR(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT)
    PDQ_ERROR(CUDA_ERROR_CAPTURED_EVENT)
    PDQ_ERROR(CUDA_ERROR_UNKNOWN)
  }
#undef PDQ_ERROR
  return nullptr;
}

static Status getErrorText(CUresult error, const char **text) {
  if (Status status = checkNotNull(text, "text"); status.failed())
    return status;
  *text = getErrorName(error);
  if (*text)
    return Status::success();
  return Status::error(CUDA_ERROR_INVALID_VALUE,
                       "the simulated device knows no error " +
                           Twine(static_cast<int>(error)));
}

} // namespace pdq::sim

using namespace pdq::sim;

const char *pdqSimLastMessage() { return lastMessage.c_str(); }

CUresult pdqSimGetStatistics(size_t *usedBytes, size_t *peakBytes,
                             size_t *numLaunches) {
  return enter("pdqSimGetStatistics", Needs::Driver, [&] {
    if (usedBytes)
      *usedBytes = context.memory.getUsedBytes();
    if (peakBytes)
      *peakBytes = context.memory.getPeakBytes();
    if (numLaunches)
      *numLaunches = context.numLaunches;
    return Status::success();
  });
}

CUresult cuGetErrorName(CUresult error, const char **text) {
  return enter("cuGetErrorName", Needs::Nothing,
               [&] { return getErrorText(error, text); });
}

CUresult cuGetErrorString(CUresult error, const char **text) {
  return enter("cuGetErrorString", Needs::Nothing,
               [&] { return getErrorText(error, text); });
}
