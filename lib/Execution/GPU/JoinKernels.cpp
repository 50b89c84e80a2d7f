// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products take the elementwise kernels around them along: the bias in
// front, and what the result goes through behind.

#include "../BufferAccesses.h"
#include "Kernels/ElementOp.h"
#include "Kernels/MatrixPlan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/xxhash.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_JOINKERNELS
#include "pdq/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Launches that a kernel is moved across at most.
static constexpr int64_t window = 64;

namespace {
/// A launch: the call and the function it calls.
struct KernelCall {
  func::CallOp call;
  func::FuncOp kernel;

  /// The operand that a kernel's argument is bound to.
  Value getOperand(Value argument) const {
    func::CallOp owner = call;
    return owner.getOperand(cast<BlockArgument>(argument).getArgNumber());
  }
};

/// Joins the kernels of one module.
class Joiner {
public:
  explicit Joiner(ModuleOp module) : module(module), symbols(module) {}

  /// The launches of matrix products, in order. Joining erases no other ones.
  SmallVector<func::CallOp> getProducts(func::FuncOp function);

  /// Joins what can be joined with a product; returns the number of launches
  /// less.
  unsigned join(func::CallOp call);

private:
  FailureOr<KernelCall> resolve(Operation *op);
  BufferAccesses getCallAccesses(Operation *op);
  std::optional<KernelCall> findInitial(const KernelCall &main, Value result);
  std::optional<KernelCall> findEpilogue(const KernelCall &main, Value result,
                                         ArrayRef<KernelCall> before,
                                         Operation *&place);
  bool overwritesInputs(const KernelCall &epilogue, Value result,
                        ArrayRef<KernelCall> before);
  func::FuncOp build(ArrayRef<KernelCall> parts, ArrayRef<Value> operands,
                     Value unstored);

  ModuleOp module;
  SymbolTable symbols;
  /// Joined kernels by their content.
  llvm::StringMap<func::FuncOp> known;
};
} // namespace

FailureOr<KernelCall> Joiner::resolve(Operation *op) {
  auto call = dyn_cast<func::CallOp>(op);
  auto kernel =
      call ? symbols.lookup<func::FuncOp>(call.getCallee()) : func::FuncOp();
  if (!kernel || !kernel->hasAttr("pdq.kernel"))
    return failure();
  return KernelCall{call, kernel};
}

/// What a launch reads and writes; views and allocations have no accesses.
BufferAccesses Joiner::getCallAccesses(Operation *op) {
  FailureOr<KernelCall> launch = resolve(op);
  BufferAccesses accesses;
  if (failed(launch)) {
    accesses.isUnknown = isa<func::CallOp>(op);
    return accesses;
  }
  for (Operation &inner : launch->kernel.getBody().front()) {
    BufferAccesses own = getAccesses(&inner);
    for (Value argument : own.reads)
      accesses.reads.insert(getRoot(launch->getOperand(argument)));
    for (Value argument : own.writes)
      accesses.writes.insert(getRoot(launch->getOperand(argument)));
  }
  return accesses;
}

/// The one operation of a kernel, if it is elementwise.
static linalg::GenericOp getElementwise(func::FuncOp kernel) {
  auto ops = kernel.getOps<linalg::LinalgOp>();
  if (!llvm::hasSingleElement(ops))
    return nullptr;
  auto generic = dyn_cast<linalg::GenericOp>((*ops.begin()).getOperation());
  return generic && generic.getNumReductionLoops() == 0 ? generic : nullptr;
}

/// The matrix product of a kernel, alone or behind a fill; null where there is
/// none.
static linalg::LinalgOp getProduct(func::FuncOp kernel) {
  linalg::LinalgOp product;
  for (auto op : kernel.getOps<linalg::LinalgOp>()) {
    if (product)
      return nullptr;
    if (!isa<linalg::FillOp>(op.getOperation()))
      product = op;
  }
  StringRef reason;
  return product && succeeded(planMatrix(product, reason)) ? product : nullptr;
}

/// The argument of a kernel that is bound to `operand`; null where there is not
/// exactly one.
static Value findArgument(const KernelCall &launch, Value operand) {
  Value found;
  for (auto [number, value] :
       llvm::enumerate(func::CallOp(launch.call).getOperands())) {
    if (value != operand)
      continue;
    if (found)
      return nullptr;
    found = func::FuncOp(launch.kernel).getArgument(number);
  }
  return found;
}

