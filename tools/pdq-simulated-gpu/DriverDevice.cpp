// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entry points for the driver, the device and its primary context.

#include "Driver.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace llvm;
using namespace pdq::sim;

static thread_local bool isContextCurrent = false;

static CUcontext getPrimaryContext() {
  return reinterpret_cast<CUcontext>(&context);
}

static Status checkDevice(CUdevice device) {
  if (device == 0)
    return Status::success();
  return Status::error(CUDA_ERROR_INVALID_DEVICE,
                       "device " + Twine(device) + ", but there is only 0");
}

CUresult cuInit(unsigned flags) {
  return enter("cuInit", Needs::Nothing, [&] {
    if (flags != 0)
      return Status::error(CUDA_ERROR_INVALID_VALUE, "flags must be 0");
    if (context.isInitialized)
      return Status::success();
    const char *chip = getenv("PDQ_SIM_CHIP");
    Status status = findChip(chip ? chip : "sm_90", context.chip);
    if (!status.failed())
      status = context.memory.initialize();
    context.isInitialized = !status.failed();
    return status;
  });
}

CUresult cuDriverGetVersion(int *version) {
  return enter("cuDriverGetVersion", Needs::Nothing, [&] {
    Status status = checkNotNull(version, "version");
    if (!status.failed())
      *version = 12080;
    return status;
  });
}

CUresult cuDeviceGetCount(int *count) {
  return enter("cuDeviceGetCount", Needs::Driver, [&] {
    Status status = checkNotNull(count, "count");
    if (!status.failed())
      *count = 1;
    return status;
  });
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  return enter("cuDeviceGet", Needs::Driver, [&] {
    Status status = checkNotNull(device, "device");
    if (!status.failed())
      status = checkDevice(ordinal);
    if (!status.failed())
      *device = 0;
    return status;
  });
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  return enter("cuDeviceGetName", Needs::Driver, [&] {
    Status status = checkNotNull(name, "name");
    if (!status.failed())
      status = checkDevice(device);
    if (!status.failed() && length <= 0)
      status =
          Status::error(CUDA_ERROR_INVALID_VALUE, "length is " + Twine(length));
    if (!status.failed())
      snprintf(name, length, "pdq simulated device");
    return status;
  });
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice device) {
  return enter("cuDeviceTotalMem", Needs::Driver, [&] {
    Status status = checkNotNull(bytes, "bytes");
    if (!status.failed())
      status = checkDevice(device);
    if (!status.failed())
      *bytes = context.memory.getTotalBytes();
    return status;
  });
}

/// False for an attribute that is not kept.
static bool getAttribute(CUdevice_attribute attribute, int &value) {
  const Chip &chip = *context.chip;
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y:
    value = kMaxThreadsPerBlock;
    return true;
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z:
    value = 64;
    return true;
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X:
    value = 0x7fffffff;
    return true;
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z:
    value = 65535;
    return true;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
    value = kDefaultSharedBytes;
    return true;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
    value = chip.optInSharedBytes;
    return true;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
    value = chip.multiprocessorSharedBytes;
    return true;
  case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
    value = kWarpSize;
    return true;
  case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
  case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR:
    value = 65536;
    return true;
  case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
    value = 1000000;
    return true;
  case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
    value = chip.multiprocessors;
    return true;
  case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE:
    value = 32 << 20;
    return true;
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR:
    value = chip.threadsPerMultiprocessor;
    return true;
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR:
    value = chip.blocksPerMultiprocessor;
    return true;
  case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
    value = 1;
    return true;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
    value = chip.major;
    return true;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
    value = chip.minor;
    return true;
  }
  return false;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                              CUdevice device) {
  return enter("cuDeviceGetAttribute", Needs::Driver, [&] {
    Status status = checkNotNull(value, "value");
    if (!status.failed())
      status = checkDevice(device);
    if (!status.failed() && !getAttribute(attribute, *value))
      status = Status::error(CUDA_ERROR_INVALID_VALUE,
                             "the simulated device has no attribute " +
                                 Twine(static_cast<int>(attribute)));
    return status;
  });
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *result, CUdevice device) {
  return enter("cuDevicePrimaryCtxRetain", Needs::Driver, [&] {
    Status status = checkNotNull(result, "context");
    if (!status.failed())
      status = checkDevice(device);
    if (!status.failed()) {
      ++context.retained;
      *result = getPrimaryContext();
    }
    return status;
  });
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
  return enter("cuDevicePrimaryCtxRelease", Needs::Driver, [&] {
    Status status = checkDevice(device);
    if (!status.failed() && !context.retained)
      status = Status::error(CUDA_ERROR_INVALID_CONTEXT,
                             "the primary context is not retained");
    if (!status.failed() && --context.retained == 0)
      context.reset();
    return status;
  });
}

CUresult cuDevicePrimaryCtxReset(CUdevice device) {
  return enter("cuDevicePrimaryCtxReset", Needs::Driver, [&] {
    Status status = checkDevice(device);
    if (!status.failed())
      context.reset();
    return status;
  });
}

CUresult cuCtxSetCurrent(CUcontext handle) {
  return enter("cuCtxSetCurrent", Needs::Driver, [&] {
    if (handle && handle != getPrimaryContext())
      return Status::error(CUDA_ERROR_INVALID_CONTEXT,
                           "only the primary context exists");
    isContextCurrent = handle != nullptr;
    return Status::success();
  });
}

CUresult cuCtxGetCurrent(CUcontext *result) {
  return enter("cuCtxGetCurrent", Needs::Driver, [&] {
    Status status = checkNotNull(result, "context");
    if (!status.failed())
      *result = isContextCurrent ? getPrimaryContext() : nullptr;
    return status;
  });
}

CUresult cuCtxSynchronize() {
  return enter("cuCtxSynchronize", Needs::Context,
               [&] { return checkNoCapture("the context cannot wait"); });
}
