// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entry points for modules, kernels and launches.

#include "Driver.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace llvm;
using namespace pdq::sim;

static Status loadModule(CUmodule *result, const void *image) {
  Status status = checkNotNull(result, "module");
  if (!status.failed())
    status = checkNotNull(image, "image");
  std::unique_ptr<DeviceModule> module;
  if (!status.failed())
    status = DeviceModule::load(image, module);
  if (status.failed())
    return status;
  module->forEachKernel(
      [](Kernel &kernel) { context.functions.insert(&kernel); });
  *result = reinterpret_cast<CUmodule>(context.modules.add(std::move(module)));
  return Status::success();
}

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  return enter("cuModuleLoadData", Needs::Context,
               [&] { return loadModule(module, image); });
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned,
                            CUjit_option *, void **) {
  return enter("cuModuleLoadDataEx", Needs::Context,
               [&] { return loadModule(module, image); });
}

CUresult cuModuleUnload(CUmodule handle) {
  return enter("cuModuleUnload", Needs::Context, [&] {
    DeviceModule *module = nullptr;
    Status status = resolve(context.modules, handle, "module", module);
    if (status.failed())
      return status;
    module->forEachKernel(
        [](Kernel &kernel) { context.functions.erase(&kernel); });
    context.modules.remove(handle);
    return status;
  });
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule handle,
                             const char *name) {
  return enter("cuModuleGetFunction", Needs::Context, [&] {
    DeviceModule *module = nullptr;
    Status status = resolve(context.modules, handle, "module", module);
    if (!status.failed())
      status = checkNotNull(function, "function");
    if (!status.failed())
      status = checkNotNull(name, "name");
    if (status.failed())
      return status;
    Kernel *kernel = module->find(name);
    if (!kernel)
      return Status::error(CUDA_ERROR_NOT_FOUND, "no kernel '" + Twine(name) +
                                                     "', the module has " +
                                                     module->listKernels());
    *function = reinterpret_cast<CUfunction>(kernel);
    return status;
  });
}

static Status resolveFunction(CUfunction handle, Kernel *&kernel) {
  kernel = reinterpret_cast<Kernel *>(handle);
  if (context.functions.count(kernel))
    return Status::success();
  return Status::error(CUDA_ERROR_INVALID_HANDLE,
                       "not a function, or one of an unloaded module");
}

static bool getAttribute(const Kernel &kernel, CUfunction_attribute attribute,
                         int &value) {
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    value = std::min(kernel.maxThreads, kMaxThreadsPerBlock);
    return true;
  case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
    value = kernel.shared->staticBytes;
    return true;
  case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
    value = kernel.localBytes;
    return true;
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    value = kernel.maxDynamicSharedBytes;
    return true;
  case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
  case CU_FUNC_ATTRIBUTE_NUM_REGS:
    value = 0; // there are no registers here
    return true;
  case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    value = -1;
    return true;
  }
  return false;
}

CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute,
                            CUfunction function) {
  return enter("cuFuncGetAttribute", Needs::Context, [&] {
    Kernel *kernel = nullptr;
    Status status = resolveFunction(function, kernel);
    if (!status.failed())
      status = checkNotNull(value, "value");
    if (!status.failed() && !getAttribute(*kernel, attribute, *value))
      status = Status::error(CUDA_ERROR_INVALID_VALUE,
                             "the simulated device has no function attribute " +
                                 Twine(static_cast<int>(attribute)));
    return status;
  });
}

static Status setMaxDynamicShared(Kernel &kernel, int value) {
  int64_t most =
      int64_t(context.chip->optInSharedBytes) - kernel.shared->staticBytes;
  if (value < 0 || value > most)
    return Status::error(CUDA_ERROR_INVALID_VALUE,
                         "kernel '" + kernel.name + "': " + Twine(value) +
                             " bytes of dynamic shared memory, " +
                             context.chip->name + " allows " + Twine(most));
  kernel.maxDynamicSharedBytes = value;
  return Status::success();
}

CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute,
                            int value) {
  return enter("cuFuncSetAttribute", Needs::Context, [&] {
    Kernel *kernel = nullptr;
    if (Status status = resolveFunction(function, kernel); status.failed())
      return status;
    if (attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
      return setMaxDynamicShared(*kernel, value);
    if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT)
      return Status::success();
    return Status::error(CUDA_ERROR_INVALID_VALUE,
                         "function attribute " +
                             Twine(static_cast<int>(attribute)) +
                             " cannot be set");
  });
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *numBlocks,
                                                     CUfunction function,
                                                     int blockSize,
                                                     size_t dynamicShared) {
  return enter(
      "cuOccupancyMaxActiveBlocksPerMultiprocessor", Needs::Context, [&] {
        Kernel *kernel = nullptr;
        Status status = resolveFunction(function, kernel);
        if (!status.failed())
          status = checkNotNull(numBlocks, "numBlocks");
        if (!status.failed() &&
            (blockSize <= 0 || blockSize > int(kMaxThreadsPerBlock)))
          status = Status::error(CUDA_ERROR_INVALID_VALUE,
                                 "a block of " + Twine(blockSize) + " threads");
        if (status.failed())
          return status;
        // Registers are not known; threads and shared memory limit. The system
        // keeps 1 KiB of shared memory a block.
        const Chip &chip = *context.chip;
        size_t shared = dynamicShared + kernel->shared->staticBytes + 1024;
        size_t threads = alignTo(blockSize, kWarpSize);
        size_t blocks =
            std::min<size_t>(chip.threadsPerMultiprocessor / threads,
                             chip.multiprocessorSharedBytes / shared);
        *numBlocks = std::min<size_t>(blocks, chip.blocksPerMultiprocessor);
        return status;
      });
}

static Status checkParameters(const Kernel &kernel, void **parameters,
                              void **extra) {
  if (extra)
    return Status::error(CUDA_ERROR_NOT_SUPPORTED,
                         "arguments must come as kernelParams, not as extra");
  for (size_t i = 0; i < kernel.parameters.size(); ++i)
    if (!parameters || !parameters[i])
      return Status::error(CUDA_ERROR_INVALID_VALUE,
                           "kernel '" + kernel.name + "' has " +
                               Twine(kernel.parameters.size()) +
                               " arguments, argument " + Twine(i) +
                               " is missing");
  return Status::success();
}

CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY,
                        unsigned gridZ, unsigned blockX, unsigned blockY,
                        unsigned blockZ, unsigned sharedBytes, CUstream handle,
                        void **parameters, void **extra) {
  return enter("cuLaunchKernel", Needs::Context, [&] {
    Kernel *kernel = nullptr;
    Stream *stream = nullptr;
    Status status = resolveFunction(function, kernel);
    if (!status.failed())
      status = resolveStream(handle, stream);
    if (!status.failed())
      status = checkParameters(*kernel, parameters, extra);
    if (status.failed())
      return status;
    LaunchShape shape{
        {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes};
    return stream->enqueue(
        std::make_shared<KernelNode>(*kernel, shape, parameters));
  });
}
