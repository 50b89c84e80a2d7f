// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The terms of the prediction difference: one for each output of a network.

#include "pdq/Calibration/Programs/OutputTerms.h"
#include "OutputAxis.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "pdq/IR/PDQ.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

/// One item of `output-losses`.
static std::optional<OutputTerm> readTerm(StringRef text) {
  auto [name, axis] = text.split(':');
  OutputTerm term;
  auto loss = llvm::StringSwitch<std::optional<OutputLoss>>(name)
                  .Case("auto", OutputLoss::Automatic)
                  .Case("kl", OutputLoss::Divergence)
                  .Case("mse", OutputLoss::SquaredError)
                  .Case("none", OutputLoss::None)
                  .Default(std::nullopt);
  if (!loss)
    return std::nullopt;
  term.loss = *loss;
  int64_t number = 0;
  if (text.contains(':')) {
    if (*loss != OutputLoss::Divergence || axis.getAsInteger(10, number))
      return std::nullopt;
    term.axis = number;
  }
  return term;
}

static SmallVector<StringRef> splitItems(StringRef text) {
  SmallVector<StringRef> items;
  if (!text.empty())
    text.split(items, ',');
  return items;
}

LogicalResult mlir::pdq::readOutputOptions(CalibrationOptions &options,
                                           Location loc) {
  StringRef losses = options.outputLosses, weights = options.outputWeights;
  for (StringRef item : splitItems(losses)) {
    std::optional<OutputTerm> term = readTerm(item);
    if (!term)
      return emitError(loc) << "option 'output-losses' has '" << item
                            << "', expected 'auto', 'kl', 'kl:AXIS', 'mse' or "
                               "'none' for each output";
    options.outputs.push_back(*term);
  }
  for (auto [index, item] : llvm::enumerate(splitItems(weights))) {
    double weight = 0;
    if (item.getAsDouble(weight) || !std::isfinite(weight) || weight < 0)
      return emitError(loc) << "option 'output-weights' has '" << item
                            << "', expected a number that is 0 or more for "
                               "each output";
    if (losses.empty())
      options.outputs.emplace_back();
    if (index < options.outputs.size())
      options.outputs[index].weight = weight;
  }
  size_t numWeights = splitItems(weights).size();
  if (losses.empty() || weights.empty() || numWeights == options.outputs.size())
    return success();
  return emitError(loc) << "options 'output-losses' and 'output-weights' have "
                        << options.outputs.size() << " and " << numWeights
                        << " items, expected one for each output";
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

namespace {
/// Chooses the term of one output.
class TermChooser {
public:
  TermChooser(func::FuncOp network, unsigned number, Location optionLoc)
      : network(network), number(number), optionLoc(optionLoc),
        type(dyn_cast<RankedTensorType>(network.getResultTypes()[number])) {}

  LogicalResult choose(OutputTerm &term);

private:
  LogicalResult chooseAutomatically(OutputTerm &term);
  LogicalResult chooseAxis(OutputTerm &term);
  LogicalResult check(const OutputTerm &term);
  void remark(const OutputTerm &term);
  bool isFloat() const { return type && type.getElementType().isF32(); }

  func::FuncOp network;
  unsigned number;
  Location optionLoc;
  RankedTensorType type;
  /// Whether the class dimension is known from a layer, or the option.
  bool axisIsKnown = false;
};
} // namespace

LogicalResult TermChooser::chooseAutomatically(OutputTerm &term) {
  if (!isFloat()) {
    term.loss = OutputLoss::None;
    return success();
  }
  int64_t perSample =
      type.getRank() ? type.getNumElements() / type.getDimSize(0) : 0;
  term.loss =
      perSample == 1 ? OutputLoss::SquaredError : OutputLoss::Divergence;
  if (term.loss == OutputLoss::Divergence && failed(chooseAxis(term)))
    return failure();
  // One class has no prediction: a map of heights or of one probability.
  if (term.loss == OutputLoss::Divergence && type.getDimSize(*term.axis) == 1)
    term = {OutputLoss::SquaredError, std::nullopt, term.weight};
  return success();
}

/// The dimension of the classes: what the last layer makes of its output
/// channels; where that is not to be seen, dimension 1 of maps and the last one
/// of sequences.
LogicalResult TermChooser::chooseAxis(OutputTerm &term) {
  axisIsKnown = term.axis.has_value() || type.getRank() == 2;
  if (term.axis)
    return success();
  if (type.getRank() == 2) {
    term.axis = 1;
    return success();
  }
  Value output = network.getBody().front().getTerminator()->getOperand(number);
  if (std::optional<int64_t> axis = findChannelAxis(output); axis && *axis) {
    term.axis = *axis;
    axisIsKnown = true;
    return success();
  }
  term.axis = type.getRank() == 3 ? 2 : 1;
  return success();
}

LogicalResult TermChooser::check(const OutputTerm &term) {
  if (term.loss == OutputLoss::None)
    return success();
  if (!isFloat())
    return emitError(optionLoc)
           << "option 'output-losses' asks for the difference of output "
           << number << ", which is " << network.getResultTypes()[number]
           << "; expected a tensor of f32, or 'none'";
  if (term.loss == OutputLoss::SquaredError)
    return success();
  if (type.getRank() < 2)
    return emitError(optionLoc)
           << "option 'output-losses' asks for the divergence of output "
           << number << ", " << type << ", which has no classes; take 'mse'";
  if (*term.axis < 1 || *term.axis >= type.getRank())
    return emitError(optionLoc)
           << "option 'output-losses' has the class dimension " << *term.axis
           << " of output " << number << ", " << type << "; expected 1 to "
           << type.getRank() - 1;
  if (type.getDimSize(*term.axis) == 1)
    return emitError(optionLoc)
           << "option 'output-losses' asks for the divergence of output "
           << number << ", " << type
           << ", which has one class and is always 0; take 'mse'";
  return success();
}

/// Says what is done with outputs that are no logits [N, K].
void TermChooser::remark(const OutputTerm &term) {
  if (term.loss == OutputLoss::Divergence && type.getRank() == 2)
    return;
  InFlightDiagnostic diag = network.emitRemark("prediction difference: output ")
                            << number << ", "
                            << network.getResultTypes()[number];
  switch (term.loss) {
  case OutputLoss::None:
    diag << ", has no term: it is no tensor of f32";
    return;
  case OutputLoss::SquaredError:
    diag << ", has no classes: its term is the mean squared error";
    return;
  default:
    diag << ", counts as logits with the classes along dimension " << *term.axis
         << ": its term is the mean divergence over "
         << type.getNumElements() /
                (type.getDimSize(0) * type.getDimSize(*term.axis))
         << " positions";
    if (!axisIsKnown)
      diag << "; no layer says which dimension it is, output-losses=kl:AXIS "
              "does";
  }
}

LogicalResult TermChooser::choose(OutputTerm &term) {
  bool automatic = term.loss == OutputLoss::Automatic;
  if (automatic && failed(chooseAutomatically(term)))
    return failure();
  bool needsAxis = term.loss == OutputLoss::Divergence && !term.axis;
  if (needsAxis && type && type.getRank() > 1 && failed(chooseAxis(term)))
    return failure();
  if (failed(check(term)))
    return failure();
  if (automatic || needsAxis)
    remark(term);
  return success();
}

LogicalResult mlir::pdq::chooseOutputTerms(func::FuncOp network,
                                           CalibrationOptions &options,
                                           Location optionLoc) {
  unsigned numOutputs = network.getNumResults();
  if (options.outputs.empty())
    options.outputs.resize(numOutputs);
  if (options.outputs.size() != numOutputs)
    return emitError(optionLoc)
           << "options 'output-losses' and 'output-weights' have "
           << options.outputs.size() << " items, the network has " << numOutputs
           << " outputs; expected one for each";
  for (auto [number, term] : llvm::enumerate(options.outputs)) {
    if (failed(TermChooser(network, number, optionLoc).choose(term)))
      return failure();
    if (term.weight == 0)
      term.loss = OutputLoss::None;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// IR
//===----------------------------------------------------------------------===//

SmallVector<unsigned>
mlir::pdq::getTermOutputs(const CalibrationOptions &options) {
  SmallVector<unsigned> outputs;
  for (auto [number, term] : llvm::enumerate(options.outputs))
    if (term.loss != OutputLoss::None)
      outputs.push_back(number);
  return outputs;
}

/// Logits as rows [M, K], one for each sample and position.
static Value buildRows(ImplicitLocOpBuilder &b, Value logits, int64_t axis) {
  auto type = cast<RankedTensorType>(logits.getType());
  int64_t rank = type.getRank();
  if (rank == 2)
    return logits;
  auto order = llvm::to_vector(llvm::seq<int64_t>(rank));
  order.erase(order.begin() + axis);
  auto positions = llvm::to_vector<2>(llvm::seq<int64_t>(rank - 1));
  order.push_back(axis);
  Value ordered = logits;
  if (!isIdentityPermutation(order)) {
    Value init = tensor::EmptyOp::create(
        b, applyPermutation(type.getShape(), ArrayRef(order)),
        type.getElementType());
    ordered = linalg::TransposeOp::create(b, logits, init, order)->getResult(0);
  }
  SmallVector<ReassociationIndices> groups{positions, {rank - 1}};
  return tensor::CollapseShapeOp::create(b, ordered, groups);
}

static Value buildTerm(ImplicitLocOpBuilder &b, const OutputTerm &term,
                       const CalibrationOptions &options, Value predicted,
                       Value target) {
  Type element = getElementTypeOrSelf(predicted.getType());
  auto scalar = RankedTensorType::get({}, element);
  double lambda = options.lambdaR / term.weight;
  if (term.loss == OutputLoss::Divergence)
    return PredictionDifferenceOp::create(
        b, scalar, buildRows(b, predicted, *term.axis),
        buildRows(b, target, *term.axis), APFloat(options.temperature),
        APFloat(lambda));
  // loss_mse: the operation sums along its axis, here the batch, and takes the
  // mean over all others.
  int64_t samples = cast<RankedTensorType>(predicted.getType()).getDimSize(0);
  Value sum = ReconstructionLossOp::create(b, scalar, predicted, target,
                                           /*axis=*/0);
  return buildMul(b, sum, buildScalar(b, element, 1.0 / (samples * lambda)));
}

Value mlir::pdq::buildOutputTerms(ImplicitLocOpBuilder &b,
                                  const CalibrationOptions &options,
                                  ValueRange predicted, ValueRange targets) {
  Value sum;
  for (auto [number, target] :
       llvm::zip_equal(getTermOutputs(options), targets)) {
    Value term = buildTerm(b, options.outputs[number], options,
                           predicted[number], target);
    sum = sum ? buildAdd(b, sum, term) : term;
  }
  return sum ? sum : buildScalar(b, b.getF32Type(), 0.0);
}
