// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of the CUDA driver API that the simulated device exports, with the
// official signatures, symbol names and values, so that no CUDA header is
// needed to build or to test it.

#ifndef PDQ_SIMULATED_GPU_CUDADRIVER_H
#define PDQ_SIMULATED_GPU_CUDADRIVER_H

#include <cstddef>
#include <cstdint>

extern "C" {

enum CUresult : int {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_INVALID_DEVICE = 101,
  CUDA_ERROR_INVALID_IMAGE = 200,
  CUDA_ERROR_INVALID_CONTEXT = 201,
  CUDA_ERROR_INVALID_HANDLE = 400,
  CUDA_ERROR_NOT_FOUND = 500,
  CUDA_ERROR_NOT_READY = 600,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES = 701,
  CUDA_ERROR_LAUNCH_TIMEOUT = 702,
  CUDA_ERROR_ASSERT = 710,
  CUDA_ERROR_ILLEGAL_INSTRUCTION = 715,
  CUDA_ERROR_MISALIGNED_ADDRESS = 716,
  CUDA_ERROR_LAUNCH_FAILED = 719,
  CUDA_ERROR_NOT_SUPPORTED = 801,
  CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900,
  CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901,
  CUDA_ERROR_STREAM_CAPTURE_IMPLICIT = 906,
  CUDA_ERROR_CAPTURED_EVENT = 907,
  CUDA_ERROR_UNKNOWN = 999
};

enum CUdevice_attribute : int {
  CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 1,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X = 2,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y = 3,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z = 4,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X = 5,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y = 6,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z = 7,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK = 8,
  CU_DEVICE_ATTRIBUTE_WARP_SIZE = 10,
  CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK = 12,
  CU_DEVICE_ATTRIBUTE_CLOCK_RATE = 13,
  CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
  CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE = 38,
  CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR = 39,
  CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING = 41,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR = 81,
  CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR = 82,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR = 106
};

enum CUfunction_attribute : int {
  CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 0,
  CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES = 1,
  CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES = 2,
  CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES = 3,
  CU_FUNC_ATTRIBUTE_NUM_REGS = 4,
  CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
  CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT = 9
};

enum CUstreamCaptureMode : int {
  CU_STREAM_CAPTURE_MODE_GLOBAL = 0,
  CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1,
  CU_STREAM_CAPTURE_MODE_RELAXED = 2
};

enum CUstreamCaptureStatus : int {
  CU_STREAM_CAPTURE_STATUS_NONE = 0,
  CU_STREAM_CAPTURE_STATUS_ACTIVE = 1,
  CU_STREAM_CAPTURE_STATUS_INVALIDATED = 2
};

enum : unsigned {
  CU_STREAM_DEFAULT = 0,
  CU_STREAM_NON_BLOCKING = 1,
  CU_EVENT_DEFAULT = 0,
  CU_EVENT_BLOCKING_SYNC = 1,
  CU_EVENT_DISABLE_TIMING = 2
};

using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx *;
using CUmodule = struct CUmod *;
using CUfunction = struct CUfunc *;
using CUstream = struct CUstr *;
using CUevent = struct CUev *;
using CUgraph = struct CUgr *;
using CUgraphNode = struct CUgrNode *;
using CUgraphExec = struct CUgrExec *;
enum CUjit_option : int { CU_JIT_MAX_REGISTERS = 0 };

#define PDQ_DRIVER_API __attribute__((visibility("default")))
// The symbol of a function that exists in a second version.
#define PDQ_DRIVER_API_AS(symbol) __asm__(symbol) PDQ_DRIVER_API

PDQ_DRIVER_API CUresult cuInit(unsigned flags);
PDQ_DRIVER_API CUresult cuDriverGetVersion(int *version);
PDQ_DRIVER_API CUresult cuGetErrorName(CUresult error, const char **text);
PDQ_DRIVER_API CUresult cuGetErrorString(CUresult error, const char **text);
/// Text of this thread's last failed call: what was wrong and where. Valid
/// until the thread's next failed call. Not part of CUDA.
PDQ_DRIVER_API const char *pdqSimLastMessage();
/// What the device has done since its context was reset: bytes that are
/// allocated, the most there were, and kernels that ran. Not part of CUDA.
PDQ_DRIVER_API CUresult pdqSimGetStatistics(size_t *usedBytes,
                                            size_t *peakBytes,
                                            size_t *numLaunches);

PDQ_DRIVER_API CUresult cuDeviceGetCount(int *count);
PDQ_DRIVER_API CUresult cuDeviceGet(CUdevice *device, int ordinal);
PDQ_DRIVER_API CUresult cuDeviceGetName(char *name, int length,
                                        CUdevice device);
CUresult cuDeviceTotalMem(size_t *bytes, CUdevice device)
    PDQ_DRIVER_API_AS("cuDeviceTotalMem_v2");
PDQ_DRIVER_API CUresult cuDeviceGetAttribute(int *value,
                                             CUdevice_attribute attribute,
                                             CUdevice device);

PDQ_DRIVER_API CUresult cuDevicePrimaryCtxRetain(CUcontext *context,
                                                 CUdevice device);
CUresult cuDevicePrimaryCtxRelease(CUdevice device)
    PDQ_DRIVER_API_AS("cuDevicePrimaryCtxRelease_v2");
CUresult cuDevicePrimaryCtxReset(CUdevice device)
    PDQ_DRIVER_API_AS("cuDevicePrimaryCtxReset_v2");
PDQ_DRIVER_API CUresult cuCtxSetCurrent(CUcontext context);
PDQ_DRIVER_API CUresult cuCtxGetCurrent(CUcontext *context);
PDQ_DRIVER_API CUresult cuCtxSynchronize();

PDQ_DRIVER_API CUresult cuModuleLoadData(CUmodule *module, const void *image);
PDQ_DRIVER_API CUresult cuModuleLoadDataEx(CUmodule *module, const void *image,
                                           unsigned numOptions,
                                           CUjit_option *options,
                                           void **values);
PDQ_DRIVER_API CUresult cuModuleUnload(CUmodule module);
PDQ_DRIVER_API CUresult cuModuleGetFunction(CUfunction *function,
                                            CUmodule module, const char *name);
PDQ_DRIVER_API CUresult cuFuncGetAttribute(int *value,
                                           CUfunction_attribute attribute,
                                           CUfunction function);
PDQ_DRIVER_API CUresult cuFuncSetAttribute(CUfunction function,
                                           CUfunction_attribute attribute,
                                           int value);
PDQ_DRIVER_API CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(
    int *numBlocks, CUfunction function, int blockSize, size_t dynamicShared);
PDQ_DRIVER_API CUresult cuLaunchKernel(CUfunction function, unsigned gridX,
                                       unsigned gridY, unsigned gridZ,
                                       unsigned blockX, unsigned blockY,
                                       unsigned blockZ, unsigned sharedBytes,
                                       CUstream stream, void **parameters,
                                       void **extra);

CUresult cuMemGetInfo(size_t *free, size_t *total)
    PDQ_DRIVER_API_AS("cuMemGetInfo_v2");
CUresult cuMemAlloc(CUdeviceptr *pointer, size_t bytes)
    PDQ_DRIVER_API_AS("cuMemAlloc_v2");
CUresult cuMemFree(CUdeviceptr pointer) PDQ_DRIVER_API_AS("cuMemFree_v2");
CUresult cuMemAllocHost(void **pointer, size_t bytes)
    PDQ_DRIVER_API_AS("cuMemAllocHost_v2");
PDQ_DRIVER_API CUresult cuMemFreeHost(void *pointer);
PDQ_DRIVER_API CUresult cuMemHostAlloc(void **pointer, size_t bytes,
                                       unsigned flags);
CUresult cuMemHostGetDevicePointer(CUdeviceptr *address, void *pointer,
                                   unsigned flags)
    PDQ_DRIVER_API_AS("cuMemHostGetDevicePointer_v2");
CUresult cuMemcpyHtoD(CUdeviceptr destination, const void *source, size_t bytes)
    PDQ_DRIVER_API_AS("cuMemcpyHtoD_v2");
CUresult cuMemcpyDtoH(void *destination, CUdeviceptr source, size_t bytes)
    PDQ_DRIVER_API_AS("cuMemcpyDtoH_v2");
CUresult cuMemcpyDtoD(CUdeviceptr destination, CUdeviceptr source, size_t bytes)
    PDQ_DRIVER_API_AS("cuMemcpyDtoD_v2");
CUresult cuMemcpyHtoDAsync(CUdeviceptr destination, const void *source,
                           size_t bytes, CUstream stream)
    PDQ_DRIVER_API_AS("cuMemcpyHtoDAsync_v2");
CUresult cuMemcpyDtoHAsync(void *destination, CUdeviceptr source, size_t bytes,
                           CUstream stream)
    PDQ_DRIVER_API_AS("cuMemcpyDtoHAsync_v2");
CUresult cuMemcpyDtoDAsync(CUdeviceptr destination, CUdeviceptr source,
                           size_t bytes, CUstream stream)
    PDQ_DRIVER_API_AS("cuMemcpyDtoDAsync_v2");
PDQ_DRIVER_API CUresult cuMemsetD8Async(CUdeviceptr destination,
                                        unsigned char value, size_t count,
                                        CUstream stream);
PDQ_DRIVER_API CUresult cuMemsetD32Async(CUdeviceptr destination,
                                         unsigned value, size_t count,
                                         CUstream stream);

PDQ_DRIVER_API CUresult cuStreamCreate(CUstream *stream, unsigned flags);
CUresult cuStreamDestroy(CUstream stream)
    PDQ_DRIVER_API_AS("cuStreamDestroy_v2");
PDQ_DRIVER_API CUresult cuStreamSynchronize(CUstream stream);
PDQ_DRIVER_API CUresult cuStreamQuery(CUstream stream);
PDQ_DRIVER_API CUresult cuStreamWaitEvent(CUstream stream, CUevent event,
                                          unsigned flags);
CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode)
    PDQ_DRIVER_API_AS("cuStreamBeginCapture_v2");
