// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The payload of a structured operation on vectors.

#include "pdq/Codegen/Common/PayloadEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "pdq/Plan/IR/Plan.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::pdq;

PayloadEmitter::PayloadEmitter(ImplicitLocOpBuilder &builder,
                               const KernelStrategy &strategy, unsigned lanes)
    : b(builder), strategy(strategy), lanes(lanes) {}

Type PayloadEmitter::getWideType(Type elementType) const {
  return lanes == 1 ? elementType
                    : Type(VectorType::get({static_cast<int64_t>(lanes)},
                                           elementType));
}

Value PayloadEmitter::widen(Value value) {
  if (lanes == 1 || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(b, getWideType(value.getType()), value);
}

Value PayloadEmitter::addConstant(Value index, int64_t value) {
  if (value == 0)
    return index;
  return arith::AddIOp::create(b, index,
                               arith::ConstantIndexOp::create(b, value));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Pointer to a byte of a buffer with elements of one byte. The buffer's own
/// pointer stays visible, so that a GPU knows which memory it is in.
static Value buildBytePointer(ImplicitLocOpBuilder &b, Value flat,
                              Value address) {
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, flat);
  auto type = LLVM::LLVMPointerType::get(b.getContext());
  auto number = [&](Value index) -> Value {
    return arith::IndexCastOp::create(b, b.getI64Type(), index);
  };
  Value pointer = LLVM::IntToPtrOp::create(b, type, number(base));
  return LLVM::GEPOp::create(b, type, b.getI8Type(), pointer, number(address));
}

/// Address of an operand's element in elements.
Value PayloadEmitter::getAddress(const KernelOperand &operand,
                                 const NestPosition &position) {
  int64_t constant = operand.offset;
  if (strategy.rows)
    constant += operand.strides[*strategy.rows] * position.row;
  if (strategy.vector)
    constant += operand.strides[*strategy.vector] * position.vector;
  Value sum;
  for (auto [index, stride] :
       llvm::zip_equal(position.indices, operand.strides)) {
    if (stride == 0 || !index)
      continue;
    Value term = stride == 1
                     ? index
                     : arith::MulIOp::create(
                           b, index, arith::ConstantIndexOp::create(b, stride))
                           .getResult();
    sum = sum ? arith::AddIOp::create(b, sum, term).getResult() : term;
  }
  if (!sum)
    return arith::ConstantIndexOp::create(b, constant);
  return addConstant(sum, constant);
}

/// The buffer as one dimension, made at the top of the kernel.
Value PayloadEmitter::getFlatBuffer(Value buffer) {
  Value &flat = flatBuffers[buffer];
  if (flat)
    return flat;
  auto type = cast<MemRefType>(buffer.getType());
  int64_t size = 1;
  for (auto [extent, stride] :
       llvm::zip_equal(type.getShape(), type.getStridesAndOffset().first))
    size += (extent - 1) * stride;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&b.getBlock()
                                  ->getParent()
                                  ->getParentOfType<plan::KernelOp>()
                                  .getBody()
                                  .front());
  flat = memref::ReinterpretCastOp::create(
      b, MemRefType::get({size}, type.getElementType()), buffer,
      /*offset=*/int64_t(0), ArrayRef<int64_t>{size}, ArrayRef<int64_t>{1});
  return flat;
}

/// The alignment of whole vectors of a buffer, if they start at whole vectors,
/// where the kernel's argument states one (`llvm.align`).
llvm::MaybeAlign
PayloadEmitter::getStatedAlignment(BlockArgument buffer) const {
  auto kernel = cast<plan::KernelOp>(buffer.getOwner()->getParentOp());
  auto stated = kernel.getArgAttrOfType<IntegerAttr>(
      buffer.getArgNumber(), LLVM::LLVMDialect::getAlignAttrName());
  auto type = cast<MemRefType>(buffer.getType());
  if (!stated || !type.getElementType().isIntOrFloat())
    return std::nullopt;
  uint64_t bytes = lanes * type.getElementType().getIntOrFloatBitWidth() / 8;
  if (stated.getInt() < static_cast<int64_t>(bytes) ||
      !llvm::isPowerOf2_64(bytes))
    return std::nullopt;
  return llvm::Align(bytes);
}

/// The alignment of whole vectors of an operand where every other loop moves by
/// whole vectors.
llvm::MaybeAlign
PayloadEmitter::getVectorAlignment(const KernelOperand &operand) const {
  if (operand.offset % lanes != 0)
    return std::nullopt;
  for (auto [loop, stride] : llvm::enumerate(operand.strides))
    if (strategy.vector != loop && stride % lanes != 0)
      return std::nullopt;
  return getStatedAlignment(operand.buffer);
}

