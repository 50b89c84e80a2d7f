// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Launches as calls of kernel functions.

#include "pdq/Plan/Buffer/KernelCalls.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace mlir::pdq;

FailureOr<KernelCall> KernelCalls::resolve(Operation *op) {
  auto call = dyn_cast<plan::LaunchOp>(op);
  auto kernel = call ? symbols.lookup<plan::KernelOp>(call.getKernel())
                     : plan::KernelOp();
  if (!kernel)
    return LogicalResult::failure();
  return KernelCall{call, kernel};
}

const BufferAccesses &KernelCalls::getAccesses(Operation *op) {
  std::unique_ptr<BufferAccesses> &known = accesses[op];
  if (known)
    return *known;
  known = std::make_unique<BufferAccesses>();
  BufferAccesses &found = *known;
  FailureOr<KernelCall> launch = resolve(op);
  if (failed(launch)) {
    found.isUnknown = isa<plan::LaunchOp>(op);
    return found;
  }
  for (Operation &inner : launch->kernel.getBody().front()) {
    BufferAccesses own = mlir::pdq::getAccesses(&inner);
    for (Value argument : own.reads)
      found.reads.insert(getRoot(launch->getOperand(argument)));
    for (Value argument : own.writes)
      found.writes.insert(getRoot(launch->getOperand(argument)));
  }
  return found;
}

namespace {
/// What a launch does with one of its buffers.
struct BufferUse {
  Value buffer;
  bool isWritten;
};
} // namespace

static SmallVector<BufferUse> getUses(const KernelCall &launch) {
  BufferAccesses accesses;
  for (Operation &inner : plan::KernelOp(launch.kernel).getBody().front()) {
    BufferAccesses own = mlir::pdq::getAccesses(&inner);
    accesses.reads.insert_range(own.reads);
    accesses.writes.insert_range(own.writes);
  }
  SmallVector<BufferUse> uses;
  for (Value argument : accesses.writes)
    uses.push_back({launch.getOperand(argument), true});
  for (Value argument : accesses.reads)
    uses.push_back({launch.getOperand(argument), false});
  return uses;
}

bool KernelCalls::mustKeepOrder(Operation *op, Operation *other) {
  if (!getAccesses(op).conflictsWith(getAccesses(other)))
    return false;
  FailureOr<KernelCall> launch = resolve(op), otherLaunch = resolve(other);
  if (failed(launch) || failed(otherLaunch))
    return true;
  SmallVector<BufferUse> otherUses = getUses(*otherLaunch);
  return llvm::any_of(getUses(*launch), [&](const BufferUse &use) {
    return llvm::any_of(otherUses, [&](const BufferUse &otherUse) {
      return (use.isWritten || otherUse.isWritten) &&
             mayOverlap(use.buffer, otherUse.buffer);
    });
  });
}

/// Adds the attributes of a part's argument to those that the fused kernel's
/// has from other parts: what one of them knows of the alignment holds for all.
static void mergeAttributes(DictionaryAttr attributes, plan::KernelOp fused,
                            unsigned number) {
  for (NamedAttribute attribute :
       attributes ? attributes.getValue() : ArrayRef<NamedAttribute>()) {
    auto known = dyn_cast_or_null<IntegerAttr>(
        fused.getArgAttr(number, attribute.getName()));
    auto own = dyn_cast<IntegerAttr>(attribute.getValue());
    if (!known || !own || own.getInt() > known.getInt())
      fused.setArgAttr(number, attribute.getName(), attribute.getValue());
  }
}

/// Clones the operations of one part in front of `end`; constants go first, so
/// that an operation can be expanded wherever it stands.
static void clonePart(const KernelCall &part, ArrayRef<Value> operands,
                      plan::KernelOp fused, Operation *end) {
  plan::KernelOp kernel = part.kernel;
  OpBuilder b(end);
  IRMapping mapping;
  for (BlockArgument argument : kernel.getArguments()) {
    unsigned number =
        llvm::find(operands, part.getOperand(argument)) - operands.begin();
    mapping.map(argument, fused.getArgument(number));
    mergeAttributes(kernel.getArgAttrDict(argument.getArgNumber()), fused,
                    number);
  }
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (isa<linalg::LinalgOp>(op))
      b.setInsertionPoint(end);
    else
      b.setInsertionPointToStart(end->getBlock());
    b.clone(op, mapping);
  }
}

