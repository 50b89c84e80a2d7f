// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loaded module: device code as LLVM IR, lowered to the host and compiled.

#ifndef PDQ_SIMULATED_GPU_DEVICEMODULE_H
#define PDQ_SIMULATED_GPU_DEVICEMODULE_H

#include "Status.h"
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace pdq::sim {

struct Parameter {
  uint32_t bytes = 0;
  bool isPointer = false;
};

/// A variable in shared memory. All kernels of a module share one layout.
struct SharedSymbol {
  std::string name;
  /// Offset from the begin of the shared window.
  uint32_t offset = 0;
  uint32_t bytes = 0;
};

struct SharedLayout {
  std::vector<SharedSymbol> symbols;
  /// Static bytes on the device, where variables follow each other closely.
  uint32_t staticBytes = 0;
  /// Offset of dynamic shared memory, and the end of the static variables here,
  /// where guards lie between them.
  uint32_t dynamicOffset = 0;
};

struct Kernel {
  std::string name;
  std::vector<Parameter> parameters;
  void (*entry)(void **parameters) = nullptr;
  std::shared_ptr<const SharedLayout> shared;
  /// Block extents that the code was compiled for; 0: any.
  uint32_t requiredBlock[3] = {0, 0, 0};
  uint32_t maxThreads = 0;
  uint32_t localBytes = 0;
  /// What cuFuncSetAttribute allowed.
  uint32_t maxDynamicSharedBytes = 0;
};

class DeviceModule {
public:
  static Status load(const void *image, std::unique_ptr<DeviceModule> &module);
  ~DeviceModule();

  Kernel *find(const std::string &name);
  std::string listKernels() const;
  template <typename F> void forEachKernel(F &&visit) {
    for (auto &entry : kernels)
      visit(entry.second);
  }
  const std::vector<std::pair<uint64_t, uint64_t>> &getVariables() const {
    return variables;
  }

private:
  friend class ModuleLoader;
  DeviceModule();
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::map<std::string, Kernel> kernels;
  /// Module variables that code may read, as [begin, end).
  std::vector<std::pair<uint64_t, uint64_t>> variables;
};

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_DEVICEMODULE_H
