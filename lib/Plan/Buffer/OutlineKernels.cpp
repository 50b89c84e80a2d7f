// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The border between plan and code: behind this pass a function is a list of
// kernel calls on views, and every kernel is a function that knows its shapes
// and nothing of where its buffers lie.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "pdq/Plan/Analysis/InitialFills.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Plan/Passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"
#include <numeric>

namespace mlir::pdq {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Operations that only name memory; the launch plan evaluates them.
static bool isPlanOperation(Operation &op) {
  return isa<memref::AllocOp, memref::GetGlobalOp, memref::SubViewOp,
             memref::CollapseShapeOp, memref::ExpandShapeOp, memref::CastOp,
             memref::ReinterpretCastOp, func::ReturnOp>(op) ||
         op.hasTrait<OpTrait::ConstantLike>();
}

/// Splits what a linalg operation reads from outside into buffers, in order of
/// appearance, and constants. Fails on anything else.
static LogicalResult collectInputs(Operation *op, SetVector<Value> &buffers,
                                   SetVector<Operation *> &constants) {
  SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  for (Value value : values) {
    if (auto type = dyn_cast<MemRefType>(value.getType())) {
      int64_t offset;
      SmallVector<int64_t> strides;
      if (!type.hasStaticShape() ||
          failed(type.getStridesAndOffset(strides, offset)) ||
          ShapedType::isDynamic(offset) ||
          llvm::any_of(strides, ShapedType::isDynamic))
        return op->emitOpError("cannot be executed: buffer of type ")
               << type << " has no static layout";
      buffers.insert(value);
      continue;
    }
    Operation *definition = value.getDefiningOp();
    if (!definition || !definition->hasTrait<OpTrait::ConstantLike>())
      return op->emitOpError("cannot be executed: it reads a scalar that is "
                             "computed outside of a linalg operation");
    constants.insert(definition);
  }
  return success();
}

/// States what a kernel may assume of the places of its buffers: `alignment`
/// bytes, or less where a view starts in between.
static void setAlignments(plan::KernelOp kernel, ArrayRef<Value> buffers,
                          unsigned alignment) {
  Builder builder(kernel);
  for (auto [number, buffer] : llvm::enumerate(buffers)) {
    auto type = cast<MemRefType>(buffer.getType());
    uint64_t bytes = llvm::divideCeil(
        type.getElementType().isIndex() ? 64 : type.getElementTypeBitWidth(),
        8);
    uint64_t offset = type.getStridesAndOffset().second * bytes;
    kernel.setArgAttr(
        number, LLVM::LLVMDialect::getAlignAttrName(),
        builder.getI64IntegerAttr(offset ? std::gcd<uint64_t>(alignment, offset)
                                         : alignment));
  }
}

/// Builds the kernel function of `fill`, if there is one, and `op`, named
/// "kernel" until its content is known.
static plan::KernelOp buildKernel(OpBuilder &builder, Operation *op,
                                  linalg::FillOp fill, ArrayRef<Value> buffers,
                                  ArrayRef<Operation *> constants) {
  SmallVector<Type> types;
  for (Value buffer : buffers)
    types.push_back(plan::dropOffset(cast<MemRefType>(buffer.getType())));
  auto kernel = plan::KernelOp::create(builder, op->getLoc(), "kernel",
                                       builder.getFunctionType(types, {}));
  Block *body = kernel.addEntryBlock();
  OpBuilder inner = OpBuilder::atBlockEnd(body);
  IRMapping mapping;
  for (auto [buffer, argument] : llvm::zip(buffers, body->getArguments()))
    mapping.map(buffer, argument);
  for (Operation *constant : constants)
    inner.clone(*constant, mapping);
  if (fill)
    inner.clone(*fill, mapping);
  inner.clone(*op, mapping);
  plan::ReturnOp::create(inner, op->getLoc());
  return kernel;
}

namespace {
/// Outlines the kernels of one module.
class Outliner {
public:
  Outliner(ModuleOp module, unsigned alignment)
      : module(module), alignment(alignment) {}
  /// `fill` is where the reduction `op` starts, or null.
  LogicalResult outline(Operation *op, linalg::FillOp fill);
  unsigned getNumKernels() const { return names.size(); }

private:
  StringRef getKernelName(plan::KernelOp kernel, Operation *op);