/// The alignment of whole vectors that a load of the payload reads along the
/// vectorized loop, where every other index moves by whole vectors.
llvm::MaybeAlign PayloadEmitter::getLoadAlignment(memref::LoadOp load) const {
  auto buffer = dyn_cast<BlockArgument>(load.getMemRef());
  auto [strides, offset] = load.getMemRefType().getStridesAndOffset();
  if (!buffer || !strategy.vector || offset % lanes != 0)
    return std::nullopt;
  unsigned dim = strategy.space.loops[*strategy.vector].dim;
  for (auto [index, stride] : llvm::zip_equal(load.getIndices(), strides)) {
    auto own = index.getDefiningOp<linalg::IndexOp>();
    bool isVector = own && own.getDim() == dim;
    if (!isVector && stride % lanes != 0)
      return std::nullopt;
    // A loop that was split: its blocks.
    for (auto [number, loop] : llvm::enumerate(strategy.space.loops))
      if (isVector && loop.dim == dim && strategy.vector != number &&
          stride * loop.indexStep % lanes != 0)
        return std::nullopt;
  }
  return getStatedAlignment(buffer);
}

/// Integers of less than a byte take one in memory, but a vector of them would
/// be packed.
static bool isNarrow(Type elementType) {
  auto integer = dyn_cast<IntegerType>(elementType);
  return integer && integer.getWidth() < 8;
}

/// Elements [address, address + lanes) of a buffer.
Value PayloadEmitter::loadContiguous(Value buffer, Type elementType,
                                     Value address,
                                     llvm::MaybeAlign alignment) {
  Value flat = getFlatBuffer(buffer);
  if (lanes == 1)
    return memref::LoadOp::create(b, flat, address);
  if (!isNarrow(elementType))
    return vector::LoadOp::create(b, cast<VectorType>(getWideType(elementType)),
                                  flat, address, /*nontemporal=*/false,
                                  alignment);
  Value pointer = buildBytePointer(b, flat, address);
  Value bytes = LLVM::LoadOp::create(b, getWideType(b.getI8Type()), pointer,
                                     /*alignment=*/1);
  return arith::TruncIOp::create(b, getWideType(elementType), bytes);
}

Value PayloadEmitter::load(unsigned index, const NestPosition &position) {
  const KernelOperand &operand = strategy.space.operands[index];
  if (!operand.type)
    return strategy.space.op->getOperand(index);
  int64_t stride = strategy.vector ? operand.strides[*strategy.vector] : 0;
  bool moves = strategy.rows && operand.strides[*strategy.rows] != 0;
  auto key = std::tuple(index, moves ? position.row : 0,
                        stride != 0 ? position.vector : 0);
  Value &known = loads[key];
  if (known)
    return known;
  Value address = getAddress(operand, position);
  Type elementType = operand.type.getElementType();
  if (stride == 1)
    return known = loadContiguous(operand.buffer, elementType, address,
                                  getVectorAlignment(operand));
  Value flat = getFlatBuffer(operand.buffer);
  if (stride == 0 || lanes == 1)
    return known = memref::LoadOp::create(b, flat, address);
  SmallVector<Value> elements;
  for (unsigned lane = 0; lane < lanes; ++lane)
    elements.push_back(
        memref::LoadOp::create(b, flat, addConstant(address, lane * stride)));
  return known = vector::FromElementsOp::create(
             b, cast<VectorType>(getWideType(elementType)), elements);
}

void PayloadEmitter::store(Value value, unsigned index,
                           const NestPosition &position) {
  const KernelOperand &operand = strategy.space.operands[index];
  Value address = getAddress(operand, position);
  Value flat = getFlatBuffer(operand.buffer);
  if (lanes == 1) {
    memref::StoreOp::create(b, value, flat, address);
    return;
  }
  value = widen(value);
  int64_t stride = operand.strides[*strategy.vector];
  if (stride != 1) {
    for (unsigned lane = 0; lane < lanes; ++lane)
      memref::StoreOp::create(
          b, vector::ExtractOp::create(b, value, lane).getResult(), flat,
          addConstant(address, lane * stride));
    return;
  }
  if (!isNarrow(operand.type.getElementType())) {
    vector::StoreOp::create(b, value, flat, address, /*nontemporal=*/false,
                            getVectorAlignment(operand));
    return;
  }
  Value bytes = arith::ExtUIOp::create(b, getWideType(b.getI8Type()), value);
  LLVM::StoreOp::create(b, bytes, buildBytePointer(b, flat, address),
                        /*alignment=*/1);
}