/// The elementwise kernel that computes where the sums of `main` start.
std::optional<KernelCall> Joiner::findInitial(const KernelCall &main,
                                              Value result) {
  BufferAccesses passed = getCallAccesses(main.call);
  Value root = getRoot(result);
  int64_t distance = 0;
  for (Operation *op = func::CallOp(main.call)->getPrevNode();
       op && distance < window; op = op->getPrevNode()) {
    BufferAccesses accesses = getCallAccesses(op);
    distance += isa<func::CallOp>(op);
    if (accesses.isUnknown)
      return std::nullopt;
    bool touches =
        accesses.reads.contains(root) || accesses.writes.contains(root);
    if (!touches)
      continue;
    FailureOr<KernelCall> launch = resolve(op);
    linalg::GenericOp generic = getElementwise(launch->kernel);
    Value argument = findArgument(*launch, result);
    if (!generic || !argument || generic.getNumDpsInits() != 1 ||
        generic.getDpsInits().front() != argument ||
        accesses.reads.contains(root) || !isElementOp(generic, argument))
      return std::nullopt;
    // What it reads must still be there.
    for (Operation *between = op->getNextNode(); between != main.call;
         between = between->getNextNode())
      if (getCallAccesses(between).conflictsWith(accesses))
        return std::nullopt;
    return *launch;
  }
  return std::nullopt;
}

/// The elementwise kernel that takes the result of `main`. `place` is the call
/// that the joined kernel replaces: of the two the one that the other, with
/// `before`, can be moved to.
std::optional<KernelCall> Joiner::findEpilogue(const KernelCall &main,
                                               Value result,
                                               ArrayRef<KernelCall> before,
                                               Operation *&place) {
  Value root = getRoot(result);
  BufferAccesses moved = getCallAccesses(main.call);
  for (const KernelCall &launch : before) {
    BufferAccesses own = getCallAccesses(launch.call);
    moved.reads.insert_range(own.reads);
    moved.writes.insert_range(own.writes);
  }
  bool canSink = true;
  int64_t distance = 0;
  for (Operation *op = func::CallOp(main.call)->getNextNode();
       op && distance < window; op = op->getNextNode()) {
    BufferAccesses accesses = getCallAccesses(op);
    distance += isa<func::CallOp>(op);
    if (accesses.isUnknown)
      return std::nullopt;
    if (!accesses.reads.contains(root) && !accesses.writes.contains(root)) {
      canSink &= !accesses.conflictsWith(moved);
      continue;
    }
    FailureOr<KernelCall> launch = resolve(op);
    linalg::GenericOp generic = getElementwise(launch->kernel);
    Value argument = findArgument(*launch, result);
    if (!generic || !argument || !accesses.reads.contains(root) ||
        !isElementOp(generic, argument))
      return std::nullopt;
    place = op;
    if (canSink)
      return *launch;
    place = main.call;
    for (Operation *between = op->getPrevNode(); between != main.call;
         between = between->getPrevNode())
      if (getCallAccesses(between).conflictsWith(accesses))
        return std::nullopt;
    return *launch;
  }
  return std::nullopt;
}

/// Whether `epilogue` stores to memory that a part in front of it reads, other
/// than element by element in `result`: the blocks of one launch have no order,
/// so that one would overwrite what another still reads.
bool Joiner::overwritesInputs(const KernelCall &epilogue, Value result,
                              ArrayRef<KernelCall> before) {
  Value root = getRoot(result);
  for (Value init : getElementwise(epilogue.kernel).getDpsInits()) {
    Value place = epilogue.getOperand(init);
    if (place == result)
      continue;
    Value written = getRoot(place);
    if (written == root || llvm::any_of(before, [&](const KernelCall &part) {
          return getCallAccesses(part.call).reads.contains(written);
        }))
      return true;
  }
  return false;
}

