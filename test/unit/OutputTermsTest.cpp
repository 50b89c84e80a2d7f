// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The prediction difference of networks with several outputs, maps, sequences
// and single numbers: against plain C++, and its gradient against differences.

#include "pdq/Calibration/Programs/OutputTerms.h"
#include "DifferenceHarness.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

class OutputTermsTest : public DifferenceTest {
protected:
  /// Compiles the sum of the terms as a function of outputs and targets of
  /// these types, those of the outputs first.
  void compileTerms(ArrayRef<SmallVector<int64_t>> shapes) {
    module = ModuleOp::create(UnknownLoc::get(&context));
    ImplicitLocOpBuilder b =
        ImplicitLocOpBuilder::atBlockEnd(module->getLoc(), module->getBody());
    SmallVector<Type> types;
    for (const SmallVector<int64_t> &shape : shapes)
      types.push_back(RankedTensorType::get(shape, b.getF64Type()));
    size_t numOutputs = types.size();
    for (unsigned output : getTermOutputs(options))
      types.push_back(types[output]);
    auto scalar = RankedTensorType::get({}, b.getF64Type());
    auto function =
        func::FuncOp::create(b, "f", b.getFunctionType(types, scalar));
    function.setPrivate();
    b.setInsertionPointToStart(function.addEntryBlock());
    ValueRange arguments = function.getArguments();
    Value sum = buildOutputTerms(b, options, arguments.take_front(numOutputs),
                                 arguments.drop_front(numOutputs));
    func::ReturnOp::create(b, sum);
    addCaller("value", function, {});
    auto all = llvm::to_vector(llvm::seq<int64_t>(0, numOutputs));
    addCaller("gradient", function, all);
    compileModule();
  }

  /// Runs both functions on numbers without a pattern and compares.
  void checkTerms(ArrayRef<SmallVector<int64_t>> shapes) {
    compileTerms(shapes);
    if (HasFatalFailure())
      return;
    SmallVector<BufferRef> arguments;
    for (const SmallVector<int64_t> &shape : shapes)
      arguments.push_back(
          upload(makeRandomDoubles(shape, 1 + arguments.size())));
    double expected = 0;
    for (unsigned output : getTermOutputs(options)) {
      arguments.push_back(
          upload(makeRandomDoubles(shapes[output], 1 + arguments.size())));
      expected +=
          computeTerm(options.outputs[output], arguments[output]->read(),
                      arguments.back()->read());
    }
    EXPECT_GT(expected, 0.01);
    EXPECT_NEAR(evaluate("value", arguments), expected, 1e-9);
    SmallVector<BufferRef> results{executor->allocate({}, ElementType::F64)};
    for (const SmallVector<int64_t> &shape : shapes)
      results.push_back(executor->allocate(shape, ElementType::F64));
    executable->call("gradient", arguments, results);
    for (size_t output = 0; output < shapes.size(); ++output) {
      SCOPED_TRACE("output " + std::to_string(output));
      compareWithDifferences(results[output + 1]->read(), *arguments[output],
                             [&] { return evaluate("value", arguments); });
    }
  }

  /// loss_pd and loss_mse, element by element.
  double computeTerm(const OutputTerm &term, const HostTensor &outputs,
                     const HostTensor &targets) {
    ArrayRef<double> q = outputs.values<double>(), p = targets.values<double>();
    double factor = term.weight / options.lambdaR, sum = 0;
    if (term.loss == OutputLoss::SquaredError) {
      for (size_t i = 0; i < q.size(); ++i)
        sum += (q[i] - p[i]) * (q[i] - p[i]) / q.size();
      return sum * factor;
    }
    size_t classes = outputs.getShape()[*term.axis], inner = 1;
    for (int64_t size : outputs.getShape().drop_front(*term.axis + 1))
      inner *= size;
    auto logSoftmax = [&](ArrayRef<double> logits, size_t i) {
      size_t first = i - i / inner % classes * inner;
      double exponentials = 0;
      for (size_t k = 0; k < classes; ++k)
        exponentials +=
            std::exp(logits[first + k * inner] / options.temperature);
      return logits[i] / options.temperature - std::log(exponentials);
    };
    for (size_t i = 0; i < q.size(); ++i)
      sum += std::exp(logSoftmax(p, i)) * (logSoftmax(p, i) - logSoftmax(q, i));
    return sum / (q.size() / classes) * factor;
  }

  CalibrationOptions options;
};

/// loss_pd
TEST_F(OutputTermsTest, Logits) {
  options.outputs = {{OutputLoss::Divergence, 1}};
  checkTerms({{3, 4}});
}

TEST_F(OutputTermsTest, MapsWithChannelsFirst) {
  options.outputs = {{OutputLoss::Divergence, 1}};
  checkTerms({{2, 3, 2, 2}});
}

TEST_F(OutputTermsTest, MapsWithChannelsLast) {
  options.outputs = {{OutputLoss::Divergence, 3}};
  checkTerms({{2, 2, 3, 4}});
}

TEST_F(OutputTermsTest, ClassesBetweenPositions) {
  options.outputs = {{OutputLoss::Divergence, 2}};
  checkTerms({{2, 2, 3, 2}});
}

TEST_F(OutputTermsTest, Sequence) {
  options.temperature = 1;
  options.outputs = {{OutputLoss::Divergence, 2}};
  checkTerms({{2, 3, 4}});
}

/// loss_mse
TEST_F(OutputTermsTest, OneNumber) {
  options.outputs = {{OutputLoss::SquaredError}};
  checkTerms({{4, 1}});
}

TEST_F(OutputTermsTest, VectorOfNumbers) {
  options.outputs = {{OutputLoss::SquaredError}};
  checkTerms({{4}});
}

/// The sum over the outputs; the second one has no term.
TEST_F(OutputTermsTest, SeveralOutputsWithWeights) {
  options.outputs = {{OutputLoss::Divergence, 1, 1.0},
                     {OutputLoss::None},
                     {OutputLoss::Divergence, 1, 0.4},
                     {OutputLoss::SquaredError, std::nullopt, 2.0}};
  checkTerms({{2, 5}, {2, 3}, {2, 3, 2}, {2, 1}});
}

} // namespace
