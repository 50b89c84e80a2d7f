// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entry points for memory.

#include "Driver.h"
#include <cstdlib>

using namespace llvm;
using namespace pdq::sim;

CUresult cuMemGetInfo(size_t *free, size_t *total) {
  return enter("cuMemGetInfo", Needs::Context, [&] {
    Status status = checkNotNull(free, "free");
    if (!status.failed())
      status = checkNotNull(total, "total");
    if (status.failed())
      return status;
    *total = context.memory.getTotalBytes();
    *free = *total - context.memory.getUsedBytes();
    return status;
  });
}

CUresult cuMemAlloc(CUdeviceptr *pointer, size_t bytes) {
  return enter("cuMemAlloc", Needs::Context, [&] {
    Status status = checkNotNull(pointer, "pointer");
    if (!status.failed())
      status = checkNoCapture("memory cannot be allocated");
    uint64_t address = 0;
    if (!status.failed())
      status = context.memory.allocate(bytes, address);
    if (!status.failed())
      *pointer = address;
    return status;
  });
}

CUresult cuMemFree(CUdeviceptr pointer) {
  return enter("cuMemFree", Needs::Context, [&] {
    if (!pointer)
      return Status::success();
    Status status = checkNoCapture("memory cannot be freed");
    return status.failed() ? status : context.memory.free(pointer);
  });
}

CUresult cuMemAllocHost(void **pointer, size_t bytes) {
  return enter("cuMemAllocHost", Needs::Context, [&] {
    Status status = checkNotNull(pointer, "pointer");
    if (status.failed())
      return status;
    *pointer = malloc(bytes);
    if (*pointer)
      return status;
    return Status::error(CUDA_ERROR_OUT_OF_MEMORY,
                         Twine(bytes) + " bytes of host memory");
  });
}

CUresult cuMemFreeHost(void *pointer) {
  return enter("cuMemFreeHost", Needs::Context, [&] {
    auto address = reinterpret_cast<uint64_t>(pointer);
    if (context.memory.contains(address))
      return context.memory.free(address);
    free(pointer);
    return Status::success();
  });
}

/// Memory of the host that kernels can use lies in the range of the device, so
/// that accesses are checked; unlike with a device, the host cannot touch it.
CUresult cuMemHostAlloc(void **pointer, size_t bytes, unsigned flags) {
  if (!(flags & 2)) // CU_MEMHOSTALLOC_DEVICEMAP
    return cuMemAllocHost(pointer, bytes);
  return enter("cuMemHostAlloc", Needs::Context, [&] {
    Status status = checkNotNull(pointer, "pointer");
    if (!status.failed())
      status = checkNoCapture("memory cannot be allocated");
    uint64_t address = 0;
    if (!status.failed())
      status = context.memory.allocate(bytes, address, /*isHost=*/true);
    if (!status.failed())
      *pointer = reinterpret_cast<void *>(address);
    return status;
  });
}

CUresult cuMemHostGetDevicePointer(CUdeviceptr *address, void *pointer,
                                   unsigned) {
  return enter("cuMemHostGetDevicePointer", Needs::Context, [&] {
    Status status = checkNotNull(address, "address");
    if (status.failed())
      return status;
    *address = reinterpret_cast<uint64_t>(pointer);
    const Allocation *found = context.memory.find(*address);
    if (found && found->isHost)
      return status;
    return Status::error(CUDA_ERROR_INVALID_VALUE,
                         "pointer is not mapped memory of the host");
  });
}

static CUresult enqueue(const char *function, CUstream handle,
                        std::shared_ptr<const Node> node) {
  return enter(function, Needs::Context, [&] {
    Stream *stream = nullptr;
    Status status = resolveStream(handle, stream);
    return status.failed() ? status : stream->enqueue(std::move(node));
  });
}

static std::shared_ptr<const Node>
makeUpload(CUdeviceptr destination, const void *source, size_t bytes) {
  return std::make_shared<CopyNode>(
      destination, true, reinterpret_cast<uint64_t>(source), false, bytes);
}

static std::shared_ptr<const Node>
makeDownload(void *destination, CUdeviceptr source, size_t bytes) {
  return std::make_shared<CopyNode>(reinterpret_cast<uint64_t>(destination),
                                    false, source, true, bytes);
}

CUresult cuMemcpyHtoDAsync(CUdeviceptr destination, const void *source,
                           size_t bytes, CUstream stream) {
  return enqueue("cuMemcpyHtoDAsync", stream,
                 makeUpload(destination, source, bytes));
}

CUresult cuMemcpyDtoHAsync(void *destination, CUdeviceptr source, size_t bytes,
                           CUstream stream) {
  return enqueue("cuMemcpyDtoHAsync", stream,
                 makeDownload(destination, source, bytes));
}

CUresult cuMemcpyDtoDAsync(CUdeviceptr destination, CUdeviceptr source,
                           size_t bytes, CUstream stream) {
  return enqueue(
      "cuMemcpyDtoDAsync", stream,
      std::make_shared<CopyNode>(destination, true, source, true, bytes));
}

CUresult cuMemcpyHtoD(CUdeviceptr destination, const void *source,
                      size_t bytes) {
  return enqueue("cuMemcpyHtoD", nullptr,
                 makeUpload(destination, source, bytes));
}

CUresult cuMemcpyDtoH(void *destination, CUdeviceptr source, size_t bytes) {
  return enqueue("cuMemcpyDtoH", nullptr,
                 makeDownload(destination, source, bytes));
}

CUresult cuMemcpyDtoD(CUdeviceptr destination, CUdeviceptr source,
                      size_t bytes) {
  return enqueue(
      "cuMemcpyDtoD", nullptr,
      std::make_shared<CopyNode>(destination, true, source, true, bytes));
}

CUresult cuMemsetD8Async(CUdeviceptr destination, unsigned char value,
                         size_t count, CUstream stream) {
  return enqueue("cuMemsetD8Async", stream,
                 std::make_shared<FillNode>(destination, value, 1, count));
}

CUresult cuMemsetD32Async(CUdeviceptr destination, unsigned value, size_t count,
                          CUstream stream) {
  return enqueue("cuMemsetD32Async", stream,
                 std::make_shared<FillNode>(destination, value, 4, count));
}
