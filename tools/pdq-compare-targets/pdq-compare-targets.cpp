// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares whole optimizer iterations of every region of a network between the
// CPU and a CUDA device, or the simulated one: losses and gradients.

#include "LockstepExecutor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "pdq/Calibration/Calibrator.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Pipelines.h"
#include "pdq/Support/Files/Npy.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"
#include <random>

using namespace mlir;
using namespace mlir::pdq;
namespace cl = llvm::cl;

namespace {
struct Options {
  cl::OptionCategory category{"pdq-compare-targets options"};
  cl::opt<std::string> modulePath{cl::Positional, cl::Required,
                                  cl::desc("<module>"), cl::cat(category)};
  cl::opt<std::string> inputPath{
      "input", cl::value_desc("file"),
      cl::desc("Samples: .npy file of f32 (default: normal numbers)"),
      cl::cat(category)};
  cl::opt<unsigned> samples{"samples", cl::init(8),
                            cl::desc("Samples that are used (8)"),
                            cl::cat(category)};
  cl::opt<unsigned> batch{"batch", cl::init(2),
                          cl::desc("Samples of a mini-batch (2)"),
                          cl::cat(category)};
  cl::opt<unsigned> tries{
      "tries", cl::init(4),
      cl::desc("Iterations, of which one must be within the tolerance (4)"),
      cl::cat(category)};
  cl::opt<double> tolerance{"tolerance", cl::init(1e-5),
                            cl::desc("Largest relative difference (1e-5)"),
                            cl::cat(category)};
  cl::opt<double> dropAct{
      "drop-act", cl::init(0.5),
      cl::desc("Probability of quantizing an element (0.5)"),
      cl::cat(category)};
  cl::opt<unsigned> bits{"bits", cl::init(2),
                         cl::desc("Bits of weights and activations (2)"),
                         cl::cat(category)};
  cl::opt<unsigned> threads{"threads", cl::init(0),
                            cl::desc("Threads of the CPU (0: one a core)"),
                            cl::cat(category)};
  cl::opt<std::string> chip{"chip", cl::desc("GPU that code is generated for"),
                            cl::cat(category)};
  cl::opt<std::string> math{
      "math", cl::init("fp32"),
      cl::desc("Precision of products: fp32, tf32 or bf16"), cl::cat(category)};
};

/// "27: 20 elementwise, 7 matrix"
std::string describe(const std::map<std::string, unsigned> &forms) {
  unsigned total = 0;
  std::string text;
  for (const auto &[form, count] : forms) {
    total += count;
    text += (text.empty() ? ": " : ", ") + std::to_string(count) + " " + form;
  }
  return std::to_string(total) + text;
}

/// Prints one line a region, and remembers what is wrong.
class Table {
public:
  Table(ModuleOp module, double tolerance) : tolerance(tolerance) {
    module.walk(
        [&](RegionOp region) { names.push_back(region.getSymName().str()); });
    llvm::outs() << "region                      loss   gradient  tried  "
                    "compile s  device s  launches\n";
  }
  void add(const RegionComparison &region) {
    bool isSlow =
        region.forms.count(plan::stringifyForm(plan::Form::Scalar).str());
    bool isWrong = isSlow || !(region.best.getLargest() <= tolerance);
    numWrong += isWrong;
    llvm::outs() << llvm::format("%-22s %9.1e  %9.1e  %5d  %9.2f  %8.2f  ",
                                 names[number++].c_str(), region.best.loss,
                                 region.best.gradient,
                                 static_cast<int>(region.numCompared),
                                 region.compileSeconds, region.seconds)
                 << describe(region.forms) << (isWrong ? "  WRONG\n" : "\n");
    llvm::outs().flush();
  }
  int finish() const {
    llvm::outs() << number << " regions, " << numWrong << " wrong\n";
    return numWrong > 0 || number == 0;
  }

private:
  double tolerance;
  std::vector<std::string> names;
  size_t number = 0, numWrong = 0;
};
} // namespace

static int fail(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "pdq-compare-targets")
      << message << "\n";
  return 1;
}

static LogicalResult annotate(ModuleOp module, unsigned bits) {
  PassManager passes(module.getContext());
  AnnotateOptions options;
  options.weightBits = bits;
  options.activationBits = bits;
  buildAnnotatePipeline(passes, options);
  return passes.run(module);
}

/// The first samples of the file, or normal numbers in the network's shape.
static llvm::Expected<HostTensor> readSamples(const Options &options,
                                              ModuleOp module) {
  if (!options.inputPath.empty()) {
    llvm::Expected<HostTensor> all = readNpy(options.inputPath);
    if (!all)
      return all.takeError();
    SmallVector<int64_t> shape(all->getShape());
    shape[0] = std::min<int64_t>(shape[0], options.samples);
    HostTensor first(shape, all->getElementType());
    std::memcpy(first.data(), all->data(), first.getNumBytes());
    return std::move(first);
  }
  auto network = *module.getOps<func::FuncOp>().begin();
  auto type = cast<RankedTensorType>(network.getArgumentTypes()[0]);
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = options.samples;
  HostTensor samples(shape, ElementType::F32);
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (float &value : samples.values<float>())
    value = normal(random);
  return std::move(samples);
}

static int run(const Options &options, MLIRContext &context) {
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(options.modulePath, &context);
  if (!module || failed(annotate(*module, options.bits)))
    return 1;
  llvm::Expected<HostTensor> samples = readSamples(options, *module);
  if (!samples)
    return fail(llvm::toString(samples.takeError()));
  ExecutorOptions executorOptions;
  executorOptions.threads = options.threads;
  executorOptions.chip = options.chip;
  executorOptions.math = options.math;
  auto device = Executor::createCUDA(&context, executorOptions);
  if (!device)
    return fail(llvm::toString(device.takeError()));

  CalibrationOptions calibration;
  calibration.iterations = options.tries;
  calibration.batch = options.batch;
  calibration.initSamples = options.samples;
  calibration.dropAct = options.dropAct;
  // The iteration is what is compared: less would be compiled for nothing.
  calibration.distributionCorrection = false;
  calibration.checkpointEvery = 0;
  Table table(*module, options.tolerance);
  LockstepExecutor executor(
      Executor::createCPU(&context, executorOptions), std::move(*device),
      options.tolerance,
      [&](const RegionComparison &region) { table.add(region); });
  CalibrationReport report;
  CalibrationData data;
  data.inputs.push_back({std::move(*samples), module->getLoc()});
  if (failed(calibrate(*module, data, calibration, executor, "", report)))
    return 1;
  return table.finish();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ResetCommandLineParser();
  Options options;
  cl::ParseCommandLineOptions(
      argc, argv,
      "Compares the iterations of a calibration between CPU and GPU\n");
  DialectRegistry registry;
  registerAllDialects(registry);
  Executor::getDependentDialects(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  return run(options, context);
}
