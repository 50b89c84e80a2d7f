// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The device operations that are not plain LLVM instructions, by name.

#ifndef PDQ_SIMULATED_GPU_INTRINSICS_H
#define PDQ_SIMULATED_GPU_INTRINSICS_H

#include "Block.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace pdq::sim {

/// The threads that execute an operation together: by lane of their warp, or
/// by rank in their warpgroup. Null where a lane takes no part.
struct Group {
  std::array<Thread *, 128> lanes = {};
};

/// Executed by one thread.
using ThreadOperation = void (*)(Thread &, Slot *arguments, void *result,
                                 const Intrinsic &);
/// Executed once for all threads of a group, which wait for each other.
using GroupOperation = void (*)(Group &, const Intrinsic &);

struct Intrinsic {
  std::string name;
  ThreadOperation perThread = nullptr;
  GroupOperation perGroup = nullptr;
  /// The argument that says which lanes take part, or -1: all do, and all from
  /// the same place of the code.
  int maskArgument = -1;
  unsigned groupSize = kWarpSize;
  /// What the name says besides the operation: sizes, modes, types.
  std::array<int, 4> parameters = {0, 0, 0, 0};
};

/// The value of an argument.
template <typename T> T &get(Slot &slot) {
  return *reinterpret_cast<T *>(&slot);
}

/// The number of an operation, "llvm.nvvm..." or "asm:...", or -1.
int findIntrinsic(llvm::StringRef name);
const Intrinsic &getIntrinsic(int id);
/// Executes it for the running thread; called by lowered code.
void callIntrinsic(int id, uint32_t site, void *result, Slot *arguments);

/// Each completes `intrinsic` when it knows the name.
bool matchSynchronization(llvm::StringRef name, Intrinsic &intrinsic);
bool matchWarpOperation(llvm::StringRef name, Intrinsic &intrinsic);
bool matchAsyncCopy(llvm::StringRef name, Intrinsic &intrinsic);
bool matchMatrixOperation(llvm::StringRef name, Intrinsic &intrinsic);
bool matchWarpgroupMatrix(llvm::StringRef name, Intrinsic &intrinsic);
bool matchConversion(llvm::StringRef name, Intrinsic &intrinsic);

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_INTRINSICS_H
