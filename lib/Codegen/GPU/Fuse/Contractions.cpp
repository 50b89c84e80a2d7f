// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which contraction a launch could be the epilogue of.

#include "Contractions.h"

using namespace mlir;
using namespace mlir::pdq;

Contractions mlir::pdq::getContractions(plan::KernelOp kernel) {
  SmallVector<linalg::LinalgOp> ops = getKernelOps(kernel);
  Contractions found{findContractions(ops)};
  if (found.ops.empty() || found.ops.back() != ops.back() ||
      ops.size() > found.ops.size() + 1)
    return found;
  found.form = findContractionForm(found.ops);
  return found;
}

Value mlir::pdq::findArgument(const KernelCall &launch, Value operand) {
  Value found;
  for (auto [number, value] : llvm::enumerate(launch.getBuffers())) {
    if (value != operand)
      continue;
    if (found)
      return nullptr;
    found = plan::KernelOp(launch.kernel).getArgument(number);
  }
  return found;
}

/// Whether the contraction that `writer` launches could have `reader`, which
/// reads its result `buffer`, as its epilogue.
static bool canHaveEpilogue(const KernelCall &writer, const KernelCall &reader,
                            Value buffer) {
  Contractions contractions = getContractions(writer.kernel);
  Value argument = findArgument(reader, buffer);
  StringRef reason;
  return contractions && argument &&
         writer.getOperand(contractions.getResult()) == buffer &&
         succeeded(contractions.form->matchEpilogue(
             argument, getKernelOps(reader.kernel), reason));
}

/// The launches of contractions that `reader` could be the epilogue of.
static llvm::SmallSetVector<Operation *, 2>
findContractionsInFront(KernelCalls &calls, const KernelCall &reader) {
  llvm::SmallSetVector<Operation *, 2> contractions;
  const BufferAccesses &accesses = calls.getAccesses(reader.call);
  for (Value buffer : reader.getBuffers()) {
    if (!accesses.reads.contains(getRoot(buffer)))
      continue;
    for (Operation *user : buffer.getUsers()) {
      FailureOr<KernelCall> writer = calls.resolve(user);
      if (succeeded(writer) && user != reader.call &&
          user->isBeforeInBlock(reader.call) &&
          canHaveEpilogue(*writer, reader, buffer))
        contractions.insert(user);
    }
  }
  return contractions;
}

bool mlir::pdq::followDifferentContractions(KernelCalls &calls,
                                            const KernelCall &first,
                                            const KernelCall &second) {
  auto own = findContractionsInFront(calls, first),
       other = findContractionsInFront(calls, second);
  return !own.empty() && !other.empty() &&
         llvm::none_of(own, [&](Operation *op) { return other.contains(op); });
}
