// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognizing and parsing what a caller gives as the image of a module.

#include "Lowering.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitstream/BitstreamReader.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include <cstring>

using namespace llvm;

namespace pdq::sim {

static constexpr size_t kMaxImage = size_t(1) << 30;

static Status refuse(const Twine &message) {
  return Status::error(CUDA_ERROR_INVALID_IMAGE, message);
}

static uint32_t readWord(const char *data) {
  uint32_t word;
  memcpy(&word, data, sizeof(word));
  return word;
}

/// The API does not say how long an image is. Bitcode is a sequence of blocks
/// with their lengths, of which the string table is the last.
static Status measureBitcode(const char *data, size_t &size) {
  constexpr unsigned kStringTable = 23;
  if (readWord(data) == 0x0B17C0DE) { // a wrapper with offset and size
    size = size_t(readWord(data + 8)) + readWord(data + 12);
    return Status::success();
  }
  for (size_t at = 4; at < kMaxImage;) {
    // Abbreviation 1 (2 bits), block number (8 bits of variable length), width
    // (4 bits), padding to 32 bits, length in words.
    uint32_t word = readWord(data + at);
    unsigned id = word >> 2 & 0xff;
    if ((word & 3) != 1 || id > 127)
      return refuse("the bitcode is broken at byte " + Twine(at));
    at += 8 + size_t(readWord(data + at + 4)) * 4;
    if (id == kStringTable) {
      size = at;
      return Status::success();
    }
  }
  return refuse("the bitcode has no string table within 1 GiB");
}

static Status measureImage(const char *data, size_t &size) {
  constexpr const char *kWanted =
      ", but the simulated device runs LLVM bitcode or LLVM IR text of an "
      "NVPTX module";
  if (readWord(data) == 0xDEC04342 || readWord(data) == 0x0B17C0DE)
    return measureBitcode(data, size);
  if (!memcmp(data,
              "\x7f"
              "ELF",
              4))
    return refuse(Twine("the image is a cubin") + kWanted);
  if (readWord(data) == 0xBA55ED50)
    return refuse(Twine("the image is a fat binary") + kWanted);
  size = strnlen(data, kMaxImage);
  StringRef text(data, size);
  if (text.starts_with(".version") || text.contains("\n.version") ||
      text.contains("\n.target"))
    return refuse(Twine("the image is PTX") + kWanted);
  return Status::success();
}

Status parseImage(const void *image, LLVMContext &context,
                  std::unique_ptr<Module> &module) {
  const char *data = static_cast<const char *>(image);
  // Fewer than four bytes are text that ends there.
  if (strnlen(data, 4) < 4 && static_cast<unsigned char>(data[0]) < 0x80)
    return refuse("the image is empty");
  size_t size = 0;
  if (Status status = measureImage(data, size); status.failed())
    return status;
  SMDiagnostic diagnostic;
  module = parseIR(MemoryBufferRef(StringRef(data, size), "device"), diagnostic,
                   context);
  if (!module)
    return refuse("the image is no LLVM module: line " +
                  Twine(diagnostic.getLineNo()) + ": " +
                  diagnostic.getMessage());
  std::string errors;
  raw_string_ostream stream(errors);
  if (verifyModule(*module, &stream))
    return refuse("the module is malformed: " + errors);
  const Triple &triple = module->getTargetTriple();
  if (!triple.str().empty() && !triple.isNVPTX())
    return refuse("the module is for '" + triple.str() +
                  "', it should be for nvptx64-nvidia-cuda");
  return Status::success();
}

} // namespace pdq::sim
