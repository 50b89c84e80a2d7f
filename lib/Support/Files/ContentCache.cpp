// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entries as files: a magic line, the hash of the contents, the contents.

#include "pdq/Support/Files/ContentCache.h"
#include "pdq/Support/Files/AtomicFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include <cstdlib>
#include <dlfcn.h>

using namespace mlir;
using namespace mlir::pdq;

static constexpr StringRef magic = "pdq-cache 1\n";
static constexpr size_t hashBytes = 32;
/// Entries are few and large: looking for what is over the limit is cheap, but
/// not for each of them.
static constexpr std::chrono::minutes pruneInterval(20);

static std::string hash(StringRef text) {
  auto digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(text));
  return std::string(digest.begin(), digest.end());
}

ContentCache ContentCache::openDefault() {
  if (const char *chosen = std::getenv("PDQ_CACHE_DIR"))
    return ContentCache(chosen);
  llvm::SmallString<128> path;
  if (!llvm::sys::path::cache_directory(path))
    return ContentCache("");
  llvm::sys::path::append(path, "pdq");
  return ContentCache(path);
}

std::string ContentCache::getKey(ArrayRef<StringRef> parts) {
  llvm::SHA256 hasher;
  for (StringRef part : parts) {
    uint8_t size[8];
    llvm::support::endian::write64le(size, part.size());
    hasher.update(size);
    hasher.update(part);
  }
  return llvm::toHex(hasher.final(), /*LowerCase=*/true);
}

/// The name is one that LLVM's pruning looks at.
std::string ContentCache::getPath(StringRef key) const {
  llvm::SmallString<128> path(directory);
  llvm::sys::path::append(path, "llvmcache-" + key);
  return path.str().str();
}

llvm::Expected<std::optional<std::string>>
ContentCache::load(StringRef key) const {
  if (!isEnabled())
    return std::nullopt;
  std::string path = getPath(key);
  // The time of access is what entries are removed by.
  auto file =
      llvm::sys::fs::openNativeFileForRead(path, llvm::sys::fs::OF_UpdateAtime);
  if (!file) {
    std::error_code code = llvm::errorToErrorCode(file.takeError());
    if (code == std::errc::no_such_file_or_directory ||
        code == std::errc::not_a_directory)
      return std::nullopt;
    return llvm::createStringError(code, path + ": " + code.message());
  }
  auto buffer = llvm::MemoryBuffer::getOpenFile(
      *file, path, /*FileSize=*/-1, /*RequiresNullTerminator=*/false);
  llvm::sys::fs::closeFile(*file);
  if (!buffer)
    return llvm::createStringError(buffer.getError(),
                                   path + ": " + buffer.getError().message());
  StringRef text = (*buffer)->getBuffer();
  StringRef contents =
      text.drop_front(std::min(magic.size() + hashBytes, text.size()));
  if (!text.consume_front(magic) ||
      text.take_front(hashBytes) != hash(contents))
    return llvm::createStringError(path + ": entry is damaged");
  return contents.str();
}

llvm::Error ContentCache::store(StringRef key, StringRef contents) const {
  if (!isEnabled())
    return llvm::Error::success();
  if (std::error_code code = llvm::sys::fs::create_directories(directory))
    return llvm::createStringError(
        code, directory + ": cannot be made: " + code.message());
  if (llvm::Error error =
          writeFileAtomically(getPath(key), [&](raw_ostream &os) {
            os << magic << hash(contents) << contents;
          }))
    return error;
  prune(pruneInterval);
  return llvm::Error::success();
}

void ContentCache::prune(std::chrono::seconds interval) const {
  if (!isEnabled())
    return;
  llvm::CachePruningPolicy policy;
  policy.Interval = interval;
  policy.Expiration = std::chrono::seconds(0);
  policy.MaxSizeBytes = maxBytes;
  llvm::pruneCache(directory, policy);
}

/// The file that this function was loaded from: the program, or the library
/// that has the code generator.
static std::string hashThisProgram() {
  static const char anchor = 0;
  Dl_info info;
  if (!dladdr(&anchor, &info) || !info.dli_fname)
    return "";
  // A program that was found on the search path has no path here.
  StringRef name(info.dli_fname);
  auto file = llvm::MemoryBuffer::getFile(
      name.contains('/') ? name : StringRef("/proc/self/exe"));
  return file ? hash((*file)->getBuffer()) : "";
}

StringRef mlir::pdq::getBuildIdentity() {
  static const std::string identity = [] {
    std::string program = hashThisProgram();
    return program.empty() ? program : program + LLVM_VERSION_STRING;
  }();
  return identity;
}
