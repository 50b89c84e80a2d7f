// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entry points for events: points in time of work that runs when enqueued.

#include "Driver.h"

using namespace llvm;
using namespace pdq::sim;

static Status resolveEvent(CUevent handle, Event *&event) {
  return resolve(context.events, handle, "event", event);
}

CUresult cuEventCreate(CUevent *handle, unsigned flags) {
  return enter("cuEventCreate", Needs::Context, [&] {
    Status status = checkNotNull(handle, "event");
    if (!status.failed() &&
        flags > (CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING))
      status = Status::error(CUDA_ERROR_INVALID_VALUE,
                             "event flags " + Twine(flags));
    if (status.failed())
      return status;
    auto event = std::make_unique<Event>();
    event->hasTiming = !(flags & CU_EVENT_DISABLE_TIMING);
    *handle = reinterpret_cast<CUevent>(context.events.add(std::move(event)));
    return status;
  });
}

CUresult cuEventDestroy(CUevent handle) {
  return enter("cuEventDestroy", Needs::Context, [&] {
    Event *event = nullptr;
    Status status = resolveEvent(handle, event);
    if (!status.failed())
      context.events.remove(handle);
    return status;
  });
}

CUresult cuEventRecord(CUevent handle, CUstream streamHandle) {
  return enter("cuEventRecord", Needs::Context, [&] {
    Event *event = nullptr;
    Stream *stream = nullptr;
    Status status = resolveEvent(handle, event);
    if (!status.failed())
      status = resolveStream(streamHandle, stream);
    if (status.failed())
      return status;
    bool isCapturing = stream->capture == Stream::Capture::Active;
    event->capturing = isCapturing ? stream : nullptr;
    event->isRecorded = !isCapturing;
    event->time = std::chrono::steady_clock::now();
    return status;
  });
}

static Status checkWaitable(CUevent handle) {
  Event *event = nullptr;
  Status status = resolveEvent(handle, event);
  if (!status.failed() && event->capturing)
    status = Status::error(CUDA_ERROR_CAPTURED_EVENT,
                           "the event was recorded in a capture");
  return status;
}

CUresult cuEventQuery(CUevent handle) {
  return enter("cuEventQuery", Needs::Context,
               [&] { return checkWaitable(handle); });
}

CUresult cuEventSynchronize(CUevent handle) {
  return enter("cuEventSynchronize", Needs::Context,
               [&] { return checkWaitable(handle); });
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent startHandle,
                            CUevent endHandle) {
  return enter("cuEventElapsedTime", Needs::Context, [&] {
    Event *start = nullptr, *end = nullptr;
    Status status = checkNotNull(milliseconds, "milliseconds");
    if (!status.failed())
      status = resolveEvent(startHandle, start);
    if (!status.failed())
      status = resolveEvent(endHandle, end);
    if (status.failed())
      return status;
    if (!start->hasTiming || !end->hasTiming || !start->isRecorded ||
        !end->isRecorded)
      return Status::error(CUDA_ERROR_INVALID_HANDLE,
                           "both events must have timing and be recorded");
    *milliseconds =
        std::chrono::duration<float, std::milli>(end->time - start->time)
            .count();
    return status;
  });
}
