// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One launch for operations on the same rows, and one for what is so small that
// a block of threads does all of it.

#include "Contractions.h"
#include "Fusion.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "pdq/Codegen/GPU/Rows/RowStrategy.h"
#include "pdq/Plan/Buffer/KernelCalls.h"
#include "pdq/Plan/IR/Plan.h"

using namespace mlir;
using namespace mlir::pdq;

/// Launches that are looked back for a partner.
static constexpr int64_t window = 96;
/// Operations and buffers of one kernel: beyond this, code and arguments grow
/// out of bounds.
static constexpr int64_t maxOps = 32, maxBuffers = 48;
/// Elements from which on a row is worth a block of threads.
static constexpr int64_t minRow = 32;
/// Iterations of what one block of threads does at most, in all.
static constexpr int64_t fewIterations = 8192;

namespace {
/// Two launches, the first before the second in the block.
class RowFuser {
public:
  RowFuser(KernelCalls &calls, KernelCall first, KernelCall second)
      : calls(calls), parts{first, second} {}

  /// Decides how the two become one: one block for both where they are `small`,
  /// else one for each row.
  bool canFuse(bool small);
  plan::LaunchOp fuse();

private:
  bool areSmall();
  std::optional<unsigned> findRowLoops(bool small);
  bool haveRows(unsigned count);
  bool shareBuffer();
  bool areRowsApart();

  KernelCalls &calls;
  SmallVector<KernelCall> parts;
  unsigned numRowLoops = 0;
  Operation *place = nullptr;
};
} // namespace

static auto getOps(const KernelCall &part) {
  return llvm::make_filter_range(
      plan::KernelOp(part.kernel).getOps<linalg::LinalgOp>(),
      [](linalg::LinalgOp op) { return !isa<linalg::FillOp>(*op); });
}

/// Iterations of all operations of a kernel.
static int64_t countIterations(const KernelCall &part) {
  int64_t sum = 0;
  for (linalg::LinalgOp op : getOps(part))
    sum += ShapedType::getNumElements(op.getStaticLoopRanges());
  return sum;
}

/// Iterations of the largest operation of a kernel.
static int64_t getMostIterations(const KernelCall &part) {
  int64_t most = 0;
  for (linalg::LinalgOp op : getOps(part))
    most = std::max(most, ShapedType::getNumElements(op.getStaticLoopRanges()));
  return most;
}

/// The rows that a kernel was fused on or that its reduction has; nothing
/// where any rows will do.
static std::optional<unsigned> getFixedRowLoops(const KernelCall &part) {
  if (std::optional<uint64_t> rows = plan::KernelOp(part.kernel).getRows())
    return *rows;
  for (linalg::LinalgOp op : getOps(part))
    if (op.getNumReductionLoops() > 0)
      return op.getNumParallelLoops();
  return std::nullopt;
}

/// Whether one block of threads could do all of it.
bool RowFuser::areSmall() {
  return countIterations(parts[0]) + countIterations(parts[1]) <= fewIterations;
}

/// The number of loops of the rows that both have; 0: one block does it all.
std::optional<unsigned> RowFuser::findRowLoops(bool small) {
  if (small)
    return areSmall() ? std::optional(0u) : std::nullopt;
  std::optional<unsigned> first = getFixedRowLoops(parts[0]),
                          second = getFixedRowLoops(parts[1]);
  if ((!first && !second) || (first && second && first != second))
    return std::nullopt;
  unsigned count = first ? *first : *second;
  return count > 0 ? std::optional(count) : std::nullopt;
}

/// Whether all operations have `count` loops of rows, with the same extents,
/// and rows are long enough for a block, or a launch is most of the time.
bool RowFuser::haveRows(unsigned count) {
  std::optional<SmallVector<int64_t>> rows;
  bool isLong = count == 0 || areSmall();
  for (const KernelCall &part : parts)
    for (linalg::LinalgOp op : getOps(part)) {
      if (!isRowOp(op, count))
        return false;
      SmallVector<int64_t> own = op.getStaticLoopRanges();
      own.resize(count);
      if (rows && *rows != own)
        return false;
      rows = own;
      isLong |= ShapedType::getNumElements(op.getStaticLoopRanges()) >=
                minRow * ShapedType::getNumElements(own);
    }
  StringRef reason;
  return isLong && llvm::all_of(parts, [&](const KernelCall &part) {
           return succeeded(matchRows(part.kernel, count, reason));
         });
}

/// Whether a good part of the elements is read once instead of twice.
bool RowFuser::shareBuffer() {
  int64_t most =
      std::max(getMostIterations(parts[0]), getMostIterations(parts[1]));
  return llvm::any_of(parts[0].getBuffers(), [&](Value buffer) {
    return cast<MemRefType>(buffer.getType()).getNumElements() >= most / 4 &&
           llvm::is_contained(parts[1].getBuffers(), buffer);
  });
}

