// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Device memory, and tensors in it.

#ifndef PDQ_LIB_RUNTIME_CUDA_GPUBUFFER_H
#define PDQ_LIB_RUNTIME_CUDA_GPUBUFFER_H

#include "Device.h"
#include "pdq/Runtime/Executor.h"

namespace mlir::pdq {

/// Owned device memory, or memory of the host that the device uses; keeps its
/// device open.
struct DeviceMemory {
  DeviceMemory(std::shared_ptr<Device> device, size_t bytes,
               bool onHost = false);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory &) = delete;
  DeviceMemory &operator=(const DeviceMemory &) = delete;

  /// Keeps the contents on the host from now on; ends the program where it has
  /// no memory left either.
  void moveToHost();

  std::shared_ptr<Device> device;
  size_t bytes;
  bool onHost;
  cuda::Pointer pointer;
};

/// A zero-filled tensor in device memory, or in the host's.
BufferRef allocateDeviceBuffer(const std::shared_ptr<Device> &device,
                               ArrayRef<int64_t> shape, ElementType type,
                               bool onHost = false);

/// Where a buffer that `allocateDeviceBuffer` made lies.
cuda::Pointer getDevicePointer(const BufferRef &buffer);

/// Pointers of the buffers of a call, aligned as kernels expect. Slices that
/// start in between are copied to memory of their own for the time of the call,
/// and so are slices of memory on the host, of which kernels read elements many
/// times. Whole buffers on the host are used where they are: a program takes
/// few samples of them.
class AlignedBuffers {
public:
  AlignedBuffers(const std::shared_ptr<Device> &device,
                 ArrayRef<BufferRef> arguments, ArrayRef<BufferRef> results,
                 unsigned alignment);
  /// Copies back what was copied.
  ~AlignedBuffers();
  const std::vector<cuda::Pointer> &getPointers() const { return pointers; }

private:
  struct Copy {
    std::unique_ptr<DeviceMemory> memory;
    cuda::Pointer original;
  };
  std::vector<cuda::Pointer> pointers;
  SmallVector<Copy> copies;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_RUNTIME_CUDA_GPUBUFFER_H
