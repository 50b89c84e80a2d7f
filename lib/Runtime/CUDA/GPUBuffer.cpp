// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Device memory, and tensors in it.

#include "GPUBuffer.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace mlir::pdq;

static cuda::Pointer allocateOnHost(Device &device, size_t bytes) {
  if (cuda::Pointer pointer = device.allocateOnHost(bytes))
    return pointer;
  llvm::report_fatal_error("host has no " + Twine(bytes) +
                               " bytes of pinned memory left",
                           /*gen_crash_diag=*/false);
}

DeviceMemory::DeviceMemory(std::shared_ptr<Device> owner, size_t bytes,
                           bool onHost)
    : device(std::move(owner)), bytes(bytes), onHost(onHost),
      pointer(onHost ? allocateOnHost(*device, bytes)
                     : device->allocate(bytes)) {}

DeviceMemory::~DeviceMemory() {
  if (onHost)
    device->freeOnHost(pointer);
  else
    device->free(pointer);
}

void DeviceMemory::moveToHost() {
  if (onHost)
    return;
  cuda::Pointer target = allocateOnHost(*device, bytes);
  device->copy(target, pointer, bytes);
  device->free(pointer);
  pointer = target;
  onHost = true;
}

namespace {
/// Device memory, or a part of it.
class GPUBuffer : public Buffer {
public:
  GPUBuffer(std::shared_ptr<DeviceMemory> owner, size_t offset,
            ArrayRef<int64_t> shape, ElementType type, bool isSlice)
      : owner(std::move(owner)), offset(offset), shape(shape), type(type),
        isSlice(isSlice) {}

  ArrayRef<int64_t> getShape() const override { return shape; }
  ElementType getElementType() const override { return type; }
  cuda::Pointer getPointer() const { return owner->pointer + offset; }
  bool isSliceOnHost() const { return isSlice && owner->onHost; }
  void moveToHost() override { owner->moveToHost(); }

  void write(const HostTensor &source) override {
    if (source.getShape() != getShape() || source.getElementType() != type)
      llvm::report_fatal_error("tensor does not fit into the buffer");
    owner->device->write(getPointer(), source.data(), source.getNumBytes());
  }

  HostTensor read() const override {
    HostTensor tensor(shape, type);
    owner->device->read(tensor.data(), getPointer(), tensor.getNumBytes());
    return tensor;
  }

  BufferRef slice(int64_t first, int64_t count) override {
    if (shape.empty() || first < 0 || count < 0 || first > shape[0] - count)
      llvm::report_fatal_error("slice lies outside of the buffer");
    int64_t stride = getByteSize(type);
    for (int64_t size : ArrayRef(shape).drop_front())
      stride *= size;
    SmallVector<int64_t> sliced(shape);
    sliced[0] = count;
    return std::make_shared<GPUBuffer>(owner, offset + first * stride, sliced,
                                       type, /*isSlice=*/true);
  }

private:
  std::shared_ptr<DeviceMemory> owner;
  size_t offset;
  SmallVector<int64_t> shape;
  ElementType type;
  bool isSlice;
};
} // namespace

static size_t getBytes(ArrayRef<int64_t> shape, ElementType type) {
  size_t bytes = getByteSize(type);
  for (int64_t size : shape)
    bytes *= size;
  return bytes;
}

BufferRef mlir::pdq::allocateDeviceBuffer(const std::shared_ptr<Device> &device,
                                          ArrayRef<int64_t> shape,
                                          ElementType type, bool onHost) {
  auto memory =
      std::make_shared<DeviceMemory>(device, getBytes(shape, type), onHost);
  return std::make_shared<GPUBuffer>(std::move(memory), 0, shape, type,
                                     /*isSlice=*/false);
}

cuda::Pointer mlir::pdq::getDevicePointer(const BufferRef &buffer) {
  return static_cast<GPUBuffer &>(*buffer).getPointer();
}

AlignedBuffers::AlignedBuffers(const std::shared_ptr<Device> &device,
                               ArrayRef<BufferRef> arguments,
                               ArrayRef<BufferRef> results,
                               unsigned alignment) {
  for (const BufferRef &buffer :
       llvm::concat<const BufferRef>(arguments, results)) {
    cuda::Pointer pointer = getDevicePointer(buffer);
    bool isSliceOnHost = static_cast<GPUBuffer &>(*buffer).isSliceOnHost();
    if (pointer % alignment == 0 && !isSliceOnHost) {
      pointers.push_back(pointer);
      continue;
    }
    size_t bytes = getBytes(buffer->getShape(), buffer->getElementType());
    auto memory = std::make_unique<DeviceMemory>(device, bytes);
    device->copy(memory->pointer, pointer, bytes);
    pointers.push_back(memory->pointer);
    copies.push_back({std::move(memory), pointer});
  }
}

AlignedBuffers::~AlignedBuffers() {
  for (Copy &copy : copies)
    copy.memory->device->copy(copy.original, copy.memory->pointer,
                              copy.memory->bytes);
}