/// Whether every block keeps to its rows of the memory that one of the two
/// writes: blocks have no order.
bool RowFuser::areRowsApart() {
  llvm::DenseSet<Value> written;
  for (const KernelCall &part : parts)
    written.insert_range(calls.getAccesses(part.call).writes);
  llvm::DenseMap<Value, std::pair<Value, SmallVector<unsigned>>> places;
  for (const KernelCall &part : parts)
    for (linalg::LinalgOp op : getOps(part)) {
      bool loadsWritten = false;
      op->walk([&](memref::LoadOp load) {
        loadsWritten |=
            written.contains(getRoot(part.getOperand(load.getMemRef())));
      });
      if (loadsWritten)
        return false;
      for (OpOperand &operand : op->getOpOperands()) {
        if (!isa<MemRefType>(operand.get().getType()))
          continue;
        Value buffer = part.getOperand(operand.get());
        if (!written.contains(getRoot(buffer)))
          continue;
        FailureOr<SmallVector<unsigned>> dims =
            findRowDims(op, operand, numRowLoops);
        if (failed(dims))
          return false;
        auto [it, isNew] = places.try_emplace(getRoot(buffer), buffer, *dims);
        if (!isNew && it->second != std::pair(buffer, *dims))
          return false;
      }
    }
  return true;
}

bool RowFuser::canFuse(bool small) {
  std::optional<unsigned> count = findRowLoops(small);
  // What is found out fast comes first.
  if (!count || (*count > 0 && !shareBuffer()) || !haveRows(*count) ||
      (*count > 0 && followDifferentContractions(calls, parts[0], parts[1])))
    return false;
  numRowLoops = *count;
  if (numRowLoops > 0 && !areRowsApart())
    return false;
  int64_t numOps =
      llvm::range_size(getOps(parts[0])) + llvm::range_size(getOps(parts[1]));
  if (numOps > maxOps ||
      static_cast<int64_t>(collectBuffers(parts).size()) > maxBuffers)
    return false;
  place = calls.findPlace(parts[0], parts[1]);
  return place;
}

plan::LaunchOp RowFuser::fuse() {
  return calls.replace(parts, place,
                       [&](plan::KernelOp kernel, ArrayRef<Value>) {
                         kernel.setRows(numRowLoops);
                       });
}

/// Marks what a kernel of rows need not store, as nothing else reads it.
static void keepInRegisters(KernelCalls &calls, plan::LaunchOp call) {
  FailureOr<KernelCall> launch = calls.resolve(call);
  if (failed(launch))
    return;
  IntegerAttr rows = launch->kernel.getRowsAttr();
  StringRef reason;
  FailureOr<RowStrategy> strategy =
      rows ? matchRows(launch->kernel, rows.getInt(), reason)
           : FailureOr<RowStrategy>(failure());
  if (failed(strategy))
    return;
  SetVector<Value> unstored;
  for (BlockArgument argument : findHandedOn(*strategy)) {
    Value buffer = launch->getOperand(argument);
    if (isLocal(buffer, {*launch}))
      unstored.insert(buffer);
  }
  if (unstored.empty())
    return;
  calls.replace({*launch}, call,
                [&](plan::KernelOp kernel, ArrayRef<Value> buffers) {
                  kernel.setRowsAttr(rows);
                  for (auto [number, buffer] : llvm::enumerate(buffers))
                    if (unstored.contains(buffer))
                      kernel.setArgAttr(number, plan::registerOnlyName,
                                        UnitAttr::get(kernel.getContext()));
                });
}

/// Fuses a launch with the nearest one in front of it that it can be fused
/// with, and returns the new launch; null where there is none.
static plan::LaunchOp fuseBack(KernelCalls &calls, const KernelCall &second,
                               bool small) {
  int64_t distance = 0;
  for (Operation *op = plan::LaunchOp(second.call)->getPrevNode();
       op && distance < window; op = op->getPrevNode()) {
    FailureOr<KernelCall> first = calls.resolve(op);
    if (failed(first))
      continue;
    ++distance;
    RowFuser fuser(calls, *first, second);
    if (fuser.canFuse(small))
      return fuser.fuse();
  }
  return nullptr;
}

/// Fuses each launch with those in front of it, as long as there is one.
static unsigned fuseAll(KernelCalls &calls, plan::ProgramOp program,
                        bool small) {
  unsigned numFused = 0;
  for (Operation &op : llvm::make_early_inc_range(program.getBody().front())) {
    FailureOr<KernelCall> second = calls.resolve(&op);
    while (succeeded(second)) {
      plan::LaunchOp fused = fuseBack(calls, *second, small);
      numFused += fused ? 1 : 0;
      second = fused ? calls.resolve(fused) : FailureOr<KernelCall>();
    }
  }
  return numFused;
}

unsigned mlir::pdq::fuseRows(KernelCalls &calls, plan::ProgramOp program) {
  unsigned numFused = 0;
  // Small ones later: they would stand between the others.
  for (bool small : {false, true})
    numFused += fuseAll(calls, program, small);
  for (auto call : llvm::to_vector(program.getOps<plan::LaunchOp>()))
    keepInRegisters(calls, call);
  return numFused;
}
