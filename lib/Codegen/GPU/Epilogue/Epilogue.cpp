// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the elements of a contraction's result to those of other operations.

#include "pdq/Codegen/GPU/Epilogue/Epilogue.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "pdq/Plan/IR/Plan.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Strategy
//===----------------------------------------------------------------------===//

AffineMap EpilogueOp::getMap(OpOperand &operand) const {
  linalg::GenericOp owner = op;
  MLIRContext *context = owner.getContext();
  SmallVector<AffineExpr> replacements = llvm::map_to_vector(
      dims, [&](unsigned dim) { return getAffineDimExpr(dim, context); });
  return owner.getMatchingIndexingMap(&operand).replaceDimsAndSymbols(
      replacements, {}, dims.size(), 0);
}

namespace {
class EpilogueMatcher {
public:
  explicit EpilogueMatcher(Value result) {
    auto type = cast<MemRefType>(result.getType());
    places[result] =
        AffineMap::getMultiDimIdentityMap(type.getRank(), type.getContext());
    written.insert(result);
  }
  FailureOr<EpilogueOp> add(linalg::GenericOp op, StringRef &reason);

private:
  bool findDims(EpilogueOp &part);
  void note(const EpilogueOp &part);
  bool touchesOwnElements(const EpilogueOp &part);

  /// How buffers are indexed by the dimensions of the result.
  DenseMap<Value, AffineMap> places;
  /// Those that the contraction or an operation writes, and those of which a
  /// thread touches more than the elements that it has.
  DenseSet<Value> written, spread;
};
} // namespace

/// From an operand whose place is known.
bool EpilogueMatcher::findDims(EpilogueOp &part) {
  for (OpOperand &operand : part.op->getOpOperands()) {
    AffineMap place = places.lookup(operand.get());
    AffineMap map = part.op.getMatchingIndexingMap(&operand);
    if (!place || !map.isPermutation())
      continue;
    part.dims.resize(part.op.getNumLoops());
    for (auto [loop, dim] :
         llvm::zip_equal(map.getResults(), place.getResults()))
      part.dims[cast<AffineDimExpr>(loop).getPosition()] =
          cast<AffineDimExpr>(dim).getPosition();
    return true;
  }
  return false;
}

/// Other elements of what is written here belong to other threads.
bool EpilogueMatcher::touchesOwnElements(const EpilogueOp &part) {
  linalg::GenericOp op = part.op;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    Value buffer = operand.get();
    if (!written.contains(buffer))
      return true;
    bool isOwnSum = op.isDpsInit(&operand) && part.reduces();
    return !spread.contains(buffer) &&
           (isOwnSum || places.lookup(buffer) == part.getMap(operand));
  });
}

void EpilogueMatcher::note(const EpilogueOp &part) {
  linalg::GenericOp op = part.op;
  op.walk([&](memref::LoadOp load) { spread.insert(load.getMemRef()); });
  for (OpOperand &operand : op->getOpOperands()) {
    Value buffer = operand.get();
    if (!isa<MemRefType>(buffer.getType()))
      continue;
    bool isOutput = op.isDpsInit(&operand);
    bool isNew = isOutput && written.insert(buffer).second;
    if (isOutput && part.reduces()) {
      if (!isNew || places.contains(buffer))
        spread.insert(buffer);
      continue;
    }
    AffineMap map = part.getMap(operand);
    bool isOwn = map.isPermutation() &&
                 places.try_emplace(buffer, map).first->second == map;
    if (!isOwn)
      spread.insert(buffer);
  }
}

FailureOr<EpilogueOp> EpilogueMatcher::add(linalg::GenericOp op,
                                           StringRef &reason) {
  EpilogueOp part;
  part.op = op;
  reason = "an operation behind it has no form on elements";
  bool reduces = op.getNumReductionLoops() > 0;
  if (!isVectorizable(op) ||
      failed(analyzeIterationSpace(op, reason, /*withOutputs=*/!reduces)))
    return failure();
  if (reduces) {
    FailureOr<Reduction> reduction = findReduction(op);
    if (failed(reduction) || op.getNumDpsInits() != 1)
      return failure();
    part.reduction = *reduction;
  }
  reason = "an operation behind it touches elements of other threads";
  if (!findDims(part))
    return failure();
  note(part);
  if (!touchesOwnElements(part))
    return failure();
  return part;
}