/// A function with the operations of all parts; `operands` are what its
/// arguments stand for.
func::FuncOp Joiner::build(ArrayRef<KernelCall> parts, ArrayRef<Value> operands,
                           Value unstored) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Type> types = llvm::map_to_vector(
      operands, [](Value operand) { return operand.getType(); });
  types.append(2, builder.getIndexType());
  auto joined = func::FuncOp::create(builder, module.getLoc(), "joined",
                                     builder.getFunctionType(types, {}));
  joined.setPrivate();
  joined->setAttr("pdq.kernel", builder.getUnitAttr());
  OpBuilder inner = OpBuilder::atBlockEnd(joined.addEntryBlock());
  Operation *end = func::ReturnOp::create(inner, module.getLoc());
  for (const KernelCall &part : parts) {
    func::FuncOp kernel = part.kernel;
    IRMapping mapping;
    for (BlockArgument argument : kernel.getArguments().drop_back(2)) {
      unsigned number =
          llvm::find(operands, part.getOperand(argument)) - operands.begin();
      mapping.map(argument, joined.getArgument(number));
      if (DictionaryAttr attributes =
              kernel.getArgAttrDict(argument.getArgNumber()))
        joined.setArgAttrs(number, attributes);
    }
    // Constants go first: the product's place is where all of them are used.
    for (Operation &op : kernel.getBody().front().without_terminator()) {
      if (isa<linalg::LinalgOp>(op))
        inner.setInsertionPoint(end);
      else
        inner.setInsertionPointToStart(end->getBlock());
      inner.clone(op, mapping);
    }
  }
  if (unstored)
    joined.setArgAttr(llvm::find(operands, unstored) - operands.begin(),
                      "pdq.unstored", builder.getUnitAttr());
  std::string text;
  llvm::raw_string_ostream stream(text);
  joined.print(stream, OpPrintingFlags().printGenericOpForm().useLocalScope());
  auto [it, isNew] = known.try_emplace(text, joined);
  if (!isNew) {
    joined.erase();
    return it->second;
  }
  joined.setName("joined_" +
                 llvm::utohexstr(llvm::xxh3_64bits(text), true, 16));
  symbols.insert(joined);
  return joined;
}

/// Whether only `parts` use the temporary `result`.
static bool isLocal(Value result, ArrayRef<KernelCall> parts) {
  SmallVector<Value> views{getRoot(result)};
  if (!views.front().getDefiningOp<memref::AllocOp>())
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

/// Moves what only names memory in front of `place`.
static void moveBefore(Value value, Operation *place) {
  Operation *op = value.getDefiningOp();
  if (!op || op->isBeforeInBlock(place))
    return;
  for (Value operand : op->getOperands())
    moveBefore(operand, place);
  op->moveBefore(place);
}

SmallVector<func::CallOp> Joiner::getProducts(func::FuncOp function) {
  SmallVector<func::CallOp> products;
  for (auto call : function.getOps<func::CallOp>()) {
    FailureOr<KernelCall> launch = resolve(call);
    if (succeeded(launch) && getProduct(launch->kernel))
      products.push_back(call);
  }
  return products;
}

unsigned Joiner::join(func::CallOp call) {
  FailureOr<KernelCall> main = resolve(call);
  linalg::LinalgOp product = getProduct(main->kernel);
  Value result = main->getOperand(product.getDpsInits().front());
  if (findArgument(*main, result) != product.getDpsInits().front())
    return 0;
  SmallVector<KernelCall> parts;
  if (llvm::hasSingleElement(main->kernel.getOps<linalg::LinalgOp>()))
    if (std::optional<KernelCall> initial = findInitial(*main, result))
      parts.push_back(*initial);
  Operation *place = call;
  std::optional<KernelCall> epilogue =
      findEpilogue(*main, result, parts, place);
  parts.push_back(*main);
  if (epilogue && overwritesInputs(*epilogue, result, parts)) {
    epilogue = std::nullopt;
    place = call;
  }
  if (epilogue)
    parts.push_back(*epilogue);
  if (parts.size() == 1)
    return 0;
  SetVector<Value> operands;
  for (const KernelCall &part : parts)
    for (Value operand : func::CallOp(part.call).getOperands().drop_back(2))
      operands.insert(operand);
  // An epilogue may store to the same place.
  bool isUnstored =
      epilogue &&
      (isLocal(result, parts) ||
       llvm::is_contained(getElementwise(epilogue->kernel).getDpsInits(),
                          findArgument(*epilogue, result)));
  func::FuncOp kernel =
      build(parts, operands.getArrayRef(), isUnstored ? result : Value());
  SmallVector<Value> values(operands.begin(), operands.end());
  values.append(2, call.getOperands().back());
  for (Value value : values)
    moveBefore(value, place);
  OpBuilder builder(place);
  func::CallOp::create(builder, call.getLoc(), kernel, values);
  for (const KernelCall &part : parts)
    func::CallOp(part.call)->erase();
  return parts.size() - 1;
}

namespace {
struct JoinKernels : mlir::pdq::impl::JoinKernelsBase<JoinKernels> {
  void runOnOperation() override {
    Joiner joiner(getOperation());
    for (auto function :
         llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (function.isDeclaration() || function->hasAttr("pdq.kernel"))
        continue;
      for (func::CallOp call : joiner.getProducts(function))
        numJoined += joiner.join(call);
    }
    eraseUnused();
  }

private:
  /// Kernels that nothing launches any more.
  void eraseUnused() {
    for (auto kernel : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (kernel->hasAttr("pdq.kernel") &&
          SymbolTable::symbolKnownUseEmpty(kernel, getOperation()))
        kernel.erase();
  }
};
} // namespace