//===----------------------------------------------------------------------===//
// Payload
//===----------------------------------------------------------------------===//

/// `linalg.index`: the sum over the parts of the dimension's loop.
Value PayloadEmitter::evaluateIndex(unsigned dim,
                                    const NestPosition &position) {
  Value sum = arith::ConstantIndexOp::create(b, 0);
  bool inLanes = false;
  for (auto [i, loop] : llvm::enumerate(strategy.space.loops)) {
    if (loop.dim != dim)
      continue;
    Value index = position.indices[i];
    if (!index)
      index = arith::ConstantIndexOp::create(b, 0);
    if (strategy.rows == i)
      index = addConstant(index, position.row);
    if (strategy.vector == i)
      index = addConstant(index, position.vector);
    inLanes |= strategy.vector == i && lanes > 1;
    if (loop.indexStep != 1)
      index = arith::MulIOp::create(
          b, index, arith::ConstantIndexOp::create(b, loop.indexStep));
    sum = arith::AddIOp::create(b, sum, index);
  }
  if (!inLanes)
    return sum;
  SmallVector<APInt> steps;
  for (unsigned lane = 0; lane < lanes; ++lane)
    steps.push_back(APInt(IndexType::kInternalStorageBitWidth, lane));
  Value offsets = arith::ConstantOp::create(
      b, DenseIntElementsAttr::get(
             cast<VectorType>(getWideType(b.getIndexType())), steps));
  return arith::AddIOp::create(b, widen(sum), offsets);
}

/// A load of the payload from a buffer that it captures: a row that is chosen
/// by data, contiguous in the vectorized loop.
Value PayloadEmitter::evaluateLoad(Operation *op, const NestPosition &position,
                                   ArrayRef<Value> outputs, Evaluated &known) {
  auto load = cast<memref::LoadOp>(op);
  SmallVector<int64_t> strides =
      load.getMemRefType().getStridesAndOffset().first;
  Value address = arith::ConstantIndexOp::create(b, 0);
  int64_t laneStride = 0;
  for (auto [index, stride] : llvm::zip_equal(load.getIndices(), strides)) {
    Value part;
    auto loop = index.getDefiningOp<linalg::IndexOp>();
    bool isVectorLoop =
        loop && strategy.vector &&
        strategy.space.loops[*strategy.vector].dim == loop.getDim() &&
        lanes > 1;
    if (isVectorLoop) {
      // The first lane's index; the others follow.
      PayloadEmitter scalar(b, strategy, 1);
      part = scalar.evaluateIndex(loop.getDim(), position);
      laneStride += stride * strategy.space.loops[*strategy.vector].indexStep;
    } else {
      part = evaluateIn(index, position, outputs, known);
    }
    bool isWide =
        isa<VectorType>(part.getType()) || isa<VectorType>(address.getType());
    auto match = [&](Value value) { return isWide ? widen(value) : value; };
    Value scale = arith::ConstantIndexOp::create(b, stride);
    address = arith::AddIOp::create(
        b, match(address), arith::MulIOp::create(b, match(part), match(scale)));
  }
  return loadAtLanes(load.getMemRef(), address, laneStride,
                     getLoadAlignment(load));
}

/// One element for each lane: lane i reads at `address` (its own, or the first
/// lane's) + i * `laneStride`; vectors have `alignment`.
Value PayloadEmitter::loadAtLanes(Value buffer, Value address,
                                  int64_t laneStride,
                                  llvm::MaybeAlign alignment) {
  Type elementType = cast<MemRefType>(buffer.getType()).getElementType();
  bool isWide = isa<VectorType>(address.getType());
  if (laneStride == 1 && !isWide)
    return loadContiguous(buffer, elementType, address, alignment);
  Value flat = getFlatBuffer(buffer);
  if (laneStride == 0 && !isWide)
    return memref::LoadOp::create(b, flat, address);
  SmallVector<Value> elements;
  for (unsigned lane = 0; lane < lanes; ++lane) {
    Value own = isWide ? vector::ExtractOp::create(b, address, lane).getResult()
                       : address;
    elements.push_back(
        memref::LoadOp::create(b, flat, addConstant(own, lane * laneStride)));
  }
  return vector::FromElementsOp::create(
      b, cast<VectorType>(getWideType(elementType)), elements);
}

