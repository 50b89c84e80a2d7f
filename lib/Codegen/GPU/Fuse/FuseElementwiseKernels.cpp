// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise kernels with the same loops become one operation with several
// results. Results have their place in memory already, so that no store is
// added.

#include "Contractions.h"
#include "Fusion.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/CSE.h"

using namespace mlir;
using namespace mlir::pdq;

/// Launches that are looked back for a partner.
static constexpr int64_t window = 64;
/// Operands of a kernel: beyond this, registers run out.
static constexpr unsigned maxOperands = 16;
/// Operations on fewer elements are fused even where they share nothing: a
/// launch takes longer than they do.
static constexpr int64_t fewElements = 4096;

/// The one operation of a kernel, if it computes each element of its results on
/// its own.
static linalg::GenericOp getElementwise(plan::KernelOp kernel) {
  SmallVector<linalg::LinalgOp> ops = getKernelOps(kernel);
  auto op = ops.size() == 1 ? dyn_cast<linalg::GenericOp>(*ops.front())
                            : linalg::GenericOp();
  bool isElementwise =
      op && op.getNumReductionLoops() == 0 && !kernel.getRows() &&
      llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
        return op.getMatchingIndexingMap(&init).isPermutation();
      });
  return isElementwise ? op : linalg::GenericOp();
}

namespace {
/// A launch of an elementwise kernel.
struct ElementwiseCall : KernelCall {
  linalg::GenericOp op;

  /// The buffer that an operand of the operation is; null for scalars.
  Value getBuffer(OpOperand &operand) const {
    return isa<MemRefType>(operand.get().getType()) ? getOperand(operand.get())
                                                    : Value();
  }
  /// The buffers that the payload loads from, beside the operands.
  SetVector<Value> getLoaded() const {
    SetVector<Value> loaded;
    linalg::GenericOp(op).walk([&](memref::LoadOp load) {
      loaded.insert(getOperand(load.getMemRef()));
    });
    return loaded;
  }
};

/// Two launches, the first before the second in the block.
class ElementwiseFuser {
public:
  ElementwiseFuser(KernelCalls &calls, ElementwiseCall first,
                   ElementwiseCall second)
      : calls(calls), first(first), second(second) {}

  /// Whether they can be one operation, and had better.
  bool canFuse();
  plan::LaunchOp fuse();

private:
  bool isWorthIt();
  bool meetInElements();
  bool areAligned(Value root);

  KernelCalls &calls;
  ElementwiseCall first, second;
  Operation *place = nullptr;
};
} // namespace

/// Whether all views of `root` that one launch has lie apart from those of the
/// other.
static bool areApart(const ElementwiseCall &first,
                     const ElementwiseCall &second, Value root) {
  for (Value lhs : first.getBuffers())
    for (Value rhs : second.getBuffers())
      if (getRoot(lhs) == root && getRoot(rhs) == root && mayOverlap(lhs, rhs))
        return false;
  return true;
}

/// Whether a good part of the elements is read once instead of twice, or hardly
/// anything is.
bool ElementwiseFuser::isWorthIt() {
  if (first.op->getNumOperands() + second.op->getNumOperands() > maxOperands)
    return false;
  int64_t elements = ShapedType::getNumElements(first.op.getStaticLoopRanges());
  return elements <= fewElements ||
         llvm::any_of(second.getBuffers(), [&](Value buffer) {
           return cast<MemRefType>(buffer.getType()).getNumElements() >=
                      elements / 4 &&
                  llvm::is_contained(first.getBuffers(), buffer);
         });
}

/// Whether both touch elements of `root` iteration by iteration, through the
/// same view.
bool ElementwiseFuser::areAligned(Value root) {
  std::optional<std::pair<Value, AffineMap>> place;
  for (const ElementwiseCall &part : {first, second}) {
    linalg::GenericOp op = part.op;
    if (llvm::any_of(part.getLoaded(),
                     [&](Value buffer) { return getRoot(buffer) == root; }))
      return false;
    for (OpOperand &operand : op->getOpOperands()) {
      Value buffer = part.getBuffer(operand);
      if (!buffer || getRoot(buffer) != root)
        continue;
      std::pair<Value, AffineMap> own(buffer,
                                      op.getMatchingIndexingMap(&operand));
      if (place && *place != own)
        return false;
      place = own;
    }
  }
  return true;
}

/// Where both touch a root that one of them writes, each iteration must touch
/// the same element.
bool ElementwiseFuser::meetInElements() {
  BufferAccesses a = calls.getAccesses(first.call),
                 b = calls.getAccesses(second.call);
  for (Value root : a.writes)
    if ((b.writes.contains(root) && !areApart(first, second, root)) ||
        (b.reads.contains(root) && !areAligned(root)))
      return false;
  return llvm::all_of(b.writes, [&](Value root) {
    return !a.reads.contains(root) || areAligned(root);
  });
}

bool ElementwiseFuser::canFuse() {
  if (first.op.getStaticLoopRanges() != second.op.getStaticLoopRanges() ||
      !isWorthIt() || !meetInElements() ||
      followDifferentContractions(calls, first, second))
    return false;
  place = calls.findPlace(first, second);
  return place;
}

//===----------------------------------------------------------------------===//
// One operation
//===----------------------------------------------------------------------===//

