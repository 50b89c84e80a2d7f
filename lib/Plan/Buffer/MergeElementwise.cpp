// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One launch instead of many: elementwise operations on the same elements
// become one operation with several results. Works on buffers, where results
// have their place already, so that no store is added.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "pdq/Plan/Analysis/BufferAccesses.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_MERGEELEMENTWISE
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Operations that are looked back for a partner.
static constexpr int64_t window = 64;
/// Buffers of one kernel: beyond this, registers run out.
static constexpr unsigned maxOperands = 16;
/// Operations on fewer elements are merged even where they share nothing: a
/// launch takes longer than they do.
static constexpr int64_t fewElements = 4096;

/// Whether `op` computes each element of its buffers on its own.
static bool isElementwise(linalg::GenericOp op) {
  return op.hasPureBufferSemantics() && op.getNumReductionLoops() == 0 &&
         llvm::all_of(
             op.getDpsInits(),
             [](Value init) { return isa<MemRefType>(init.getType()); }) &&
         llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
           return op.getMatchingIndexingMap(&init).isPermutation();
         });
}

namespace {
/// Two operations that can become one, the first before the second in the
/// block.
class Merger {
public:
  /// Nothing where `first` and `second` must stay apart, or had better.
  static std::optional<Merger> match(linalg::GenericOp first,
                                     linalg::GenericOp second);
  /// Puts one operation in the place of both.
  linalg::GenericOp merge();

private:
  Merger(linalg::GenericOp first, linalg::GenericOp second)
      : first(first), second(second) {}

  bool haveSameLoops();
  bool followDifferentProducts();
  bool isWorthIt();
  bool meetInElements();
  Operation *findPlace();
  OpOperand *findWriter(Value buffer);
  void addOperands(linalg::GenericOp op);
  void clonePayload(OpBuilder &b, linalg::GenericOp op, Block *body,
                    SmallVectorImpl<Value> &yielded);
  linalg::GenericOp build(OpBuilder &b);

  linalg::GenericOp first, second;
  /// Which of the two stays where it is.
  Operation *place = nullptr;
  SmallVector<Value> inputs, outputs;
  SmallVector<AffineMap> inputMaps, outputMaps;
};
} // namespace

bool Merger::haveSameLoops() {
  return first.getStaticLoopRanges() == second.getStaticLoopRanges();
}

/// The products whose results an operation reads.
static llvm::SmallSetVector<Operation *, 2> getProducts(linalg::GenericOp op) {
  llvm::SmallSetVector<Operation *, 2> products;
  for (Value input : op.getDpsInputs()) {
    if (!isa<MemRefType>(input.getType()))
      continue;
    for (Operation *user : input.getUsers()) {
      auto writer = dyn_cast<linalg::GenericOp>(user);
      if (writer && writer != op && writer->isBeforeInBlock(op) &&
          llvm::is_contained(writer.getDpsInits(), input) &&
          isContraction(writer))
        products.insert(writer);
    }
  }
  return products;
}

/// Whether each operation reads the result of a product of its own: that can
/// take it along, and has the result while nothing is stored.
bool Merger::followDifferentProducts() {
  auto own = getProducts(first), other = getProducts(second);
  return !own.empty() && !other.empty() &&
         llvm::none_of(own, [&](Operation *op) { return other.contains(op); });
}

/// The operands of an operation, and the buffers that its payload loads from.
static SetVector<Value> getTouched(linalg::GenericOp op) {
  SetVector<Value> touched(op->operand_begin(), op->operand_end());
  op->walk([&](memref::LoadOp load) { touched.insert(load.getMemRef()); });
  return touched;
}

/// Whether two buffers are parts of one that do not meet.
static bool areApart(Value lhs, Value rhs) {
  auto a = lhs.getDefiningOp<memref::SubViewOp>(),
       b = rhs.getDefiningOp<memref::SubViewOp>();
  if (!a || !b || a.getSource() != b.getSource())
    return false;
  FailureOr<bool> overlap = ValueBoundsConstraintSet::areOverlappingSlices(
      a.getContext(), HyperrectangularSlice(a), HyperrectangularSlice(b));
  return succeeded(overlap) && !*overlap;
}

/// Whether all views of `root` that one operation has lie apart from those of
/// the other.
static bool areApart(linalg::GenericOp first, linalg::GenericOp second,
                     Value root) {
  for (Value lhs : getTouched(first))
    for (Value rhs : getTouched(second))
      if (isa<MemRefType>(lhs.getType()) && isa<MemRefType>(rhs.getType()) &&
          getRoot(lhs) == root && getRoot(rhs) == root && !areApart(lhs, rhs))
        return false;
  return true;
}

/// Whether a good part of the elements is read once instead of twice, or hardly
/// anything is.
bool Merger::isWorthIt() {
  if (first->getNumOperands() + second->getNumOperands() > maxOperands)
    return false;
  int64_t elements = 1;
  for (int64_t extent : first.getStaticLoopRanges())
    elements *= extent;
  return elements <= fewElements ||
         llvm::any_of(getTouched(second), [&](Value buffer) {
           auto type = dyn_cast<MemRefType>(buffer.getType());
           return type && type.getNumElements() >= elements / 4 &&
                  getTouched(first).contains(buffer);
         });
}

