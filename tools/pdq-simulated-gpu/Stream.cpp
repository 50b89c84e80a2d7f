// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checking and running of device work, at once or from a graph.

#include "Stream.h"
#include "Context.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <cstring>

using namespace llvm;

namespace pdq::sim {

static Status refuse(const Twine &message) {
  return Status::error(CUDA_ERROR_INVALID_VALUE, message);
}

static std::string print(const Extents &extents) {
  return "(" + utostr(extents[0]) + ", " + utostr(extents[1]) + ", " +
         utostr(extents[2]) + ")";
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

KernelNode::KernelNode(const Kernel &kernel, const LaunchShape &shape,
                       void **parameters)
    : kernel(kernel), shape(shape) {
  for (size_t i = 0; i < kernel.parameters.size(); ++i) {
    const char *value = static_cast<const char *>(parameters[i]);
    values.emplace_back(value, value + kernel.parameters[i].bytes);
  }
}

static Status checkExtents(const Kernel &kernel, const LaunchShape &shape) {
  static constexpr Extents kMaxGrid = {0x7fffffff, 65535, 65535};
  static constexpr Extents kMaxBlock = {1024, 1024, 64};
  uint64_t threads = 1;
  for (unsigned i = 0; i < 3; ++i) {
    threads *= shape.block[i];
    if (shape.grid[i] == 0 || shape.grid[i] > kMaxGrid[i])
      return refuse("the grid is " + print(shape.grid) +
                    ", each extent must be at least 1 and at most " +
                    print(kMaxGrid));
    if (shape.block[i] == 0 || shape.block[i] > kMaxBlock[i])
      return refuse("the block is " + print(shape.block) +
                    ", each extent must be at least 1 and at most " +
                    print(kMaxBlock));
    uint32_t required = kernel.requiredBlock[i];
    if (required != 0 && shape.block[i] != required)
      return refuse("the block is " + print(shape.block) +
                    ", but the code is compiled for " +
                    print({kernel.requiredBlock[0], kernel.requiredBlock[1],
                           kernel.requiredBlock[2]}));
  }
  uint64_t most = std::min(kernel.maxThreads, kMaxThreadsPerBlock);
  if (threads > most)
    return refuse("the block " + print(shape.block) + " has " + Twine(threads) +
                  " threads, at most " + Twine(most) + " are possible");
  return Status::success();
}

static Status checkShared(const Kernel &kernel, const LaunchShape &shape) {
  uint32_t dynamic = shape.dynamicSharedBytes;
  uint32_t statics = kernel.shared->staticBytes;
  if (uint64_t(dynamic) + statics > context.chip->optInSharedBytes)
    return refuse(Twine(dynamic) + " bytes of dynamic and " + Twine(statics) +
                  " of static shared memory are more than the " +
                  Twine(context.chip->optInSharedBytes) + " of " +
                  context.chip->name);
  if (dynamic > kernel.maxDynamicSharedBytes)
    return refuse(Twine(dynamic) + " bytes of dynamic shared memory, but " +
                  Twine(kernel.maxDynamicSharedBytes) +
                  " are allowed; cuFuncSetAttribute allows more");
  if (uint64_t(kernel.shared->dynamicOffset) + dynamic > kSharedWindow)
    return refuse(Twine(dynamic) + " bytes of dynamic shared memory do not "
                                   "fit the simulated window");
  return Status::success();
}

Status KernelNode::check() const {
  if (!context.functions.count(&kernel))
    return Status::error(CUDA_ERROR_INVALID_HANDLE,
                         "the module of the kernel was unloaded");
  Status status = checkExtents(kernel, shape);
  if (!status.failed())
    status = checkShared(kernel, shape);
  for (size_t i = 0; i < values.size() && !status.failed(); ++i) {
    if (!kernel.parameters[i].isPointer)
      continue;
    uint64_t pointer;
    memcpy(&pointer, values[i].data(), sizeof(pointer));
    status = context.memory.checkRange(pointer, 1, "argument " + Twine(i));
  }
  if (!status.failed())
    return status;
  return Status::error(status.getCode(),
                       "kernel '" + kernel.name + "': " + status.getMessage());
}

Status KernelNode::run() const {
  std::vector<void *> parameters;
  for (const std::vector<char> &value : values)
    parameters.push_back(const_cast<char *>(value.data()));
  ++context.numLaunches;
  return block.launch(kernel, shape, parameters.data());
}

//===----------------------------------------------------------------------===//
// Copies and fills
//===----------------------------------------------------------------------===//

static Status checkSide(uint64_t address, bool isOnDevice, size_t bytes,
                        const char *what) {
  if (isOnDevice)
    return context.memory.checkRange(address, bytes, what);
  if (address == 0 && bytes != 0)
    return refuse(Twine(what) + " in host memory is null");
  if (context.memory.contains(address))
    return refuse(Twine(what) + " should be host memory, but is " +
                  context.memory.describe(address));
  return Status::success();
}

Status CopyNode::check() const {
  if (bytes == 0)
    return Status::success();
  Status status =
      checkSide(destination, isDestinationOnDevice, bytes, "the destination");
  if (!status.failed())
    status = checkSide(source, isSourceOnDevice, bytes, "the source");
  return status;
}

Status CopyNode::run() const {
  memmove(reinterpret_cast<void *>(destination),
          reinterpret_cast<const void *>(source), bytes);
  return Status::success();
}

Status FillNode::check() const {
  if (destination % elementBytes != 0)
    return refuse("the destination is not a multiple of " +
                  Twine(elementBytes));
  if (count == 0)
    return Status::success();
  return context.memory.checkRange(destination, count * elementBytes,
                                   "the destination");
}

Status FillNode::run() const {
  if (elementBytes == 1)
    memset(reinterpret_cast<void *>(destination), value, count);
  else
    std::fill_n(reinterpret_cast<uint32_t *>(destination), count, value);
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Streams and graphs
//===----------------------------------------------------------------------===//

Status GraphNode::check() const { return Status::success(); }

Status GraphNode::run() const {
  for (auto [index, node] : enumerate(graph.nodes)) {
    Status status = node->check();
    if (!status.failed())
      status = node->run();
    if (status.failed())
      return Status::error(status.getCode(),
                           "node " + Twine(index) +
                               " of the graph: " + status.getMessage());
  }
  return Status::success();
}

/// Work on the default stream waits for the other streams, which cannot be
/// recorded.
static Status checkImplicit(const Stream &stream) {
  if (&stream != &context.defaultStream)
    return Status::success();
  for (const auto &entry : context.streams.getAll()) {
    Stream &other = *entry.second;
    if (other.capture != Stream::Capture::Active || !other.isBlocking)
      continue;
    other.capture = Stream::Capture::Invalidated;
    return Status::error(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
                         "work on the default stream would wait for a stream "
                         "that captures");
  }
  return Status::success();
}

Status Stream::enqueue(std::shared_ptr<const Node> node) {
  if (capture == Capture::Invalidated)
    return Status::error(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
                         "an earlier call made the capture invalid");
  if (Status status = checkImplicit(*this); status.failed())
    return status;
  if (Status status = node->check(); status.failed())
    return status;
  if (capture == Capture::Active) {
    graph.nodes.push_back(std::move(node));
    return Status::success();
  }
  DeviceWork work(context.memory);
  return node->run();
}

} // namespace pdq::sim
