// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Differentiates functions, runs them and compares their derivatives with
// central differences in 64 bits.

#ifndef PDQ_TEST_UNIT_DIFFERENCEHARNESS_H
#define PDQ_TEST_UNIT_DIFFERENCEHARNESS_H

#include "mlir/Parser/Parser.h"
#include "pdq/Calibration/Programs/Program.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Pipelines.h"
#include "pdq/Runtime/Executor.h"
#include "gtest/gtest.h"
#include <cmath>

namespace mlir::pdq {

constexpr double differenceStep = 1e-6, differenceTolerance = 2e-7;

/// Numbers without a pattern in [-1, 1) + offset.
inline HostTensor makeRandomDoubles(ArrayRef<int64_t> shape, uint32_t seed,
                                    double offset = 0) {
  HostTensor tensor(shape, ElementType::F64);
  for (double &value : tensor.values<double>()) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<int32_t>(seed) / 2147483648.0 + offset;
  }
  return tensor;
}

/// Compares elements of a gradient, at most `count` that are spread over it,
/// with differences of what `evaluate` reads from `argument`.
inline void compareWithDifferences(const HostTensor &gradient, Buffer &argument,
                                   function_ref<double()> evaluate,
                                   int64_t count = INT64_MAX) {
  HostTensor value = argument.read();
  double largest = 1;
  for (double element : gradient.values<double>())
    largest = std::max(largest, std::fabs(element));
  auto evaluateAt = [&](double &element, double moved) {
    double start = element;
    element = moved;
    argument.write(value);
    element = start;
    return evaluate();
  };
  int64_t size = value.getNumElements(), taken = std::min(size, count);
  for (int64_t number = 0; number < taken; ++number) {
    int64_t i = number * size / taken;
    double &element = value.values<double>()[i];
    double above = evaluateAt(element, element + differenceStep);
    double below = evaluateAt(element, element - differenceStep);
    EXPECT_NEAR(gradient.values<double>()[i],
                (above - below) / (2 * differenceStep),
                differenceTolerance * largest + differenceTolerance)
        << "element " << i;
  }
  argument.write(value);
}

/// Tests that compile functions of f64 tensors.
class DifferenceTest : public testing::Test {
protected:
  DifferenceTest() {
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadDialect<PDQDialect, func::FuncDialect>();
    executor = Executor::createCPU(&context, options);
  }

#ifdef PDQ_SIMULATED_GPU
  /// Runs on the simulated device from here on.
  void useDevice() {
    setenv("PDQ_CUDA_LIBRARY", PDQ_SIMULATED_GPU, /*overwrite=*/0);
    Executor::getDependentDialects(registry);
    context.appendDialectRegistry(registry);
    options.target = Target::CUDA;
    executor = llvm::cantFail(Executor::create(&context, options));
  }
#endif

  BufferRef upload(const HostTensor &tensor) {
    BufferRef buffer =
        executor->allocate(tensor.getShape(), tensor.getElementType());
    buffer->write(tensor);
    return buffer;
  }

  /// Adds the public function `name` that returns the results of `function`
  /// and their derivatives with respect to the arguments `wrt`.
  void addCaller(StringRef name, func::FuncOp function, ArrayRef<int64_t> wrt) {
    OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
    SmallVector<Type> types(function.getResultTypes());
    for (int64_t index : wrt)
      types.push_back(function.getArgumentTypes()[index]);
    auto caller = func::FuncOp::create(
        b, module->getLoc(), name,
        b.getFunctionType(function.getArgumentTypes(), types));
    b.setInsertionPointToStart(caller.addEntryBlock());
    auto op =
        ValueAndGradOp::create(b, module->getLoc(), types, function.getName(),
                               caller.getArguments(), wrt);
    func::ReturnOp::create(b, module->getLoc(), op.getResults());
  }

  /// Makes the public functions of the module executable.
  void compileModule() {
    ASSERT_TRUE(succeeded(lowerPrograms(*module)));
    auto compiled = executor->compile(*module);
    ASSERT_TRUE(succeeded(compiled));
    executable = std::move(*compiled);
  }

