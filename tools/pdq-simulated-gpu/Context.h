// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one device of the process and what lives on it.

#ifndef PDQ_SIMULATED_GPU_CONTEXT_H
#define PDQ_SIMULATED_GPU_CONTEXT_H

#include "Chip.h"
#include "DeviceMemory.h"
#include "DeviceModule.h"
#include "Stream.h"
#include <mutex>
#include <set>

namespace pdq::sim {

/// Objects that the API knows by handle. A handle is the object's address.
template <typename T> class Registry {
public:
  T *add(std::unique_ptr<T> object) {
    T *handle = object.get();
    objects[handle] = std::move(object);
    return handle;
  }
  /// Null for what is not, or no longer, a handle.
  T *find(const void *handle) const {
    auto it = objects.find(static_cast<const T *>(handle));
    return it == objects.end() ? nullptr : it->second.get();
  }
  bool remove(const void *handle) {
    return objects.erase(static_cast<const T *>(handle)) != 0;
  }
  void clear() { objects.clear(); }
  const std::map<const T *, std::unique_ptr<T>> &getAll() const {
    return objects;
  }

private:
  std::map<const T *, std::unique_ptr<T>> objects;
};

struct Context {
  std::recursive_mutex mutex;
  bool isInitialized = false;
  unsigned retained = 0;
  const Chip *chip = nullptr;
  DeviceMemory memory;
  Registry<DeviceModule> modules;
  Registry<Stream> streams;
  Registry<Event> events;
  Registry<Graph> graphs;
  Registry<GraphExec> execs;
  std::set<const Kernel *> functions;
  Stream defaultStream;
  size_t numLaunches = 0;
  /// A fault in device code breaks the context: every later call answers it,
  /// until the context is reset.
  Status fault = Status::success();

  void reset();
};

extern Context context;

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_CONTEXT_H
