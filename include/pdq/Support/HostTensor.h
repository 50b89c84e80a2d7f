// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors in host memory: what files hold, and what goes into and out of
// compiled functions.

#ifndef PDQ_SUPPORT_HOSTTENSOR_H
#define PDQ_SUPPORT_HOSTTENSOR_H

#include "mlir/IR/Types.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>

namespace mlir::pdq {

/// Element types that cross the border of compiled code.
enum class ElementType { I1, I8, U8, I32, I64, F32, F64 };

/// Size of one element in bytes; an I1 takes one byte.
unsigned getByteSize(ElementType type);

/// The element type of an MLIR type, or failure where it has none of ours.
FailureOr<ElementType> getElementType(Type type);

/// The name of an element type as MLIR spells it.
llvm::StringRef getName(ElementType type);

/// Bytes of a dense tensor, or nothing where the product overflows 63 bits or
/// a dimension is negative: for shapes that come from files.
std::optional<size_t> getCheckedByteSize(llvm::ArrayRef<int64_t> shape,
                                         ElementType type);

/// Bytes of memory that this process can have: the machine's, or less where the
/// process or its container is limited.
uint64_t getMachineBytes();

/// A dense, row-major tensor that owns its memory (64-byte aligned, zero at
/// first). Moving is cheap, copying is explicit.
class HostTensor {
public:
  HostTensor() = default;
  HostTensor(llvm::ArrayRef<int64_t> shape, ElementType type);
  HostTensor(HostTensor &&) = default;
  HostTensor &operator=(HostTensor &&) = default;
  HostTensor clone() const;

  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  ElementType getElementType() const { return type; }
  int64_t getNumElements() const;
  size_t getNumBytes() const;

  void *data() { return memory.get(); }
  const void *data() const { return memory.get(); }

  /// The elements; `T` must be the C++ type of the element type.
  template <typename T> llvm::MutableArrayRef<T> values() {
    return {static_cast<T *>(data()), static_cast<size_t>(getNumElements())};
  }
  template <typename T> llvm::ArrayRef<T> values() const {
    return {static_cast<const T *>(data()),
            static_cast<size_t>(getNumElements())};
  }

private:
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  llvm::SmallVector<int64_t> shape;
  ElementType type = ElementType::F32;
  std::unique_ptr<void, Free> memory;
};

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_HOSTTENSOR_H
