// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A device: its context, its stream, its memory, its loaded kernels.

#ifndef PDQ_LIB_RUNTIME_CUDA_DEVICE_H
#define PDQ_LIB_RUNTIME_CUDA_DEVICE_H

#include "Driver.h"
#include "pdq/Runtime/CUDA/DeviceCode.h"
#include "llvm/ADT/StringMap.h"
#include <memory>

namespace mlir::pdq {

/// One CUDA device. Errors of the driver are not recoverable (the context is
/// lost): they end the program with a message and status 1.
class Device {
public:
  /// Opens device 0. `chip` overrides what code is generated for; empty takes
  /// the device's own. Errors: no driver, no device, in words for the user.
  static llvm::Expected<std::unique_ptr<Device>> open(llvm::StringRef chip);
  ~Device();

  const cuda::Driver &getDriver() const { return driver; }
  cuda::Stream getStream() const { return stream; }
  const Chip &getChip() const { return chip; }
  ImageForm getImageForm() const { return imageForm; }
  /// Whether machine code for `getChip` runs here: no other chip was asked for,
  /// and the device is none that takes only text.
  bool takesMachineCode() const {
    return imageForm == ImageForm::PTX && chip.name == ownChip;
  }
  llvm::StringRef getName() const { return name; }

  /// Ends the program where a call failed.
  void check(cuda::Result result, const llvm::Twine &what) const;

  /// Zero-filled memory, at least one byte.
  cuda::Pointer allocate(size_t bytes);
  void free(cuda::Pointer pointer);

  /// Zero-filled memory of the host that kernels use over the bus, by the
  /// device's address for it; null where the host has no such memory left.
  cuda::Pointer allocateOnHost(size_t bytes);
  void freeOnHost(cuda::Pointer pointer);

  /// Bytes that can still be allocated.
  size_t getFreeBytes() const;

  void write(cuda::Pointer target, const void *source, size_t bytes);
  /// Waits for all work before.
  void read(void *target, cuda::Pointer source, size_t bytes);

  /// Between two places on the device.
  void copy(cuda::Pointer target, cuda::Pointer source, size_t bytes);

  /// Loads the machine code of an image, or its text where it has none; its
  /// kernels stay as long as the device. Errors: what the driver's compiler
  /// says.
  llvm::Expected<SmallVector<cuda::Function>> load(const DeviceImage &image);

private:
  explicit Device(const cuda::Driver &driver) : driver(driver) {}
  llvm::Error initialize(llvm::StringRef wantedChip);
  int getAttribute(cuda::Attribute attribute) const;

  const cuda::Driver &driver;
  cuda::DeviceNumber number = 0;
  cuda::Context context = nullptr;
  cuda::Stream stream = nullptr;
  std::string name;
  Chip chip;
  std::string ownChip;
  ImageForm imageForm = ImageForm::PTX;
  SmallVector<cuda::Module> modules;
  /// Device address -> the host's, which differ on some systems.
  llvm::DenseMap<cuda::Pointer, void *> mapped;
};

} // namespace mlir::pdq

#endif // PDQ_LIB_RUNTIME_CUDA_DEVICE_H
