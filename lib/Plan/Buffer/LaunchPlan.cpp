// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading a launch plan: views become offsets, allocations places in the arena.

#include "pdq/Plan/Buffer/LaunchPlan.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"
#include "pdq/Plan/Buffer/PlanArena.h"
#include "pdq/Plan/IR/Plan.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::pdq;

static constexpr int64_t arenaAlignment = 64;

/// Bytes that one element takes in memory.
static int64_t getElementBytes(MemRefType type) {
  Type element = type.getElementType();
  unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  return llvm::PowerOf2Ceil(llvm::divideCeil(bits, 8u));
}

/// The value whose memory `value` views.
static Value getRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<memref::SubViewOp, memref::CollapseShapeOp, memref::ExpandShapeOp,
             memref::CastOp, memref::ReinterpretCastOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Offset of a view from its root, in bytes: the type of a static view says it.
static int64_t getByteOffset(Value value) {
  auto type = cast<MemRefType>(value.getType());
  return type.getStridesAndOffset().second * getElementBytes(type);
}

static RankedTensorType getTensorType(Value argument) {
  auto type = cast<MemRefType>(argument.getType());
  return RankedTensorType::get(type.getShape(), type.getElementType());
}

namespace {
/// Builds the plan of one function.
class PlanBuilder {
public:
  explicit PlanBuilder(plan::ProgramOp function)
      : function(function),
        plan{{}, function.getLoc(), {}, {}, {}, {}, {}, {}} {}
  FailureOr<LaunchPlan> build();

private:
  void addArguments();
  LogicalResult addLaunch(plan::LaunchOp op);
  LogicalResult addRoot(Operation *op);
  void placeTemporaries();

  plan::ProgramOp function;
  SymbolTableCollection symbols;
  LaunchPlan plan;
  /// Where the roots lie; those in the arena hold the number of the temporary
  /// until it is placed.
  llvm::DenseMap<Value, Place> places;
  SmallVector<Temporary> temporaries;
};
} // namespace

void PlanBuilder::addArguments() {
  for (BlockArgument argument : function.getArguments()) {
    unsigned number = argument.getArgNumber();
    Place::Space space =
        function.getArgAttr(number, plan::resultName)       ? Place::Result
        : function.getArgAttr(number, plan::persistentName) ? Place::Persistent
                                                            : Place::Argument;
    auto &types = space == Place::Result       ? plan.results
                  : space == Place::Persistent ? plan.persistent
                                               : plan.arguments;
    places[argument] = {space, static_cast<unsigned>(types.size()), 0};
    types.push_back(getTensorType(argument));
  }
}

/// Notes the memory that `op` names: an allocation or a constant.
LogicalResult PlanBuilder::addRoot(Operation *op) {
  if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
    MemRefType type = alloc.getType();
    places[alloc] = {Place::Arena, static_cast<unsigned>(temporaries.size()),
                     0};
    // An empty live range until the first launch that touches it.
    temporaries.push_back({type.getNumElements() * getElementBytes(type),
                           std::numeric_limits<int64_t>::max(), -1});
    return success();
  }
  auto get = dyn_cast<memref::GetGlobalOp>(op);
  if (!get)
    return op->emitOpError("cannot be executed: neither a view nor a kernel");
  auto global =
      symbols.lookupNearestSymbolFrom<memref::GlobalOp>(op, get.getNameAttr());
  auto value = dyn_cast_or_null<ElementsAttr>(
      global ? global.getInitialValueAttr() : nullptr);
  if (!value)
    return op->emitOpError("cannot be executed: constant has no value");
  auto *known = llvm::find(plan.constants, value);
  places[get] = {Place::Constant,
                 static_cast<unsigned>(known - plan.constants.begin()), 0};
  if (known == plan.constants.end())
    plan.constants.push_back(value);
  return success();
}

LogicalResult PlanBuilder::addLaunch(plan::LaunchOp op) {
  Launch launch;
  launch.kernel =
      symbols.lookupNearestSymbolFrom<plan::KernelOp>(op, op.getKernelAttr());
  int64_t step = plan.launches.size();
  for (Value operand : op.getOperands()) {
    Place place = places.lookup(getRoot(operand));
    place.offset = getByteOffset(operand);
    launch.operands.push_back(place);
    // What is not stored needs no place of its own.
    if (place.space != Place::Arena ||
        launch.kernel.getArgAttr(launch.operands.size() - 1,
                                 plan::registerOnlyName))
      continue;
    Temporary &temporary = temporaries[place.index];
    temporary.first = std::min(temporary.first, step);
    temporary.last = std::max(temporary.last, step);
  }
  plan.launches.push_back(std::move(launch));
  return success();
}

void PlanBuilder::placeTemporaries() {
  ArenaPlan arena = planArena(temporaries, arenaAlignment);
  plan.arenaBytes = arena.totalBytes;
  for (size_t step = 0; step < plan.launches.size(); ++step) {
    int64_t live = 0;
    for (const Temporary &temporary : temporaries)
      if (temporary.first <= static_cast<int64_t>(step) &&
          static_cast<int64_t>(step) <= temporary.last)
        live += temporary.bytes;
    plan.liveBytes = std::max(plan.liveBytes, live);
  }
  for (Launch &launch : plan.launches)
    for (Place &place : launch.operands)
      if (place.space == Place::Arena) {
        place.offset += arena.offsets[place.index];
        place.index = 0;
      }
}

FailureOr<LaunchPlan> PlanBuilder::build() {
  plan.name = function.getName().str();
  if (std::optional<StringRef> initializer = function.getInitializer())
    plan.initializer = initializer->str();
  addArguments();
  for (Operation &op : function.getBody().front()) {
    if (auto launch = dyn_cast<plan::LaunchOp>(op)) {
      if (failed(addLaunch(launch)))
        return failure();
      continue;
    }
    if (isa<plan::ReturnOp, ViewLikeOpInterface>(op) ||
        op.hasTrait<OpTrait::ConstantLike>())
      continue;
    if (failed(addRoot(&op)))
      return failure();
  }
  placeTemporaries();
  return std::move(plan);
}

FailureOr<LaunchPlan> mlir::pdq::buildLaunchPlan(plan::ProgramOp program) {
  return PlanBuilder(program).build();
}

FailureOr<std::vector<LaunchPlan>>
mlir::pdq::buildLaunchPlans(ModuleOp module) {
  std::vector<LaunchPlan> plans;
  for (auto program : module.getOps<plan::ProgramOp>()) {
    FailureOr<LaunchPlan> plan = buildLaunchPlan(program);
    if (failed(plan))
      return failure();
    plans.push_back(std::move(*plan));
  }
  return plans;
}
