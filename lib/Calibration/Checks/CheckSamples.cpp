// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running a function once to see what it computes.

#include "CheckSamples.h"
#include "pdq/Calibration/Programs/Program.h"
#include "pdq/Runtime/Executor.h"
#include "llvm/Support/Format.h"
#include <cmath>
#include <limits>
#include <random>

using namespace mlir;
using namespace mlir::pdq;

bool mlir::pdq::canRun(TypeRange types) {
  return llvm::all_of(types, [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape() && tensor.getRank() > 0 &&
           succeeded(getElementType(tensor.getElementType()));
  });
}

HostTensor mlir::pdq::makeNormalSamples(RankedTensorType type) {
  HostTensor samples(type.getShape(),
                     *pdq::getElementType(type.getElementType()));
  std::mt19937 generator(1005);
  std::normal_distribution<double> normal;
  if (type.getElementType().isF32())
    for (float &value : samples.values<float>())
      value = normal(generator);
  else if (type.getElementType().isF64())
    for (double &value : samples.values<double>())
      value = normal(generator);
  return samples;
}

FailureOr<SmallVector<HostTensor>>
mlir::pdq::runOnce(ModuleOp module, StringRef name,
                   ArrayRef<HostTensor> inputs) {
  if (failed(lowerPrograms(module)))
    return failure();
  auto function = module.lookupSymbol<func::FuncOp>(name);
  auto executor = Executor::create(module.getContext(), ExecutorOptions());
  if (!executor)
    return function.emitError() << llvm::toString(executor.takeError());
  auto executable = (*executor)->compile(module);
  if (failed(executable))
    return failure();
  auto allocate = [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return (*executor)->allocate(tensor.getShape(),
                                 *pdq::getElementType(tensor.getElementType()));
  };
  SmallVector<BufferRef> arguments =
      llvm::map_to_vector(function.getArgumentTypes(), allocate);
  SmallVector<BufferRef> results =
      llvm::map_to_vector(function.getResultTypes(), allocate);
  for (auto [argument, input] : llvm::zip_equal(arguments, inputs))
    argument->write(input);
  (*executable)->call(name, arguments, results);
  return llvm::map_to_vector(results,
                             [](const BufferRef &b) { return b->read(); });
}

/// Square of the distance and of the norm, over elements that are finite in the
/// one or the other.
template <typename T>
static std::pair<double, double> measure(ArrayRef<T> expected,
                                         ArrayRef<T> found) {
  double distance = 0, norm = 0;
  for (auto [e, f] : llvm::zip_equal(expected, found)) {
    double a = e, b = f;
    if (!std::isfinite(a) && !std::isfinite(b))
      continue;
    distance += (a - b) * (a - b);
    norm += std::isfinite(a) ? a * a : 0;
  }
  return {distance, norm};
}

double mlir::pdq::getDifference(const HostTensor &expected,
                                const HostTensor &found) {
  double distance = 0, norm = 0;
  auto take = [&](auto element) {
    using T = decltype(element);
    std::tie(distance, norm) = measure(expected.values<T>(), found.values<T>());
  };
  switch (expected.getElementType()) {
  case ElementType::F32:
    take(float());
    break;
  case ElementType::F64:
    take(double());
    break;
  case ElementType::I32:
    take(int32_t());
    break;
  case ElementType::I64:
    take(int64_t());
    break;
  default:
    break;
  }
  double smallest = 1e-12 * expected.getNumElements();
  double difference = std::sqrt(distance / std::max(norm, smallest));
  return std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                : difference;
}

std::string mlir::pdq::printDifference(double difference) {
  std::string number;
  llvm::raw_string_ostream(number) << llvm::format("%.2g", difference);
  return number;
}