/// An elementwise scalar operation: stays scalar where all operands are.
Value PayloadEmitter::evaluateOperation(Operation *op,
                                        const NestPosition &position,
                                        ArrayRef<Value> outputs,
                                        Evaluated &known) {
  if (auto index = dyn_cast<linalg::IndexOp>(op))
    return evaluateIndex(index.getDim(), position);
  if (isa<memref::LoadOp>(op))
    return evaluateLoad(op, position, outputs, known);
  SmallVector<Value> operands;
  bool wide = false;
  for (Value operand : op->getOperands()) {
    operands.push_back(evaluateIn(operand, position, outputs, known));
    wide |= isa<VectorType>(operands.back().getType());
  }
  SmallVector<Type> types(op->getResultTypes());
  if (wide) {
    for (Value &operand : operands)
      operand = widen(operand);
    for (Type &type : types)
      type = getWideType(type);
  }
  OperationState state(b.getLoc(), op->getName(), operands, types,
                       op->getAttrs());
  return b.create(state)->getResult(0);
}

Value PayloadEmitter::evaluateIn(Value value, const NestPosition &position,
                                 ArrayRef<Value> outputs, Evaluated &known) {
  linalg::LinalgOp op = strategy.space.op;
  Block *body = op.getBlock();
  if (value.getParentBlock() != body)
    return value; // A constant outside.
  if (Value done = known.lookup(value))
    return done;
  Value result;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    unsigned number = argument.getArgNumber();
    unsigned numInputs = op.getNumDpsInputs();
    bool given = number >= numInputs && number - numInputs < outputs.size() &&
                 outputs[number - numInputs];
    result = given ? outputs[number - numInputs] : load(number, position);
  } else {
    result = evaluateOperation(value.getDefiningOp(), position, outputs, known);
  }
  return known[value] = result;
}

Value PayloadEmitter::evaluate(Value value, const NestPosition &position,
                               ArrayRef<Value> outputs) {
  Evaluated known;
  return evaluateIn(value, position, outputs, known);
}

SmallVector<Value> PayloadEmitter::evaluate(ValueRange values,
                                            const NestPosition &position,
                                            ArrayRef<Value> outputs) {
  Evaluated known;
  return llvm::map_to_vector(values, [&](Value value) {
    return evaluateIn(value, position, outputs, known);
  });
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Value mlir::pdq::buildCombiner(ImplicitLocOpBuilder &b,
                               const Reduction &reduction, Value lhs,
                               Value rhs) {
  OperationState state(b.getLoc(), reduction.combiner->getName(), {lhs, rhs},
                       {lhs.getType()}, reduction.combiner->getAttrs());
  return b.create(state)->getResult(0);
}

Value mlir::pdq::buildIdentity(ImplicitLocOpBuilder &b,
                               const Reduction &reduction, Type type) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr value;
  if (auto floating = dyn_cast<FloatType>(element)) {
    bool max = isa<arith::MaximumFOp, arith::MaxNumFOp>(reduction.combiner);
    bool sum = isa<arith::AddFOp>(reduction.combiner);
    APFloat number =
        sum ? APFloat::getZero(floating.getFloatSemantics())
            : APFloat::getInf(floating.getFloatSemantics(), /*Negative=*/max);
    value = FloatAttr::get(element, number);
  } else {
    unsigned width = element.getIntOrFloatBitWidth();
    APInt number = isa<arith::MaxSIOp>(reduction.combiner)
                       ? APInt::getSignedMinValue(width)
                   : isa<arith::MinSIOp>(reduction.combiner)
                       ? APInt::getSignedMaxValue(width)
                       : APInt::getZero(width);
    value = IntegerAttr::get(element, number);
  }
  if (auto vector = dyn_cast<VectorType>(type))
    value = DenseElementsAttr::get(vector, Attribute(value));
  return arith::ConstantOp::create(b, value);
}

Value mlir::pdq::buildCombined(ImplicitLocOpBuilder &b, PayloadEmitter &payload,
                               const Reduction &reduction, Value accumulator,
                               const NestPosition &at) {
  if (reduction.isMultiplyAdd) {
    Operation *product = reduction.term.getDefiningOp();
    Value lhs = payload.evaluate(product->getOperand(0), at);
    Value rhs = payload.evaluate(product->getOperand(1), at);
    if (isa<VectorType>(accumulator.getType()))
      return vector::FMAOp::create(b, payload.widen(lhs), payload.widen(rhs),
                                   accumulator);
    return arith::AddFOp::create(
        b, accumulator, arith::MulFOp::create(b, lhs, rhs).getResult());
  }
  Value term = payload.evaluate(reduction.term, at);
  if (isa<VectorType>(accumulator.getType()))
    term = payload.widen(term);
  return buildCombiner(b, reduction, accumulator, term);
}