FailureOr<SmallVector<EpilogueOp>>
mlir::pdq::matchEpilogue(Value result, ArrayRef<linalg::LinalgOp> ops,
                         size_t maxPayload, StringRef &reason) {
  EpilogueMatcher matcher(result);
  SmallVector<EpilogueOp> parts;
  linalg::FillOp fill;
  for (linalg::LinalgOp op : ops) {
    auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
    reason = "a sum behind it starts from no fill, or a fill from no sum";
    bool reduces = generic && op.getNumReductionLoops() > 0;
    bool starts =
        fill && reduces && fill.getOutputs()[0] == generic.getOutputs()[0];
    if (starts != (fill || reduces))
      return failure();
    Value init = fill ? fill.getInputs()[0] : Value();
    fill = dyn_cast<linalg::FillOp>(op.getOperation());
    if (fill)
      continue;
    reason = "an operation behind it is too long, or no generic one";
    if (!generic || op.getBlock()->getOperations().size() > maxPayload)
      return failure();
    FailureOr<EpilogueOp> part = matcher.add(generic, reason);
    if (failed(part))
      return failure();
    part->init = init;
    parts.push_back(*part);
  }
  return fill ? FailureOr<SmallVector<EpilogueOp>>(failure()) : parts;
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

struct EpilogueEmitter::Member {
  Member(ImplicitLocOpBuilder &b, const EpilogueOp &part, unsigned lanes,
         unsigned dim)
      : part(part), nest(buildNest(part, lanes, dim)), payload(b, nest, lanes) {
    position.indices.resize(part.dims.size());
  }

  static KernelStrategy buildNest(const EpilogueOp &part, unsigned lanes,
                                  unsigned dim) {
    KernelStrategy nest;
    StringRef reason;
    nest.space = *analyzeIterationSpace(part.op, reason,
                                        /*withOutputs=*/!part.reduces());
    nest.reduction = part.reduction;
    nest.lanes = lanes;
    if (lanes > 1)
      nest.vector = llvm::find(part.dims, dim) - part.dims.begin();
    return nest;
  }

  const EpilogueOp &part;
  KernelStrategy nest;
  PayloadEmitter payload;
  NestPosition position;
};

EpilogueEmitter::EpilogueEmitter(ImplicitLocOpBuilder &b, Value result,
                                 ArrayRef<EpilogueOp> ops, unsigned lanes,
                                 unsigned dim)
    : b(b), result(result), rank(cast<MemRefType>(result.getType()).getRank()) {
  for (const EpilogueOp &op : ops)
    members.push_back(std::make_unique<Member>(b, op, lanes, dim));
}

EpilogueEmitter::~EpilogueEmitter() = default;

SmallVector<Value> EpilogueEmitter::buildIdentities() {
  SmallVector<Value> identities;
  for (auto &member : members) {
    if (!member->part.reduces())
      continue;
    linalg::GenericOp op = member->part.op;
    Type type = getElementTypeOrSelf(op.getDpsInits()[0].getType());
    identities.push_back(buildIdentity(b, member->part.reduction,
                                       member->payload.getWideType(type)));
  }
  return identities;
}

/// Hands `member` what is known at its elements, and notes what it loads.
void EpilogueEmitter::share(Member &member) {
  member.payload.startPosition();
  linalg::GenericOp op = member.part.op;
  for (OpOperand &operand : op->getOpOperands()) {
    bool isSum = member.part.reduces() && op.isDpsInit(&operand);
    if (isSum || !isa<MemRefType>(operand.get().getType()) ||
        !op.payloadUsesValueFromOperand(&operand))
      continue;
    unsigned number = operand.getOperandNumber();
    AffineMap map = member.part.getMap(operand);
    bool isKnown = false;
    for (auto [buffer, place, value] : llvm::reverse(known))
      if (buffer == operand.get() && place == map && !isKnown) {
        member.payload.provide(number, value);
        isKnown = true;
      }
    if (!isKnown)
      known.emplace_back(operand.get(), map,
                         member.payload.load(number, member.position));
  }
}

/// Computes and stores; what nothing else reads stays in registers.
void EpilogueEmitter::emitElements(Member &member) {
  linalg::GenericOp op = member.part.op;
  SmallVector<Value> values = member.payload.evaluate(
      op.getBody()->getTerminator()->getOperands(), member.position);
  for (auto [value, init] : llvm::zip_equal(values, op.getDpsInitsMutable())) {
    value = member.payload.widen(value);
    known.emplace_back(init.get(), member.part.getMap(init), value);
    auto buffer = cast<BlockArgument>(init.get());
    auto kernel = cast<plan::KernelOp>(buffer.getOwner()->getParentOp());
    if (!kernel.getArgAttr(buffer.getArgNumber(), plan::registerOnlyName))
      member.payload.store(value, init.getOperandNumber(), member.position);
  }
}

SmallVector<Value> EpilogueEmitter::emit(ArrayRef<Value> indices,
                                         Value elements, ValueRange sums) {
  SmallVector<Value> results;
  known.clear();
  known.emplace_back(result,
                     AffineMap::getMultiDimIdentityMap(rank, b.getContext()),
                     elements);
  for (auto &member : members) {
    for (auto [index, dim] :
         llvm::zip_equal(member->position.indices, member->part.dims))
      index = indices[dim];
    share(*member);
    if (member->part.reduces())
      results.push_back(buildCombined(b, member->payload,
                                      member->part.reduction,
                                      sums[results.size()], member->position));
    else
      emitElements(*member);
  }
  return results;
}