/// Where both touch a root that one of them writes, each iteration must touch
/// the same element through the same view.
bool Merger::meetInElements() {
  BufferAccesses a = getAccesses(first), b = getAccesses(second);
  auto areAligned = [&](Value root) {
    std::optional<std::pair<Value, AffineMap>> place;
    for (linalg::GenericOp op : {first, second}) {
      bool isLoaded = false;
      op->walk([&](memref::LoadOp load) {
        isLoaded |= getRoot(load.getMemRef()) == root;
      });
      if (isLoaded)
        return false;
      for (OpOperand &operand : op->getOpOperands()) {
        if (getRoot(operand.get()) != root)
          continue;
        std::pair<Value, AffineMap> own(operand.get(),
                                        op.getMatchingIndexingMap(&operand));
        if (place && *place != own)
          return false;
        place = own;
      }
    }
    return true;
  };
  for (Value root : a.writes)
    if ((b.writes.contains(root) && !areApart(first, second, root)) ||
        (b.reads.contains(root) && !areAligned(root)))
      return false;
  for (Value root : b.writes)
    if (a.reads.contains(root) && !areAligned(root))
      return false;
  return true;
}

/// The second where the first can move down to it, else the first where the
/// second can move up; null where neither can.
Operation *Merger::findPlace() {
  BufferAccesses a = getAccesses(first), b = getAccesses(second);
  bool canSink = true, canRise = true;
  for (Operation *op = first->getNextNode(); op != second;
       op = op->getNextNode()) {
    BufferAccesses between = getAccesses(op);
    canSink &= !between.conflictsWith(a);
    canRise &= !between.conflictsWith(b);
    if (!canSink && !canRise)
      return nullptr;
  }
  return canSink ? second : first;
}

std::optional<Merger> Merger::match(linalg::GenericOp first,
                                    linalg::GenericOp second) {
  Merger merger(first, second);
  if (!merger.haveSameLoops() || !merger.isWorthIt() ||
      merger.followDifferentProducts() || !merger.meetInElements())
    return std::nullopt;
  merger.place = merger.findPlace();
  if (!merger.place)
    return std::nullopt;
  return merger;
}

/// The output of the first operation that stores to `buffer`.
OpOperand *Merger::findWriter(Value buffer) {
  for (OpOperand &output : first.getDpsInitsMutable())
    if (output.get() == buffer)
      return &output;
  return nullptr;
}

void Merger::addOperands(linalg::GenericOp op) {
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    bool isComputed = op == second && findWriter(input->get());
    bool isKnown = llvm::any_of(llvm::zip(inputs, inputMaps), [&](auto pair) {
      return std::get<0>(pair) == input->get() && std::get<1>(pair) == map;
    });
    if (isComputed || isKnown)
      continue;
    inputs.push_back(input->get());
    inputMaps.push_back(map);
  }
  for (OpOperand &output : op.getDpsInitsMutable()) {
    outputs.push_back(output.get());
    outputMaps.push_back(op.getMatchingIndexingMap(&output));
  }
}

/// Clones the payload of one operation; `yielded` holds what comes before.
void Merger::clonePayload(OpBuilder &b, linalg::GenericOp op, Block *body,
                          SmallVectorImpl<Value> &yielded) {
  IRMapping mapping;
  unsigned firstOutput = yielded.size();
  for (OpOperand &operand : op->getOpOperands()) {
    Value argument = op.getMatchingBlockArgument(&operand);
    if (op.isDpsInit(&operand)) {
      unsigned number =
          firstOutput + operand.getOperandNumber() - op.getNumDpsInputs();
      mapping.map(argument, body->getArgument(inputs.size() + number));
      continue;
    }
    OpOperand *writer = op == second ? findWriter(operand.get()) : nullptr;
    if (writer) {
      mapping.map(
          argument,
          yielded[writer->getOperandNumber() - first.getNumDpsInputs()]);
      continue;
    }
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (unsigned i = 0; i < inputs.size(); ++i)
      if (inputs[i] == operand.get() && inputMaps[i] == map)
        mapping.map(argument, body->getArgument(i));
  }
  for (Operation &inner : op.getBody()->without_terminator())
    b.clone(inner, mapping);
  for (Value value : op.getBody()->getTerminator()->getOperands())
    yielded.push_back(mapping.lookupOrDefault(value));
}

linalg::GenericOp Merger::build(OpBuilder &b) {
  SmallVector<AffineMap> maps(inputMaps);
  maps.append(outputMaps);
  SmallVector<utils::IteratorType> loops(first.getNumLoops(),
                                         utils::IteratorType::parallel);
  Location loc = b.getFusedLoc({first.getLoc(), second.getLoc()});
  return linalg::GenericOp::create(
      b, loc, TypeRange(), inputs, outputs, maps, loops,
      [&](OpBuilder &inner, Location at, ValueRange args) {
        Block *body = inner.getInsertionBlock();
        SmallVector<Value> yielded;
        clonePayload(inner, first, body, yielded);
        clonePayload(inner, second, body, yielded);
        linalg::YieldOp::create(inner, at, yielded);
      });
}

