// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results of compilers on disk, by what they were made from, so that a second
// run compiles nothing.

#ifndef PDQ_SUPPORT_FILES_CONTENTCACHE_H
#define PDQ_SUPPORT_FILES_CONTENTCACHE_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include <chrono>
#include <optional>
#include <string>

namespace mlir::pdq {

/// Bytes that stay in the directory; the entries that were not used for the
/// longest time go first.
inline constexpr uint64_t defaultCacheBytes = uint64_t(1) << 30;

/// A directory of entries that are files: each has the hash of what it was made
/// from as its name and the hash of its contents inside. Processes may share
/// it. Without a directory it keeps nothing.
class ContentCache {
public:
  explicit ContentCache(StringRef directory,
                        uint64_t maxBytes = defaultCacheBytes)
      : directory(directory), maxBytes(maxBytes) {}

  /// The user's: `$PDQ_CACHE_DIR` (empty: none), else `pdq` in
  /// `$XDG_CACHE_HOME`, else `~/.cache/pdq`.
  static ContentCache openDefault();

  bool isEnabled() const { return !directory.empty(); }

  /// The hash of all that an entry depends on. Parts are told apart: ("a", "b")
  /// has another key than ("ab", "").
  static std::string getKey(ArrayRef<StringRef> parts);

  /// The entry's contents, or nothing where there is none. Errors: the entry is
  /// damaged or cannot be read; `store` replaces it.
  llvm::Expected<std::optional<std::string>> load(StringRef key) const;

  /// Writes an entry, whole or not at all, and now and then removes old ones.
  /// Errors: the directory cannot be written.
  llvm::Error store(StringRef key, StringRef contents) const;

  /// Removes what is over the limit, unless that was done less than `interval`
  /// ago.
  void prune(std::chrono::seconds interval = std::chrono::seconds(0)) const;

private:
  std::string getPath(StringRef key) const;

  std::string directory;
  uint64_t maxBytes;
};

/// A hash of the program that runs, and LLVM's version: two that agree generate
/// the same code.
StringRef getBuildIdentity();

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_FILES_CONTENTCACHE_H