PDQ_DRIVER_API CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph);
PDQ_DRIVER_API CUresult cuStreamIsCapturing(CUstream stream,
                                            CUstreamCaptureStatus *status);

PDQ_DRIVER_API CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes,
                                        size_t *numNodes);
PDQ_DRIVER_API CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec,
                                                    CUgraph graph,
                                                    unsigned long long flags);
PDQ_DRIVER_API CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream);
PDQ_DRIVER_API CUresult cuGraphExecDestroy(CUgraphExec exec);
PDQ_DRIVER_API CUresult cuGraphDestroy(CUgraph graph);

PDQ_DRIVER_API CUresult cuEventCreate(CUevent *event, unsigned flags);
CUresult cuEventDestroy(CUevent event) PDQ_DRIVER_API_AS("cuEventDestroy_v2");
PDQ_DRIVER_API CUresult cuEventRecord(CUevent event, CUstream stream);
PDQ_DRIVER_API CUresult cuEventQuery(CUevent event);
PDQ_DRIVER_API CUresult cuEventSynchronize(CUevent event);
PDQ_DRIVER_API CUresult cuEventElapsedTime(float *milliseconds, CUevent start,
                                           CUevent end);
}

#endif // PDQ_SIMULATED_GPU_CUDADRIVER_H