  /// Compiles @f of a module, whose arguments are f64 tensors and whose result
  /// is tensor<f64>, as "value" and with its derivatives as "gradient".
  void compile(StringRef source, ArrayRef<int64_t> wrt) {
    module = parseSourceString<ModuleOp>(source, &context);
    ASSERT_TRUE(module);
    auto function = module->lookupSymbol<func::FuncOp>("f");
    ASSERT_TRUE(function);
    function.setPrivate();
    addCaller("value", function, {});
    addCaller("gradient", function, wrt);
    compileModule();
  }

  /// The first result of a function, a scalar.
  double evaluate(StringRef name, ArrayRef<BufferRef> arguments) {
    BufferRef result = executor->allocate({}, ElementType::F64);
    executable->call(name, arguments, {result});
    return result->read().values<double>()[0];
  }

  /// Compares every element of the gradients of @f.
  void check(StringRef source, ArrayRef<int64_t> wrt, double offset = 0) {
    compile(source, wrt);
    if (HasFatalFailure())
      return;
    auto function = module->lookupSymbol<func::FuncOp>("value");
    SmallVector<BufferRef> arguments;
    for (Type type : function.getArgumentTypes())
      arguments.push_back(
          upload(makeRandomDoubles(cast<RankedTensorType>(type).getShape(),
                                   arguments.size() + 1, offset)));
    SmallVector<BufferRef> results{executor->allocate({}, ElementType::F64)};
    for (int64_t index : wrt)
      results.push_back(
          executor->allocate(arguments[index]->getShape(), ElementType::F64));
    executable->call("gradient", arguments, results);
    for (auto [place, index] : llvm::enumerate(wrt)) {
      SCOPED_TRACE("argument " + std::to_string(index));
      compareWithDifferences(results[place + 1]->read(), *arguments[index],
                             [&] { return evaluate("value", arguments); });
    }
  }

  static ExecutorOptions getOptions() {
    ExecutorOptions options;
    options.threads = 1;
    return options;
  }

  DialectRegistry registry;
  MLIRContext context;
  ExecutorOptions options = getOptions();
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<Executable> executable;
};

/// The type of a tensor of f64.
inline std::string getTypeText(ArrayRef<int64_t> shape) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + "f64>";
}

/// A function that applies `body` to its arguments and sums the squares of the
/// result %y of shape `shape`.
inline std::string withSquaredSum(StringRef arguments, StringRef body,
                                  ArrayRef<int64_t> shape) {
  std::string dims, iterators;
  for (size_t i = 0; i < shape.size(); ++i) {
    dims += (i ? ", d" : "d") + std::to_string(i);
    iterators += (i ? ", " : "") + std::string("\"reduction\"");
  }
  return "func.func @f(" + arguments.str() + ") -> tensor<f64> {\n" +
         "  %zero = arith.constant 0.0 : f64\n" + body.str() +
         "\n  %e = tensor.empty() : tensor<f64>\n"
         "  %z = linalg.fill ins(%zero : f64) outs(%e : tensor<f64>) -> "
         "tensor<f64>\n"
         "  %l = linalg.generic {indexing_maps = [affine_map<(" +
         dims + ") -> (" + dims + ")>, affine_map<(" + dims +
         ") -> ()>], iterator_types = [" + iterators +
         "]} ins(%y : " + getTypeText(shape) +
         ") outs(%z : tensor<f64>) {\n"
         "  ^bb0(%one: f64, %sum: f64):\n"
         "    %square = arith.mulf %one, %one : f64\n"
         "    %next = arith.addf %sum, %square : f64\n"
         "    linalg.yield %next : f64\n"
         "  } -> tensor<f64>\n"
         "  return %l : tensor<f64>\n}\n";
}

} // namespace mlir::pdq

#endif // PDQ_TEST_UNIT_DIFFERENCEHARNESS_H