  ModuleOp module;
  unsigned alignment;
  /// Content of a kernel -> its name.
  llvm::StringMap<std::string> names;
};
} // namespace

/// Gives `kernel` its name, or erases it where an equal one exists.
StringRef Outliner::getKernelName(plan::KernelOp kernel, Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel.print(stream, OpPrintingFlags().printGenericOpForm().useLocalScope());
  auto [it, isNew] = names.try_emplace(text);
  if (!isNew) {
    kernel.erase();
    return it->second;
  }
  std::string name = (op->getName().stripDialect() + "_" +
                      llvm::utohexstr(llvm::xxh3_64bits(text), true, 16))
                         .str();
  while (module.lookupSymbol(name))
    name += "x";
  kernel.setName(name);
  return it->second = name;
}

LogicalResult Outliner::outline(Operation *op, linalg::FillOp fill) {
  SetVector<Value> buffers;
  SetVector<Operation *> constants;
  if (failed(collectInputs(op, buffers, constants)) ||
      (fill && failed(collectInputs(fill, buffers, constants))))
    return failure();
  OpBuilder top = OpBuilder::atBlockEnd(module.getBody());
  plan::KernelOp kernel = buildKernel(top, op, fill, buffers.getArrayRef(),
                                      constants.getArrayRef());
  if (alignment > 0)
    setAlignments(kernel, buffers.getArrayRef(), alignment);
  StringRef name = getKernelName(kernel, op);
  OpBuilder builder(op);
  plan::LaunchOp::create(builder, op->getLoc(), name, buffers.getArrayRef());
  op->erase();
  if (fill)
    fill->erase();
  return success();
}

/// True for copies of a buffer to itself, which bufferization leaves behind.
static bool isIdentityCopy(Operation *op) {
  auto copy = dyn_cast<linalg::CopyOp>(op);
  return copy && copy.getInputs()[0] == copy.getOutputs()[0];
}

/// `function`, of which launches and views are left, as a program. Its results
/// are buffers among the arguments.
static void convertToProgram(func::FuncOp function) {
  OpBuilder builder(function);
  auto program = plan::ProgramOp::create(
      builder, function.getLoc(), function.getName(),
      builder.getFunctionType(function.getArgumentTypes(), {}));
  if (ArrayAttr attributes = function.getArgAttrsAttr())
    program.setArgAttrsAttr(attributes);
  if (auto name =
          function->getAttrOfType<FlatSymbolRefAttr>(plan::initializerName))
    program.setInitializerAttr(name);
  program.getBody().takeBody(function.getBody());
  Operation *end = program.getBody().front().getTerminator();
  builder.setInsertionPoint(end);
  plan::ReturnOp::create(builder, end->getLoc());
  end->erase();
  function.erase();
}

namespace {
struct OutlineKernels : mlir::pdq::impl::OutlineKernelsBase<OutlineKernels> {
  using Base::Base;

  void runOnOperation() override {
    Outliner outliner(getOperation(), alignment);
    SmallVector<Operation *> work;
    llvm::DenseMap<Operation *, linalg::FillOp> fills;
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isDeclaration())
        functions.push_back(function);
    for (func::FuncOp function : functions) {
      if (absorbFills)
        fills.insert_range(findInitialFills(function));
      for (Operation &op : function.getBody().front())
        if (!isPlanOperation(op))
          work.push_back(&op);
    }
    for (auto [user, fill] : fills)
      llvm::erase(work, fill.getOperation());
    for (Operation *op : work) {
      if (isIdentityCopy(op)) {
        op->erase();
        continue;
      }
      if (isMemoryEffectFree(op) && op->use_empty()) {
        op->erase();
        continue;
      }
      if (!isa<linalg::LinalgOp>(op)) {
        op->emitOpError("cannot be executed: it has no form as a kernel");
        return signalPassFailure();
      }
      if (failed(outliner.outline(op, fills.lookup(op))))
        return signalPassFailure();
      ++numLaunches;
    }
    numKernels += outliner.getNumKernels();
    llvm::for_each(functions, convertToProgram);
  }
};
} // namespace
