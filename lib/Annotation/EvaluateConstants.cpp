// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluates what depends on constants only, so that computed weights and biases
// are constants to all passes behind.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Constants/ConstantEvaluator.h"
#include "pdq/Network/Layers/LayerForm.h"
#include "pdq/Network/Layers/Structure.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_EVALUATECONSTANTS
#include "pdq/Annotation/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// The values of a block that are computed from constants and read by data.
class ComputedConstants {
public:
  explicit ComputedConstants(Block &block);

  /// Evaluates them one after another; counts those that became constants.
  unsigned evaluate();

private:
  void addReadsOf(Operation *op, const DataPath &path);
  void add(Value value, Operation *reader, bool isWhole);
  void replace(Value value, const ConstantTensor &elements, bool isWhole);

  /// How a value is read.
  struct Use {
    Operation *reader;
    /// Its reader wants all elements in one constant: it is a weight.
    bool isWhole;
  };
  llvm::MapVector<Value, Use> computed;
  int64_t batch = 1;
};
} // namespace

/// Operations of the data path that the results of the block depend on. What
/// an earlier pass has replaced still stands there.
static SmallVector<Operation *> findLive(Block &block, const DataPath &path) {
  SmallVector<Operation *> live;
  DenseSet<Operation *> known{block.getTerminator()};
  for (Operation *op : llvm::reverse(path.getOperations())) {
    bool isRead = llvm::any_of(op->getUsers(), [&](Operation *user) {
      return known.contains(block.findAncestorOpInBlock(*user));
    });
    if (!isRead)
      continue;
    known.insert(op);
    live.push_back(op);
  }
  std::reverse(live.begin(), live.end());
  return live;
}

ComputedConstants::ComputedConstants(Block &block) {
  if (block.getNumArguments() > 0) {
    auto input = dyn_cast<RankedTensorType>(block.getArgument(0).getType());
    if (input && input.getRank() > 0 && !input.isDynamicDim(0))
      batch = input.getDimSize(0);
  }
  DataPath path(block);
  for (Operation *op : findLive(block, path))
    addReadsOf(op, path);
}

void ComputedConstants::addReadsOf(Operation *op, const DataPath &path) {
  for (OpOperand &operand : op->getOpOperands()) {
    bool isWeight = isMultiplyAccumulate(op) && operand.getOperandNumber() < 2;
    if (!path.contains(operand.get()))
      add(operand.get(), op, isWeight || isa<BatchNormOp>(op));
  }
}

/// Whether a weight that is repeated goes along with the samples, as products
/// by batches want it.
static bool followsSamples(Operation *reader) {
  auto product = cast<linalg::LinalgOp>(reader);
  AffineMap result =
      product.getMatchingIndexingMap(product.getDpsInitOperand(0));
  if (result.getNumResults() == 0)
    return false;
  AffineExpr sample = result.getResult(0);
  return llvm::all_of(product.getDpsInputOperands(), [&](OpOperand *operand) {
    return llvm::is_contained(
        product.getMatchingIndexingMap(operand).getResults(), sample);
  });
}

/// Adds the computed values behind `value`. Views of constants stay, and what
/// only repeats them: the batch may be in its shape.
void ComputedConstants::add(Value value, Operation *reader, bool isWhole) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  if (!type || !op || matchPattern(value, m_Constant()) ||
      isa<tensor::EmptyOp, tensor::DimOp>(op) || op->getNumRegions() > 1)
    return;
  bool isWeight = isWhole && isMultiplyAccumulate(reader);
  bool isRepetition = isBroadcast(op) && !isView(op);
  if (isView(op) || (isRepetition && (!isWeight || followsSamples(reader))))
    return add(op->getOperand(0), reader, isWhole);
  if (isa<linalg::FillOp>(op) && !isWeight)
    return;
  auto [known, isNew] = computed.insert({value, {reader, isWhole}});
  if (!isNew)
    known->second.isWhole |= isWhole;
}

/// Puts a constant in the place of a value. Dimensions along which all slices
/// are equal, and that could hold the batch, are repeated by a broadcast.
void ComputedConstants::replace(Value value, const ConstantTensor &elements,
                                bool isWhole) {
  OpBuilder builder(value.getDefiningOp());
  Location loc = value.getLoc();
  SmallVector<int64_t> repeated, shape;
  ConstantTensor unique = isWhole || batch == 1
                              ? elements
                              : elements.dropRepetitions(batch, repeated);
  for (auto [dim, size] : llvm::enumerate(unique.getShape()))
    if (!llvm::is_contained(repeated, dim))
      shape.push_back(size);
  Value constant = arith::ConstantOp::create(
      builder, loc, unique.reshape(shape).getAttribute());
  if (!repeated.empty()) {
    auto type = cast<RankedTensorType>(value.getType());
    Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                          type.getElementType());
    constant =
        linalg::BroadcastOp::create(builder, loc, constant, empty, repeated)
            ->getResult(0);
  }
  value.replaceAllUsesWith(constant);
}

unsigned ComputedConstants::evaluate() {
  unsigned count = 0;
  for (auto &[value, use] : computed) {
    // An evaluator of its own for each, so that intermediate tensors go.
    ConstantEvaluator evaluator;
    if (auto elements = evaluator.evaluate(value)) {
      replace(value, *elements, use.isWhole);
      ++count;
    } else if (isMultiplyAccumulate(use.reader)) {
      InFlightDiagnostic diag = use.reader->emitRemark(
          "weight is computed from constants, but cannot be evaluated: the "
          "layer stays in floating point");
      diag.attachNote(value.getLoc()) << "computed here";
    }
  }
  return count;
}

namespace {
struct EvaluateConstants : pdq::impl::EvaluateConstantsBase<EvaluateConstants> {
  using Base::Base;

  void runOnOperation() override {
    getOperation()->walk([&](Block *block) {
      if (isa_and_nonnull<FunctionOpInterface>(block->getParentOp()) &&
          llvm::hasSingleElement(*block->getParent()))
        numEvaluated += ComputedConstants(*block).evaluate();
    });
    RewritePatternSet patterns(&getContext());
    populateLayerFormPatterns(patterns);
    GreedyRewriteConfig config;
    config.enableFolding(false);
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns),
                                     config))) {
      getOperation()->emitError("forms of layers did not converge");
      signalPassFailure();
    }
  }
};
} // namespace