linalg::GenericOp Merger::merge() {
  addOperands(first);
  addOperands(second);
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(second->getRegions(), captured);
  captured.insert(second->operand_begin(), second->operand_end());
  for (Value value : captured)
    moveBefore(value, place);
  OpBuilder b(place);
  linalg::GenericOp merged = build(b);
  first->erase();
  second->erase();
  return merged;
}

//===----------------------------------------------------------------------===//
// Dead results
//===----------------------------------------------------------------------===//

/// Whether `output` goes to memory that nothing else uses.
static bool isDead(linalg::GenericOp op, OpOperand &output) {
  if (op.payloadUsesValueFromOperand(&output))
    return false;
  SmallVector<Value> views{getRoot(output.get())};
  if (!views.front().getDefiningOp<memref::AllocOp>())
    return false;
  while (!views.empty()) {
    for (OpOperand &use : views.pop_back_val().getUses()) {
      if (isa<ViewLikeOpInterface>(use.getOwner()))
        views.push_back(use.getOwner()->getResult(0));
      else if (&use != &output)
        return false;
    }
  }
  return true;
}

/// Drops the results that only the operation itself has used.
static linalg::GenericOp dropDeadResults(linalg::GenericOp op) {
  SmallVector<Value> outputs, yielded;
  SmallVector<AffineMap> maps;
  SmallVector<unsigned> kept;
  for (OpOperand *input : op.getDpsInputOperands())
    maps.push_back(op.getMatchingIndexingMap(input));
  for (auto [number, output] : llvm::enumerate(op.getDpsInitsMutable())) {
    if (isDead(op, output))
      continue;
    kept.push_back(number);
    outputs.push_back(output.get());
    maps.push_back(op.getMatchingIndexingMap(&output));
  }
  if (static_cast<int64_t>(kept.size()) == op.getNumDpsInits() || kept.empty())
    return op;
  OpBuilder b(op);
  auto smaller = linalg::GenericOp::create(
      b, op.getLoc(), TypeRange(), op.getDpsInputs(), outputs, maps,
      op.getIteratorTypesArray(),
      [&](OpBuilder &inner, Location at, ValueRange args) {
        IRMapping mapping;
        unsigned numInputs = op.getNumDpsInputs();
        for (unsigned i = 0; i < numInputs; ++i)
          mapping.map(op.getBody()->getArgument(i), args[i]);
        for (auto [place, number] : llvm::enumerate(kept))
          mapping.map(op.getBody()->getArgument(numInputs + number),
                      args[numInputs + place]);
        for (Operation &payload : op.getBody()->without_terminator())
          inner.clone(payload, mapping);
        for (unsigned number : kept)
          yielded.push_back(mapping.lookupOrDefault(
              op.getBody()->getTerminator()->getOperand(number)));
        linalg::YieldOp::create(inner, at, yielded);
      });
  op->erase();
  return smaller;
}

//===----------------------------------------------------------------------===//
// Named operations
//===----------------------------------------------------------------------===//

/// Spells copies and other named elementwise operations as generic ones; copies
/// of a buffer to itself, which bufferization leaves behind, go.
static void generalize(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  for (auto op : llvm::to_vector(function.getOps<linalg::LinalgOp>())) {
    if (isa<linalg::GenericOp, linalg::FillOp>(op.getOperation()) ||
        op.getNumReductionLoops() > 0 || !op.hasPureBufferSemantics())
      continue;
    auto copy = dyn_cast<linalg::CopyOp>(op.getOperation());
    rewriter.setInsertionPoint(op);
    if (copy && copy.getInputs()[0] == copy.getOutputs()[0])
      rewriter.eraseOp(op);
    else
      (void)linalg::generalizeNamedOp(rewriter, op);
  }
}

namespace {
struct MergeElementwise
    : mlir::pdq::impl::MergeElementwiseBase<MergeElementwise> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isDeclaration())
        continue;
      generalize(function);
      for (Operation &op :
           llvm::make_early_inc_range(function.getBody().front()))
        if (auto generic = dyn_cast<linalg::GenericOp>(op))
          mergeBack(generic);
    }
  }

private:
  /// Merges `op` with operations before it, as long as there is one.
  void mergeBack(linalg::GenericOp op) {
    while (std::optional<Merger> merger = findMerger(op)) {
      op = dropDeadResults(merger->merge());
      ++numMerged;
    }
  }

  /// `op` with the nearest operation before it that can become one with it.
  std::optional<Merger> findMerger(linalg::GenericOp op) {
    if (!isElementwise(op))
      return std::nullopt;
    int64_t distance = 0;
    for (Operation *other = op->getPrevNode(); other && distance < window;
         other = other->getPrevNode()) {
      auto partner = dyn_cast<linalg::GenericOp>(other);
      distance += isa<linalg::LinalgOp>(other);
      if (!partner || !isElementwise(partner))
        continue;
      if (std::optional<Merger> merger = Merger::match(partner, op))
        return merger;
    }
    return std::nullopt;
  }
};
} // namespace
