// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions of one operand as one launch.

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "pdq/Codegen/GPU/Direct/DirectStrategy.h"
#include "pdq/Codegen/GPU/Matrix/MatrixStrategy.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Plan/Buffer/KernelCalls.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_GROUPCONTRACTIONS
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Launches that a kernel is moved across at most, and kernels of a launch.
static constexpr int64_t window = 64;
static constexpr size_t maxGroups = 8;

namespace {
/// A launch of a product that can be grouped.
struct Candidate {
  KernelCall launch;
  /// The buffer that its blocks read one piece after the other.
  Value operand;
  /// Batches of the product, each of which all blocks go through.
  int64_t batch = 1;
  /// What a block computes; nothing in the form `direct`, which has one size.
  std::optional<MatrixTile> tile;

  bool fits(const Candidate &other) const {
    auto hasBlocksOf = [&](const MatrixTile &own) {
      return own.rows == other.tile->rows &&
             own.columns == other.tile->columns &&
             own.isWarpgroup == other.tile->isWarpgroup;
    };
    return operand == other.operand && batch == other.batch &&
           tile.has_value() == other.tile.has_value() &&
           (!tile || hasBlocksOf(*tile));
  }
};

class ContractionGrouper {
public:
  ContractionGrouper(KernelCalls &calls, plan::Math math, StringRef chip)
      : calls(calls), math(math), chip(chip) {}

  /// Joins launches of one program; returns the number of launches less.
  unsigned run(plan::ProgramOp program);

private:
  std::optional<Candidate> match(Operation *op);
  std::optional<MatrixTile> findTile(plan::KernelOp kernel,
                                     const MatrixStrategy &strategy);
  bool canJoin(ArrayRef<Candidate> group, Operation *op);
  void join(ArrayRef<Candidate> group);

  KernelCalls &calls;
  plan::Math math;
  StringRef chip;
};
} // namespace

/// The tile that the kernel asks for, else the one that suits it best. Where it
/// has few terms, others of the group may have more: it does without the tiles
/// for few.
std::optional<MatrixTile>
ContractionGrouper::findTile(plan::KernelOp kernel,
                             const MatrixStrategy &strategy) {
  ArrayRef<MatrixTile> tiles = getTiles(strategy, math, chip);
  std::optional<plan::TileAttr> wanted = kernel.getTile();
  if (!wanted) {
    MatrixShape shape = strategy.getShape();
    shape.terms = std::max(shape.terms, tiles.front().terms);
    return chooseTile(tiles, shape, math, chip);
  }
  for (const MatrixTile &tile : tiles)
    if (tile.hasSizes(*wanted))
      return tile;
  return std::nullopt;
}

/// The factor of a product that has more elements.
static Value getLargerFactor(const KernelCall &launch,
                             const DirectStrategy &strategy) {
  auto getFactor = [&](unsigned number) {
    return launch.getOperand(strategy.space.operands[number].buffer);
  };
  auto count = [](Value buffer) {
    return cast<MemRefType>(buffer.getType()).getNumElements();
  };
  Value lhs = getFactor(strategy.lhs), rhs = getFactor(strategy.rhs);
  return count(lhs) < count(rhs) ? rhs : lhs;
}

std::optional<Candidate> ContractionGrouper::match(Operation *op) {
  FailureOr<KernelCall> launch = calls.resolve(op);
  if (failed(launch) || launch->kernel.getRows() || launch->kernel.getGroups())
    return std::nullopt;
  SmallVector<linalg::LinalgOp> products =
      findProducts(getKernelOps(launch->kernel));
  if (products.empty())
    return std::nullopt;
  Candidate candidate{*launch, Value(), 1, std::nullopt};
  StringRef reason;
  if (auto strategy = matchMatrix(products, reason); succeeded(strategy)) {
    candidate.operand = launch->getOperand(strategy->lhs.buffer);
    candidate.batch = strategy->batch.size;
    candidate.tile = findTile(launch->kernel, *strategy);
    return candidate.tile ? std::optional(candidate) : std::nullopt;
  }
  if (products.size() > 1)
    return std::nullopt;
  if (auto strategy = matchDirect(products.front(), reason);
      succeeded(strategy)) {
    candidate.operand = getLargerFactor(*launch, *strategy);
    return candidate;
  }
  return std::nullopt;
}

/// Whether the launch `op` can be moved to the first one of `group`, and its
/// blocks can run beside those of all others.
bool ContractionGrouper::canJoin(ArrayRef<Candidate> group, Operation *op) {
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

void ContractionGrouper::join(ArrayRef<Candidate> group) {
  SmallVector<KernelCall> parts;
  SmallVector<int64_t> sizes;
  // The one with the most terms at a time; fewer are for short products.
  std::optional<MatrixTile> tile = group.front().tile;
  for (const Candidate &candidate : group)
    if (tile && candidate.tile->terms > tile->terms)
      tile = candidate.tile;
  for (const Candidate &candidate : group) {
    plan::KernelOp kernel = candidate.launch.kernel;
    parts.push_back(candidate.launch);
    sizes.push_back(getKernelOps(kernel).size());
  }
  plan::LaunchOp place = parts.front().call;
  calls.replace(parts, place, [&](plan::KernelOp kernel, ArrayRef<Value>) {
    kernel.setGroups(sizes);
    if (tile)
      kernel.setTileAttr(tile->getAttr(kernel.getContext()));
  });
}

unsigned ContractionGrouper::run(plan::ProgramOp program) {
  SmallVector<Candidate> open;
  for (Operation &op : program.getBody().front())
    if (std::optional<Candidate> candidate = match(&op))
      open.push_back(*candidate);
  unsigned numJoined = 0;
  while (!open.empty()) {
    SmallVector<Candidate> group{open.front()}, others;
    for (const Candidate &candidate : ArrayRef(open).drop_front()) {
      bool joins = group.size() < maxGroups && group.front().fits(candidate) &&
                   canJoin(group, candidate.launch.call);
      (joins ? group : others).push_back(candidate);
    }
    if (group.size() > 1)
      join(group);
    numJoined += group.size() - 1;
    open = std::move(others);
  }
  return numJoined;
}

namespace {
struct GroupContractions
    : mlir::pdq::impl::GroupContractionsBase<GroupContractions> {
  void runOnOperation() override {
    KernelCalls calls(getOperation());
    plan::TargetAttr target = plan::getTarget(getOperation());
    ContractionGrouper joiner(calls, target.getMath(), target.getChip());
    for (auto program : getOperation().getOps<plan::ProgramOp>())
      numJoined += joiner.run(program);
    calls.eraseUnused();
  }
};
} // namespace
