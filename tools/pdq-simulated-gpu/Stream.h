// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Streams, events and graphs. Work runs when it is enqueued; a stream that
// captures records it as nodes of a graph instead.

#ifndef PDQ_SIMULATED_GPU_STREAM_H
#define PDQ_SIMULATED_GPU_STREAM_H

#include "Block.h"
#include "DeviceModule.h"
#include "Status.h"
#include <chrono>
#include <memory>
#include <vector>

namespace pdq::sim {

/// One piece of device work. It keeps all that it needs, for replay.
class Node {
public:
  virtual ~Node() = default;
  /// What can be known before the work runs.
  virtual Status check() const = 0;
  virtual Status run() const = 0;
};

class KernelNode : public Node {
public:
  KernelNode(const Kernel &kernel, const LaunchShape &shape, void **parameters);
  Status check() const override;
  Status run() const override;

private:
  const Kernel &kernel;
  LaunchShape shape;
  /// Copies of the argument values.
  std::vector<std::vector<char>> values;
};

/// A copy of bytes between host and device or on the device.
class CopyNode : public Node {
public:
  CopyNode(uint64_t destination, bool isDestinationOnDevice, uint64_t source,
           bool isSourceOnDevice, size_t bytes)
      : destination(destination), source(source), bytes(bytes),
        isDestinationOnDevice(isDestinationOnDevice),
        isSourceOnDevice(isSourceOnDevice) {}
  Status check() const override;
  Status run() const override;

private:
  uint64_t destination, source;
  size_t bytes;
  bool isDestinationOnDevice, isSourceOnDevice;
};

class FillNode : public Node {
public:
  FillNode(uint64_t destination, uint32_t value, unsigned elementBytes,
           size_t count)
      : destination(destination), count(count), value(value),
        elementBytes(elementBytes) {}
  Status check() const override;
  Status run() const override;

private:
  uint64_t destination;
  size_t count;
  uint32_t value;
  unsigned elementBytes;
};

struct Graph {
  std::vector<std::shared_ptr<const Node>> nodes;
};

struct GraphExec {
  Graph graph;
};

/// Runs the nodes of a graph that was captured into another one.
class GraphNode : public Node {
public:
  explicit GraphNode(Graph graph) : graph(std::move(graph)) {}
  Status check() const override;
  Status run() const override;

private:
  Graph graph;
};

struct Stream {
  enum class Capture { None, Active, Invalidated };
  Capture capture = Capture::None;
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  Graph graph;
  bool isBlocking = true;

  /// Runs the node, or records it while the stream captures.
  Status enqueue(std::shared_ptr<const Node> node);
};

struct Event {
  bool hasTiming = true;
  bool isRecorded = false;
  /// The stream whose capture recorded it.
  const Stream *capturing = nullptr;
  std::chrono::steady_clock::time_point time;
};

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_STREAM_H
