// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NumPy's array files, read as untrusted input: nothing is allocated before
// the header agrees with the length of the file.

#ifndef PDQ_SUPPORT_FILES_NPY_H
#define PDQ_SUPPORT_FILES_NPY_H

#include "pdq/Support/HostTensor.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace mlir::pdq {

/// What the header of a `.npy` file says.
struct NpyHeader {
  llvm::SmallVector<int64_t> shape;
  ElementType type = ElementType::F32;
  /// Elements stand in the other byte order than this machine's.
  bool isSwapped = false;
  /// The first dimension is the fastest one.
  bool isFortranOrder = false;
  /// Where the elements begin, in bytes.
  size_t dataOffset = 0;
};

/// Reads the header of a file with these `contents` (versions 1 to 3) and
/// checks that the data has the size that shape and type ask for.
///
/// Element types: f4, f8, u1, i1, i4, i8, b1, of either byte order.
/// Errors: one line without the file's name; sizes are expected and found.
/// Source: numpy.lib.format (NEP 1).
llvm::Expected<NpyHeader> parseNpyHeader(llvm::StringRef contents);

/// An array file, mapped into memory; elements are copied on demand.
class NpyFile {
public:
  /// Errors: one line that starts with `path`.
  static llvm::Expected<NpyFile> open(llvm::StringRef path);
  /// The same on contents in memory, which are named `path` in errors.
  static llvm::Expected<NpyFile>
  create(std::unique_ptr<llvm::MemoryBuffer> contents);

  llvm::ArrayRef<int64_t> getShape() const { return header.shape; }
  ElementType getElementType() const { return header.type; }
  /// Size of dimension 0; 1 for a scalar.
  int64_t getNumRows() const;

  /// `count` slices of dimension 0 from `first` on, in C order and this
  /// machine's byte order; both must be in range. A scalar has one row.
  HostTensor readRows(int64_t first, int64_t count) const;
  HostTensor read() const { return readRows(0, getNumRows()); }

  /// The contents as they lie in the file, header included: for checksums.
  llvm::StringRef getContents() const { return contents->getBuffer(); }

private:
  NpyFile() = default;
  std::unique_ptr<llvm::MemoryBuffer> contents;
  NpyHeader header;
};

/// Reads a whole file.
llvm::Expected<HostTensor> readNpy(llvm::StringRef path);

/// Writes a file of version 1.0 in C order, completely or not at all.
llvm::Error writeNpy(llvm::StringRef path, const HostTensor &tensor);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_FILES_NPY_H
