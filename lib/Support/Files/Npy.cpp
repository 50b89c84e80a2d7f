// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements of array files, in and out.

#include "pdq/Support/Files/Npy.h"
#include "pdq/Support/Files/AtomicFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SwapByteOrder.h"
#include <cassert>
#include <cstring>

using namespace llvm;
using namespace mlir::pdq;

static Error addPath(StringRef path, Error error) {
  return createStringError(inconvertibleErrorCode(),
                           path + ": " + toString(std::move(error)));
}

Expected<NpyFile> NpyFile::open(StringRef path) {
  // A directory opens, and a pipe has no size; say so instead of reading.
  if (sys::fs::is_directory(path))
    return addPath(path, createStringError("cannot read: Is a directory"));
  auto contents = MemoryBuffer::getFile(path, /*IsText=*/false,
                                        /*RequiresNullTerminator=*/false);
  if (!contents)
    return addPath(path, createStringError(contents.getError(),
                                           "cannot read: " +
                                               contents.getError().message()));
  return create(std::move(*contents));
}

Expected<NpyFile> NpyFile::create(std::unique_ptr<MemoryBuffer> contents) {
  NpyFile file;
  Expected<NpyHeader> header = parseNpyHeader(contents->getBuffer());
  if (!header)
    return addPath(contents->getBufferIdentifier(), header.takeError());
  file.header = std::move(*header);
  file.contents = std::move(contents);
  return file;
}

int64_t NpyFile::getNumRows() const {
  return header.shape.empty() ? 1 : header.shape.front();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// Copies rows from a file in which dimension 0 is the fastest: the C-ordered
/// index of the result is counted up like an odometer.
static void copyFortranRows(char *to, const char *from, ArrayRef<int64_t> shape,
                            int64_t first, int64_t count, unsigned bytes) {
  SmallVector<int64_t> sizes(shape), strides(shape.size(), 1),
      index(shape.size(), 0);
  for (size_t d = 1; d < shape.size(); ++d)
    strides[d] = strides[d - 1] * shape[d - 1];
  sizes[0] = count;
  int64_t total = 1;
  for (int64_t size : sizes)
    total *= size;
  int64_t source = first;
  for (int64_t i = 0; i < total; ++i) {
    std::memcpy(to + i * bytes, from + source * bytes, bytes);
    for (size_t d = sizes.size(); d-- > 0;) {
      source += strides[d];
      if (++index[d] < sizes[d])
        break;
      source -= strides[d] * sizes[d];
      index[d] = 0;
    }
  }
}

template <typename T> static void swapElements(HostTensor &tensor) {
  for (T &value : tensor.values<T>())
    sys::swapByteOrder(value);
}

HostTensor NpyFile::readRows(int64_t first, int64_t count) const {
  assert(first >= 0 && count >= 0 && first + count <= getNumRows());
  SmallVector<int64_t> shape(header.shape);
  if (!shape.empty())
    shape[0] = count;
  HostTensor result(shape, header.type);
  const char *data = contents->getBufferStart() + header.dataOffset;
  if (result.getNumBytes() == 0)
    return result;
  char *to = static_cast<char *>(result.data());
  if (header.isFortranOrder && shape.size() > 1)
    copyFortranRows(to, data, header.shape, first, count,
                    getByteSize(header.type));
  else
    std::memcpy(to,
                data + result.getNumBytes() / std::max<int64_t>(count, 1) *
                           (shape.empty() ? 0 : first),
                result.getNumBytes());
  if (header.isSwapped && getByteSize(header.type) == 4)
    swapElements<uint32_t>(result);
  if (header.isSwapped && getByteSize(header.type) == 8)
    swapElements<uint64_t>(result);
  // Code that reads an i1 may rely on 0 and 1; a file may hold any byte.
  if (header.type == ElementType::I1)
    for (uint8_t &value : result.values<uint8_t>())
      value = value != 0;
  return result;
}

Expected<HostTensor> mlir::pdq::readNpy(StringRef path) {
  Expected<NpyFile> file = NpyFile::open(path);
  if (!file)
    return file.takeError();
  return file->read();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// NumPy's name of an element type, with this machine's byte order.
static std::string getDescr(ElementType type) {
  const char *order = getByteSize(type) == 1    ? "|"
                      : sys::IsLittleEndianHost ? "<"
                                                : ">";
  switch (type) {
  case ElementType::I1:
    return std::string(order) + "b1";
  case ElementType::I8:
    return std::string(order) + "i1";
  case ElementType::U8:
    return std::string(order) + "u1";
  case ElementType::I32:
    return std::string(order) + "i4";
  case ElementType::I64:
    return std::string(order) + "i8";
  case ElementType::F32:
    return std::string(order) + "f4";
  case ElementType::F64:
    return std::string(order) + "f8";
  }
  llvm_unreachable("unknown element type");
}

Error mlir::pdq::writeNpy(StringRef path, const HostTensor &tensor) {
  std::string header;
  raw_string_ostream text(header);
  text << "{'descr': '" << getDescr(tensor.getElementType())
       << "', 'fortran_order': False, 'shape': (";
  llvm::interleaveComma(tensor.getShape(), text);
  text << (tensor.getShape().size() == 1 ? ",), }" : "), }");
  // Magic string, version and length take 10 bytes; elements start at a
  // multiple of 64, behind a newline.
  constexpr size_t preamble = 10;
  size_t length = alignTo(preamble + header.size() + 1, 64) - preamble;
  header.append(length - 1 - header.size(), ' ');
  header.push_back('\n');
  return writeFileAtomically(path, [&](raw_ostream &stream) {
    stream << StringRef("\x93NUMPY\x01\x00", 8)
           << static_cast<char>(length & 0xff) << static_cast<char>(length >> 8)
           << header;
    stream.write(static_cast<const char *>(tensor.data()),
                 tensor.getNumBytes());
  });
}
