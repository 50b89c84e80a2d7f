// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory of tensors on the host, and sizes that are checked for overflow.

#include "pdq/Support/HostTensor.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstring>
#include <limits>
#include <sys/resource.h>
#include <unistd.h>

using namespace mlir;
using namespace mlir::pdq;

unsigned pdq::getByteSize(ElementType type) {
  switch (type) {
  case ElementType::I1:
  case ElementType::I8:
  case ElementType::U8:
    return 1;
  case ElementType::I32:
  case ElementType::F32:
    return 4;
  case ElementType::I64:
  case ElementType::F64:
    return 8;
  }
  llvm_unreachable("unknown element type");
}

FailureOr<ElementType> pdq::getElementType(Type type) {
  if (type.isF32())
    return ElementType::F32;
  if (type.isF64())
    return ElementType::F64;
  if (type.isSignlessInteger(1))
    return ElementType::I1;
  if (type.isUnsignedInteger(8))
    return ElementType::U8;
  if (type.isSignlessInteger(8) || type.isSignedInteger(8))
    return ElementType::I8;
  if (type.isSignlessInteger(32) || type.isSignedInteger(32))
    return ElementType::I32;
  if (type.isSignlessInteger(64) || type.isSignedInteger(64))
    return ElementType::I64;
  return failure();
}

StringRef pdq::getName(ElementType type) {
  switch (type) {
  case ElementType::I1:
    return "i1";
  case ElementType::I8:
    return "i8";
  case ElementType::U8:
    return "ui8";
  case ElementType::I32:
    return "i32";
  case ElementType::I64:
    return "i64";
  case ElementType::F32:
    return "f32";
  case ElementType::F64:
    return "f64";
  }
  llvm_unreachable("unknown element type");
}

std::optional<size_t> pdq::getCheckedByteSize(ArrayRef<int64_t> shape,
                                              ElementType type) {
  // An empty tensor is small whatever its other dimensions are, but a reader
  // multiplies them; so zeros do not excuse an overflow elsewhere.
  uint64_t bytes = getByteSize(type);
  bool isEmpty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    isEmpty |= size == 0;
    bool overflow = false;
    bytes =
        llvm::SaturatingMultiply<uint64_t>(bytes, size ? size : 1, &overflow);
    if (overflow || bytes > std::numeric_limits<int64_t>::max())
      return std::nullopt;
  }
  return isEmpty ? 0 : bytes;
}

/// The limit of the control group, as containers have it.
static uint64_t getGroupBytes() {
  for (StringRef path : {"/sys/fs/cgroup/memory.max",
                         "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    uint64_t bytes;
    auto text = llvm::MemoryBuffer::getFileAsStream(path);
    if (text && !(*text)->getBuffer().trim().getAsInteger(10, bytes))
      return bytes;
  }
  return std::numeric_limits<uint64_t>::max();
}

uint64_t pdq::getMachineBytes() {
  uint64_t bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                   static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    bytes = std::min<uint64_t>(bytes, limit.rlim_cur);
  return std::min(bytes, getGroupBytes());
}

HostTensor::HostTensor(ArrayRef<int64_t> shape, ElementType type)
    : shape(shape), type(type) {
  std::optional<size_t> bytes = getCheckedByteSize(shape, type);
  if (!bytes)
    llvm::report_fatal_error("size of a host tensor overflows");
  // aligned_alloc wants a multiple of the alignment, and never returns memory
  // for zero bytes on every system.
  size_t rounded = llvm::alignTo(*bytes ? *bytes : 1, 64);
  memory.reset(std::aligned_alloc(64, rounded));
  if (!memory)
    llvm::report_bad_alloc_error("out of memory for a host tensor");
  std::memset(memory.get(), 0, rounded);
}

HostTensor HostTensor::clone() const {
  if (!memory)
    return HostTensor();
  HostTensor copy(shape, type);
  std::memcpy(copy.data(), data(), getNumBytes());
  return copy;
}

int64_t HostTensor::getNumElements() const {
  if (!memory)
    return 0;
  int64_t elements = 1;
  for (int64_t size : shape)
    elements *= size;
  return elements;
}

size_t HostTensor::getNumBytes() const {
  return static_cast<size_t>(getNumElements()) * getByteSize(type);
}