namespace {
/// Builds one operation from two that stand in one kernel.
class Merger {
public:
  Merger(linalg::GenericOp first, linalg::GenericOp second)
      : first(first), second(second) {}
  /// Replaces both.
  linalg::GenericOp merge();

private:
  OpOperand *findWriter(Value buffer);
  void addOperands(linalg::GenericOp op);
  void clonePayload(OpBuilder &b, linalg::GenericOp op, Block *body,
                    SmallVectorImpl<Value> &yielded);

  linalg::GenericOp first, second;
  SmallVector<Value> inputs, outputs;
  SmallVector<AffineMap> inputMaps, outputMaps;
};
} // namespace

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

linalg::GenericOp Merger::merge() {
  addOperands(first);
  addOperands(second);
  SmallVector<AffineMap> maps(inputMaps);
  maps.append(outputMaps);
  SmallVector<utils::IteratorType> loops(first.getNumLoops(),
                                         utils::IteratorType::parallel);
  OpBuilder b(second);
  Location loc = b.getFusedLoc({first.getLoc(), second.getLoc()});
  auto merged = linalg::GenericOp::create(
      b, loc, TypeRange(), inputs, outputs, maps, loops,
      [&](OpBuilder &inner, Location at, ValueRange args) {
        Block *body = inner.getInsertionBlock();
        SmallVector<Value> yielded;
        clonePayload(inner, first, body, yielded);
        clonePayload(inner, second, body, yielded);
        linalg::YieldOp::create(inner, at, yielded);
      });
  first->erase();
  second->erase();
  return merged;
}

/// Drops the results that nothing needs: `isLocal` says of a buffer that no
/// other launch uses it.
static void dropDeadResults(linalg::GenericOp op,
                            function_ref<bool(Value)> isLocal) {
  SmallVector<Value> outputs, yielded;
  SmallVector<AffineMap> maps;
  SmallVector<unsigned> kept;
  for (OpOperand *input : op.getDpsInputOperands())
    maps.push_back(op.getMatchingIndexingMap(input));
  for (auto [number, output] : llvm::enumerate(op.getDpsInitsMutable())) {
    if (!op.payloadUsesValueFromOperand(&output) && output.get().hasOneUse() &&
        isLocal(output.get()))
      continue;
    kept.push_back(number);
    outputs.push_back(output.get());
    maps.push_back(op.getMatchingIndexingMap(&output));
  }
  if (static_cast<int64_t>(kept.size()) == op.getNumDpsInits() || kept.empty())
    return;
  OpBuilder b(op);
  linalg::GenericOp::create(
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
}

plan::LaunchOp ElementwiseFuser::fuse() {
  llvm::SmallDenseSet<Value> local;
  for (Value buffer : collectBuffers({first, second}))
    if (isLocal(buffer, {first, second}))
      local.insert(buffer);
  return calls.replace(
      {first, second}, place,
      [&](plan::KernelOp kernel, ArrayRef<Value> buffers) {
        SmallVector<linalg::LinalgOp> ops = getKernelOps(kernel);
        Merger merger(cast<linalg::GenericOp>(*ops[0]),
                      cast<linalg::GenericOp>(*ops[1]));
        dropDeadResults(merger.merge(), [&](Value argument) {
          unsigned number = cast<BlockArgument>(argument).getArgNumber();
          return local.contains(buffers[number]);
        });
        // Both may load or compute the same.
        IRRewriter rewriter(kernel.getContext());
        DominanceInfo dominance(kernel);
        eliminateCommonSubExpressions(rewriter, dominance, kernel);
      });
}

//===----------------------------------------------------------------------===//
// The launches of a program
//===----------------------------------------------------------------------===//

static std::optional<ElementwiseCall> match(KernelCalls &calls, Operation *op) {
  FailureOr<KernelCall> launch = calls.resolve(op);
  if (failed(launch))
    return std::nullopt;
  linalg::GenericOp elementwise = getElementwise(launch->kernel);
  if (!elementwise)
    return std::nullopt;
  return ElementwiseCall{*launch, elementwise};
}

/// Fuses a launch with the nearest one in front of it that it can be fused
/// with, and returns the new launch; null where there is none.
static plan::LaunchOp fuseBack(KernelCalls &calls,
                               const ElementwiseCall &second) {
  int64_t distance = 0;
  for (Operation *op = plan::LaunchOp(second.call)->getPrevNode();
       op && distance < window; op = op->getPrevNode()) {
    distance += isa<plan::LaunchOp>(op);
    std::optional<ElementwiseCall> first = match(calls, op);
    if (!first)
      continue;
    ElementwiseFuser fuser(calls, *first, second);
    if (fuser.canFuse())
      return fuser.fuse();
  }
  return nullptr;
}

unsigned mlir::pdq::fuseElementwise(KernelCalls &calls,
                                    plan::ProgramOp program) {
  unsigned numFused = 0;
  for (Operation &op : llvm::make_early_inc_range(program.getBody().front())) {
    std::optional<ElementwiseCall> second = match(calls, &op);
    while (second) {
      plan::LaunchOp fused = fuseBack(calls, *second);
      numFused += fused ? 1 : 0;
      second = fused ? match(calls, fused) : std::nullopt;
    }
  }
  return numFused;
}
