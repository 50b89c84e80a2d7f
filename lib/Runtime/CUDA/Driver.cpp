// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loading the CUDA driver, and its errors as text.

#include "Driver.h"
#include "llvm/Support/DynamicLibrary.h"
#include <cstdlib>
#include <string>

using namespace mlir::pdq::cuda;

/// The table of a library, without initialization.
static llvm::Expected<Driver> loadTable(const char *path) {
  std::string reason;
  llvm::sys::DynamicLibrary library =
      llvm::sys::DynamicLibrary::getPermanentLibrary(path, &reason);
  if (!library.isValid())
    return llvm::createStringError("no CUDA driver: %s", reason.c_str());
  Driver driver;
  std::string missing;
  auto resolve = [&](auto &entry, const char *name) {
    void *address = library.getAddressOfSymbol(name);
    if (!address && missing.empty())
      missing = name;
    entry = reinterpret_cast<std::remove_reference_t<decltype(entry)>>(address);
  };
#define PDQ_RESOLVE(name, parameters) resolve(driver.name, #name);
  PDQ_CUDA_FUNCTIONS(PDQ_RESOLVE)
#undef PDQ_RESOLVE
  if (!missing.empty())
    return llvm::createStringError(
        "CUDA driver '%s' has no function '%s': a driver of CUDA 12 or later "
        "is needed",
        path, missing.c_str());
  return driver;
}

static llvm::Expected<Driver> loadDriver() {
  const char *chosen = std::getenv("PDQ_CUDA_LIBRARY");
  llvm::Expected<Driver> driver =
      loadTable(chosen && *chosen ? chosen : "libcuda.so.1");
  if (!driver)
    return driver.takeError();
  if (llvm::Error error = driver->check(driver->cuInit(0), "cuInit"))
    return std::move(error);
  int count = 0;
  if (llvm::Error error =
          driver->check(driver->cuDeviceGetCount(&count), "cuDeviceGetCount"))
    return std::move(error);
  if (count == 0)
    return llvm::createStringError("the CUDA driver finds no device");
  return driver;
}

llvm::Expected<const Driver *> Driver::load() {
  // The text of an error outlives the first attempt: later ones say the same.
  struct Loaded {
    Driver driver;
    std::string error;
  };
  static const Loaded loaded = [] {
    llvm::Expected<Driver> driver = loadDriver();
    if (driver)
      return Loaded{*driver, {}};
    return Loaded{{}, llvm::toString(driver.takeError())};
  }();
  if (!loaded.error.empty())
    return llvm::createStringError(loaded.error);
  return &loaded.driver;
}

llvm::Error Driver::check(Result result, const llvm::Twine &what) const {
  if (result == 0)
    return llvm::Error::success();
  const char *name = nullptr, *text = nullptr;
  cuGetErrorName(result, &name);
  cuGetErrorString(result, &text);
  return llvm::createStringError(
      what + " failed: " + (name ? name : "error " + std::to_string(result)) +
      (text ? std::string(" (") + text + ")" : ""));
}
