// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions of one operand as one launch.

#include "Fusion.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Codegen/GPU/Forms.h"

using namespace mlir;
using namespace mlir::pdq;

/// Launches that a kernel is moved across at most, and kernels of a launch.
static constexpr int64_t window = 64;
static constexpr size_t maxGroups = 8;

namespace {
/// A launch of a contraction that can be grouped.
struct Candidate {
  KernelCall launch;
  BlockWalk walk;

  Value getOperand() const { return launch.getOperand(walk.operand); }
  bool fits(const Candidate &other) const {
    return getOperand() == other.getOperand() && walk.agreesWith(other.walk);
  }
};
} // namespace

static std::optional<Candidate>
matchCandidate(KernelCalls &calls, Operation *op, plan::TargetAttr target) {
  FailureOr<KernelCall> launch = calls.resolve(op);
  if (failed(launch) || launch->kernel.getRows() || launch->kernel.getGroups())
    return std::nullopt;
  SmallVector<linalg::LinalgOp> ops =
      findContractions(getKernelOps(launch->kernel));
  const ContractionForm *form = findContractionForm(ops);
  std::optional<BlockWalk> walk;
  if (form)
    walk = form->findBlockWalk(launch->kernel, ops, target);
  if (!walk)
    return std::nullopt;
  return Candidate{*launch, *walk};
}

/// Whether the launch `op` can be moved to the first one of `group`, and its
/// blocks can run beside those of all others.
static bool canGroup(KernelCalls &calls, ArrayRef<Candidate> group,
                     Operation *op) {
  plan::LaunchOp first = group.front().launch.call;
  int64_t distance = 0;
  for (Operation *other = op->getPrevNode();; other = other->getPrevNode()) {
    distance += isa<plan::LaunchOp>(other);
    if (distance > window || calls.mustKeepOrder(other, op))
      return false;
    if (other == first)
      return true;
  }
}

/// The tile with the most terms at a time; fewer are for short contractions.
static plan::TileAttr getDeepestTile(ArrayRef<Candidate> group) {
  plan::TileAttr deepest = group.front().walk.tile;
  for (const Candidate &candidate : group)
    if (deepest && candidate.walk.tile.getK() > deepest.getK())
      deepest = candidate.walk.tile;
  return deepest;
}

static void group(KernelCalls &calls, ArrayRef<Candidate> group) {
  SmallVector<KernelCall> parts;
  SmallVector<int64_t> sizes;
  for (const Candidate &candidate : group) {
    parts.push_back(candidate.launch);
    sizes.push_back(getKernelOps(candidate.launch.kernel).size());
  }
  plan::LaunchOp place = parts.front().call;
  plan::TileAttr tile = getDeepestTile(group);
  calls.replace(parts, place, [&](plan::KernelOp kernel, ArrayRef<Value>) {
    kernel.setGroups(sizes);
    if (tile)
      kernel.setTileAttr(tile);
  });
}

unsigned mlir::pdq::groupContractions(KernelCalls &calls,
                                      plan::ProgramOp program,
                                      plan::TargetAttr target) {
  SmallVector<Candidate> open;
  for (Operation &op : program.getBody().front())
    if (std::optional<Candidate> candidate = matchCandidate(calls, &op, target))
      open.push_back(*candidate);
  unsigned numGrouped = 0;
  while (!open.empty()) {
    SmallVector<Candidate> members{open.front()}, others;
    for (const Candidate &candidate : ArrayRef(open).drop_front()) {
      bool joins = members.size() < maxGroups &&
                   members.front().fits(candidate) &&
                   canGroup(calls, members, candidate.launch.call);
      (joins ? members : others).push_back(candidate);
    }
    if (members.size() > 1)
      group(calls, members);
    numGrouped += members.size() - 1;
    open = std::move(others);
  }
  return numGrouped;
}
