// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opening a device, its memory, loading images.

#include "Device.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace mlir::pdq;

/// The name under which the simulated device introduces itself; it takes LLVM
/// IR where a device takes PTX.
static constexpr llvm::StringRef simulatedName = "pdq simulated device";

llvm::Expected<std::unique_ptr<Device>> Device::open(llvm::StringRef chip) {
  llvm::Expected<const cuda::Driver *> driver = cuda::Driver::load();
  if (!driver)
    return driver.takeError();
  std::unique_ptr<Device> device(new Device(**driver));
  if (llvm::Error error = device->initialize(chip))
    return std::move(error);
  return device;
}

int Device::getAttribute(cuda::Attribute attribute) const {
  int value = 0;
  check(driver.cuDeviceGetAttribute(&value, attribute, number),
        "cuDeviceGetAttribute");
  return value;
}

llvm::Error Device::initialize(llvm::StringRef wantedChip) {
  char text[256] = {};
  if (auto error = driver.check(driver.cuDeviceGet(&number, 0), "cuDeviceGet"))
    return error;
  check(driver.cuDeviceGetName(text, sizeof(text) - 1, number),
        "cuDeviceGetName");
  name = text;
  if (name == simulatedName)
    imageForm = ImageForm::LLVMIR;
  unsigned capability = getAttribute(cuda::ComputeCapabilityMajor) * 10 +
                        getAttribute(cuda::ComputeCapabilityMinor);
  if (capability < 80)
    return llvm::createStringError(
        "device '%s' has compute capability %u.%u, expected 8.0 or later", text,
        capability / 10, capability % 10);
  // Hopper's tensor cores are features of its own chip, not of the family.
  ownChip = "sm_" + std::to_string(capability) + (capability == 90 ? "a" : "");
  chip.name = wantedChip.empty() ? ownChip : wantedChip.str();
  if (auto error =
          driver.check(driver.cuDevicePrimaryCtxRetain(&context, number),
                       "cuDevicePrimaryCtxRetain"))
    return error;
  check(driver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
  check(driver.cuStreamCreate(&stream, /*flags=*/1), "cuStreamCreate");
  return llvm::Error::success();
}

Device::~Device() {
  if (!context)
    return;
  driver.cuStreamSynchronize(stream);
  for (cuda::Module module : modules)
    driver.cuModuleUnload(module);
  driver.cuStreamDestroy_v2(stream);
  driver.cuDevicePrimaryCtxRelease_v2(number);
}

void Device::check(cuda::Result result, const llvm::Twine &what) const {
  if (llvm::Error error = driver.check(result, what))
    llvm::report_fatal_error(llvm::Twine("device '") + name +
                                 "': " + toString(std::move(error)),
                             /*gen_crash_diag=*/false);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

cuda::Pointer Device::allocate(size_t bytes) {
  bytes = std::max<size_t>(bytes, 1);
  cuda::Pointer pointer = 0;
  check(driver.cuMemAlloc_v2(&pointer, bytes),
        "cuMemAlloc of " + llvm::Twine(bytes) + " bytes");
  check(driver.cuMemsetD8Async(pointer, 0, bytes, stream), "cuMemsetD8Async");
  return pointer;
}

void Device::free(cuda::Pointer pointer) {
  // Launches that use the memory may be under way.
  check(driver.cuStreamSynchronize(stream), "cuStreamSynchronize");
  check(driver.cuMemFree_v2(pointer), "cuMemFree");
}

cuda::Pointer Device::allocateOnHost(size_t bytes) {
  bytes = std::max<size_t>(bytes, 1);
  void *memory = nullptr;
  if (driver.cuMemHostAlloc(&memory, bytes,
                            cuda::HostPortable | cuda::HostDeviceMap))
    return 0;
  cuda::Pointer pointer = 0;
  check(driver.cuMemHostGetDevicePointer_v2(&pointer, memory, 0),
        "cuMemHostGetDevicePointer");
  check(driver.cuMemsetD8Async(pointer, 0, bytes, stream), "cuMemsetD8Async");
  mapped[pointer] = memory;
  return pointer;
}

void Device::freeOnHost(cuda::Pointer pointer) {
  check(driver.cuStreamSynchronize(stream), "cuStreamSynchronize");
  check(driver.cuMemFreeHost(mapped.lookup(pointer)), "cuMemFreeHost");
  mapped.erase(pointer);
}

size_t Device::getFreeBytes() const {
  size_t free = 0, total = 0;
  check(driver.cuMemGetInfo_v2(&free, &total), "cuMemGetInfo");
  return free;
}

void Device::write(cuda::Pointer target, const void *source, size_t bytes) {
  if (bytes == 0)
    return;
  check(driver.cuMemcpyHtoDAsync_v2(target, source, bytes, stream),
        "cuMemcpyHtoDAsync of " + llvm::Twine(bytes) + " bytes");
  // The source is the caller's, who may change it.
  check(driver.cuStreamSynchronize(stream), "cuStreamSynchronize");
}

void Device::read(void *target, cuda::Pointer source, size_t bytes) {
  if (bytes == 0)
    return;
  check(driver.cuMemcpyDtoHAsync_v2(target, source, bytes, stream),
        "cuMemcpyDtoHAsync of " + llvm::Twine(bytes) + " bytes");
  check(driver.cuStreamSynchronize(stream), "cuStreamSynchronize");
}

void Device::copy(cuda::Pointer target, cuda::Pointer source, size_t bytes) {
  check(driver.cuMemcpyDtoDAsync_v2(target, source, bytes, stream),
        "cuMemcpyDtoDAsync of " + llvm::Twine(bytes) + " bytes");
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

/// Dynamic shared memory that a kernel may take without being asked for.
static constexpr unsigned sharedBytesByDefault = 48 * 1024;

llvm::Expected<SmallVector<cuda::Function>>
Device::load(const DeviceImage &image) {
  std::string log(8192, '\0');
  int options[] = {cuda::ErrorLogBuffer, cuda::ErrorLogBufferBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size())};
  cuda::Module module = nullptr;
  const std::string &code = image.object.empty() ? image.text : image.object;
  cuda::Result result = driver.cuModuleLoadDataEx(
      &module, code.c_str(), std::size(options), options, values);
  if (llvm::Error error = driver.check(result, "cuModuleLoadDataEx"))
    return llvm::createStringError(toString(std::move(error)) + ": " +
                                   log.c_str());
  modules.push_back(module);
  SmallVector<cuda::Function> functions;
  for (const KernelLaunch &kernel : image.kernels) {
    cuda::Function function = nullptr;
    if (llvm::Error error = driver.check(
            driver.cuModuleGetFunction(&function, module,
                                       kernel.symbol.c_str()),
            "cuModuleGetFunction of kernel '" + kernel.symbol + "'"))
      return std::move(error);
    if (kernel.sharedBytes > sharedBytesByDefault)
      if (llvm::Error error = driver.check(
              driver.cuFuncSetAttribute(function, cuda::MaxDynamicSharedBytes,
                                        kernel.sharedBytes),
              "cuFuncSetAttribute of kernel '" + kernel.symbol + "' to " +
                  llvm::Twine(kernel.sharedBytes) + " bytes of shared memory"))
        return std::move(error);
    functions.push_back(function);
  }
  return functions;
}