Operation *KernelCalls::findPlace(const KernelCall &first,
                                  const KernelCall &second) {
  bool canSink = true, canRise = true;
  for (Operation *op = plan::LaunchOp(first.call)->getNextNode();
       op != second.call; op = op->getNextNode()) {
    const BufferAccesses &between = getAccesses(op);
    canSink &= !between.conflictsWith(getAccesses(first.call));
    canRise &= !between.conflictsWith(getAccesses(second.call));
    if (!canSink && !canRise)
      return nullptr;
  }
  return canSink ? second.call : first.call;
}

/// Erases the arguments that nothing uses, and the operands that they stand
/// for.
static void dropUnusedArguments(plan::KernelOp kernel,
                                SetVector<Value> &operands) {
  llvm::BitVector unused(kernel.getNumArguments());
  for (BlockArgument argument : kernel.getArguments())
    if (argument.use_empty())
      unused.set(argument.getArgNumber());
  SetVector<Value> used;
  for (auto [number, operand] : llvm::enumerate(operands))
    if (!unused.test(number))
      used.insert(operand);
  (void)kernel.eraseArguments(unused);
  operands = std::move(used);
}

plan::KernelOp KernelCalls::build(
    ArrayRef<KernelCall> parts, SetVector<Value> &operands,
    function_ref<void(plan::KernelOp, ArrayRef<Value>)> annotate) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Type> types =
      llvm::map_to_vector(operands, [](Value operand) -> Type {
        return plan::dropOffset(cast<MemRefType>(operand.getType()));
      });
  auto fused = plan::KernelOp::create(builder, module.getLoc(), "fused",
                                      builder.getFunctionType(types, {}));
  OpBuilder inner = OpBuilder::atBlockEnd(fused.addEntryBlock());
  Operation *end = plan::ReturnOp::create(inner, module.getLoc());
  for (const KernelCall &part : parts)
    clonePart(part, operands.getArrayRef(), fused, end);
  annotate(fused, operands.getArrayRef());
  dropUnusedArguments(fused, operands);
  std::string text;
  llvm::raw_string_ostream stream(text);
  fused.print(stream, OpPrintingFlags().printGenericOpForm().useLocalScope());
  auto [it, isNew] = known.try_emplace(text, fused);
  if (!isNew) {
    fused.erase();
    return it->second;
  }
  fused.setName("fused_" + llvm::utohexstr(llvm::xxh3_64bits(text), true, 16));
  symbols.insert(fused);
  return fused;
}

SetVector<Value> mlir::pdq::collectBuffers(ArrayRef<KernelCall> parts) {
  SetVector<Value> buffers;
  for (const KernelCall &part : parts)
    buffers.insert_range(part.getBuffers());
  return buffers;
}

plan::LaunchOp KernelCalls::replace(
    ArrayRef<KernelCall> parts, Operation *place,
    function_ref<void(plan::KernelOp, ArrayRef<Value>)> annotate) {
  SetVector<Value> operands = collectBuffers(parts);
  plan::KernelOp kernel = build(parts, operands, annotate);
  SmallVector<Value> values(operands.begin(), operands.end());
  for (Value value : values)
    moveBefore(value, place);
  OpBuilder builder(place);
  auto call = plan::LaunchOp::create(builder, place->getLoc(), kernel.getName(),
                                     values);
  for (const KernelCall &part : parts) {
    accesses.erase(part.call);
    plan::LaunchOp(part.call)->erase();
  }
  return call;
}

void KernelCalls::eraseUnused() {
  for (auto kernel : llvm::to_vector(module.getOps<plan::KernelOp>()))
    if (SymbolTable::symbolKnownUseEmpty(kernel, module))
      kernel.erase();
}

bool mlir::pdq::isLocal(Value buffer, ArrayRef<KernelCall> parts) {
  SmallVector<Value> views{getRoot(buffer)};
  if (!views.front().getDefiningOp<memref::AllocOp>() ||
      llvm::any_of(collectBuffers(parts), [&](Value other) {
        return other != buffer && getRoot(other) == getRoot(buffer);
      }))
    return false;
  while (!views.empty())
    for (Operation *user : views.pop_back_val().getUsers()) {
      if (user->getNumResults() == 1) {
        views.push_back(user->getResult(0));
        continue;
      }
      if (llvm::none_of(
              parts, [&](const KernelCall &part) { return part.call == user; }))
        return false;
    }
  return true;
}
