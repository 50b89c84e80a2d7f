// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a module of any stage on array files: accuracy, outputs, and the
// difference between two modules.

#include "Metrics.h"
#include "Network.h"
#include "RunMain.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Support/FileUtilities.h"
#include "pdq/Pipelines.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Support/Files/AtomicFile.h"
#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Files/FileSignals.h"
#include "pdq/Support/Files/ModuleFile.h"
#include "pdq/Support/MemoryLimit.h"
#include "pdq/Support/Options/CommandLine.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mlir::pdq;
namespace cl = llvm::cl;

namespace {

/// The command line. LLVM's library has options of its own, one of which is
/// `threads`; they are forgotten before these are made.
struct Options {
  cl::OptionCategory category{"pdq-run options"};
  cl::opt<std::string> modulePath{cl::Positional, cl::Required,
                                  cl::desc("<module>"), cl::cat(category)};
  cl::opt<std::string> inputPath{
      "input", cl::Required, cl::value_desc("file"),
      cl::desc("Samples: .npy file, [N, ...] as the network's input, N "
               "whatever the module's batch is; bytes [N, H, W, C] are images "
               "that are normalized. One file for each input, separated by "
               "commas"),
      cl::cat(category)};
  cl::opt<std::string> mean{
      "mean", cl::value_desc("numbers"),
      cl::desc("Images become (byte / 255 - mean) / std, per channel "
               "(0.485,0.456,0.406 for 3 channels, else 0)"),
      cl::cat(category)};
  cl::opt<std::string> deviation{
      "std", cl::value_desc("numbers"),
      cl::desc("See --mean (0.229,0.224,0.225 for 3 channels, else 1)"),
      cl::cat(category)};
  cl::opt<std::string> labelsPath{
      "labels", cl::value_desc("file"),
      cl::desc("Print the accuracy of the first output [N, classes] against "
               "these labels: .npy file of integers [N]"),
      cl::cat(category)};
  cl::opt<std::string> comparePath{
      "compare", cl::value_desc("module"),
      cl::desc("Print the difference to the outputs of this module"),
      cl::cat(category)};
  cl::opt<std::string> outputPath{
      "output", cl::value_desc("file"),
      cl::desc("Write the outputs to this .npy file; one for each output, "
               "separated by commas, or FOLDER/ for output0.npy, output1.npy "
               "and so on"),
      cl::cat(category)};
  cl::opt<std::string> entry{
      "entry", cl::value_desc("name"),
      cl::desc("Function that is the network, where a module has several"),
      cl::cat(category)};
  cl::opt<RegionBody> mode{
      "mode",
      cl::desc("Body of the regions that runs, where there are regions"),
      cl::init(RegionBody::Quantized),
      cl::values(
          clEnumValN(RegionBody::Float, "float", "what the network computes"),
          clEnumValN(RegionBody::Quantized, "quantized",
                     "what was calibrated (default)")),
      cl::cat(category)};
  cl::opt<RegionBody> compareMode{
      "compare-mode", cl::desc("The same for --compare (default: as --mode)"),
      cl::values(
          clEnumValN(RegionBody::Float, "float", "what the network computes"),
          clEnumValN(RegionBody::Quantized, "quantized",
                     "what was calibrated")),
      cl::cat(category)};
  cl::opt<unsigned> batch{"batch", cl::init(32),
                          cl::desc("Samples that are computed at once (32)"),
                          cl::cat(category)};
  cl::opt<std::string> memoryLimit{
      "memory-limit", cl::value_desc("bytes"),
      cl::desc("Memory that may be used, such as 64M or 2G (80 % of the "
               "machine's)"),
      cl::cat(category)};
  cl::opt<unsigned> threads{"threads", cl::init(0),
                            cl::desc("Threads; 0: one a core (default)"),
                            cl::cat(category)};
  cl::opt<Target> target{
      "target", cl::desc("Where the network runs"), cl::init(Target::CPU),
      cl::values(
          clEnumValN(Target::CPU, "cpu", "on the CPU (default)"),
          clEnumValN(Target::CUDA, "cuda", "on a CUDA device"),
          clEnumValN(Target::Auto, "auto", "on a CUDA device if there is one")),
      cl::cat(category)};
  cl::opt<std::string> chip{
      "chip", cl::value_desc("name"),
      cl::desc("GPU that code is generated for, such as sm_80 (default: the "
               "device's own)"),
      cl::cat(category)};
  cl::opt<std::string> math{
      "math", cl::init("fp32"), cl::value_desc("name"),
      cl::desc("Contractions on a GPU: fp32 (default), tf32 or bf16"),
      cl::cat(category)};
  cl::opt<CPUTarget> cpu{
      "cpu", cl::desc("Instruction set"), cl::init(CPUTarget::Host),
      cl::values(
          clEnumValN(CPUTarget::Host, "host",
                     "the best that this machine has (default)"),
          clEnumValN(CPUTarget::Generic, "generic", "what every CPU has"),
          clEnumValN(CPUTarget::AVX2, "avx2", "AVX2 and FMA"),
          clEnumValN(CPUTarget::AVX512, "avx512", "AVX-512")),
      cl::cat(category)};
  cl::opt<bool> inOrder{
      "in-order",
      cl::desc("Sum in the order of the module's own loops, one product and "
               "one addition at a time: the outputs have the bits that "
               "mlir-opt (-convert-linalg-to-loops) and mlir-runner give. "
               "Slow; needs target=cpu"),
      cl::cat(category)};
};

/// One call of the tool: its options, its samples, and what runs them.
struct Run {
  const Options &options;
  /// Paths and contents, one for each input.
  ArrayRef<StringRef> inputPaths;
  ArrayRef<NpyFile> files;
  /// Paths for the outputs, one for each; or none.
  ArrayRef<StringRef> outputPaths;
  std::optional<Normalization> normalization;
  std::optional<HostTensor> labels;
  Executor &executor;
  MLIRContext &context;

  FailureOr<std::vector<HostTensor>> runModule(StringRef path, RegionBody body);
  int report(ArrayRef<HostTensor> outputs);

private:
  NormalizeFrontendOptions getFrontendOptions() const;
  llvm::Error checkNumbers(const Network &network) const;
  llvm::Expected<std::vector<Samples>> getSamples(const Network &network) const;
  llvm::Error write(ArrayRef<HostTensor> outputs) const;
  llvm::Error printFirstAccuracy(ArrayRef<HostTensor> outputs) const;
};
} // namespace

static constexpr StringRef tool = "pdq-run";

static int fail(const Twine &message) { return failTool(tool, message); }

static int fail(llvm::Error error) {
  return fail(llvm::toString(std::move(error)));
}

/// An error about a file that the message does not name.
static int fail(StringRef path, llvm::Error error) {
  return fail(path + ": " + llvm::toString(std::move(error)));
}

/// Whether a path names a folder by its end.
static bool isFolder(StringRef path) { return path.ends_with("/"); }

/// What modules do not say themselves: dynamic sizes are those of the data.
NormalizeFrontendOptions Run::getFrontendOptions() const {
  NormalizeFrontendOptions frontend;
  frontend.entry = options.entry;
  frontend.sampleShape =
      llvm::join(llvm::map_range(files, getSampleSizes), ",");
  return frontend;
}

/// Checks that there is a file for each input and each output.
llvm::Error Run::checkNumbers(const Network &network) const {
  auto check = [](StringRef option, size_t numFiles, StringRef what,
                  size_t expected) -> llvm::Error {
    if (numFiles == expected)
      return llvm::Error::success();
    return llvm::createStringError(
        "option '" + option + "' names " + Twine(numFiles) +
        " files, the network has " + Twine(expected) + " " + what +
        "; expected one for each, separated by commas");
  };
  if (llvm::Error error = check("input", files.size(), "inputs",
                                network.getInputTypes().size()))
    return error;
  if (outputPaths.empty() || isFolder(options.outputPath))
    return llvm::Error::success();
  return check("output", outputPaths.size(), "outputs",
               network.getResultTypes().size());
}

llvm::Expected<std::vector<Samples>>
Run::getSamples(const Network &network) const {
  std::vector<Samples> result;
  for (auto [path, file, type] :
       llvm::zip_equal(inputPaths, files, network.getInputTypes())) {
    // The statistics are for images, which others among the inputs are not.
    bool isImage = file.getElementType() == ElementType::U8;
    auto samples = Samples::create(
        file, type, isImage || files.size() == 1 ? normalization : std::nullopt,
        llvm::errs());
    if (!samples)
      return llvm::createStringError(path + ": " +
                                     llvm::toString(samples.takeError()));
    if (samples->getNumRows() != files.front().getNumRows())
      return llvm::createStringError(
          path + ": has " + Twine(samples->getNumRows()) + " samples, " +
          inputPaths.front() + " has " + Twine(files.front().getNumRows()));
    result.push_back(std::move(*samples));
  }
  return result;
}

/// Loads a module, runs it on the samples and prints the time.
FailureOr<std::vector<HostTensor>> Run::runModule(StringRef path,
                                                  RegionBody body) {
  // A file that does not exist has no location that a diagnostic could show.
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> module = openInputFile(path, &message);
  if (!module)
    return fail(message), failure();
  if (failed(checkNesting(*module, context.getDialectRegistry())))
    return failure();
  module.reset();
  int64_t count = files.front().getNumRows();
  int64_t batch = std::clamp<int64_t>(count, 1, options.batch.getValue());
  locateDiagnosticsAt(&context, path, tool);
  FailureOr<std::unique_ptr<Network>> network = Network::load(
      path, body, getFrontendOptions(), batch, executor, &context);
  if (failed(network))
    return failure();
  if (llvm::Error error = checkNumbers(**network))
    return fail(std::move(error)), failure();
  auto samples = getSamples(**network);
  if (!samples)
    return fail(samples.takeError()), failure();
  if (failed((*network)->checkBatch(*samples, executor)))
    return failure();
  double seconds = 0;
  auto outputs = (*network)->run(*samples, seconds);
  if (!outputs)
    return fail(options.inputPath, outputs.takeError()), failure();
  llvm::outs() << path << ": " << count << " samples in "
               << llvm::format("%.3f", seconds) << " s, "
               << llvm::format("%.3f", 1e3 * seconds / count)
               << " ms a sample\n";
  remarkNotFinite(*outputs, llvm::errs());
  return std::move(*outputs);
}

/// The accuracy of the first output that has classes.
llvm::Error Run::printFirstAccuracy(ArrayRef<HostTensor> outputs) const {
  const HostTensor *logits = llvm::find_if(
      outputs, [](const HostTensor &o) { return o.getShape().size() == 2; });
  return printAccuracy(logits == outputs.end() ? outputs.front() : *logits,
                       *labels, llvm::outs());
}

/// Writes the outputs to their files.
llvm::Error Run::write(ArrayRef<HostTensor> outputs) const {
  if (outputPaths.empty())
    return llvm::Error::success();
  for (auto [number, output] : llvm::enumerate(outputs)) {
    std::string path =
        isFolder(options.outputPath)
            ? (options.outputPath + "output" + Twine(number) + ".npy").str()
            : outputPaths[number].str();
    if (llvm::Error error = writeNpy(path, output))
      return error;
  }
  return llvm::Error::success();
}

/// Prints and writes what was asked for.
int Run::report(ArrayRef<HostTensor> outputs) {
  if (llvm::Error error = write(outputs))
    return fail(std::move(error));
  if (!options.comparePath.empty()) {
    RegionBody body = options.compareMode.getNumOccurrences()
                          ? options.compareMode
                          : options.mode;
    auto others = runModule(options.comparePath, body);
    if (failed(others))
      return 1;
    if (llvm::Error error = printComparison(outputs, *others, llvm::outs()))
      return fail(std::move(error));
  }
  if (!labels)
    return 0;
  if (llvm::Error error = printFirstAccuracy(outputs))
    return fail(options.labelsPath, std::move(error));
  return 0;
}

/// Options that contradict each other: not worth the wait for the network.
static llvm::Error checkOptions(const Options &options) {
  if (options.batch == 0)
    return llvm::createStringError("option 'batch' is 0, expected at least 1");
  if (options.compareMode.getNumOccurrences() && options.comparePath.empty())
    return llvm::createStringError("option 'compare-mode' needs 'compare'");
  for (const cl::Option *option :
       {static_cast<const cl::Option *>(&options.chip),
        static_cast<const cl::Option *>(&options.math)})
    if (options.target == Target::CPU && option->getNumOccurrences())
      return llvm::createStringError("option '" + option->ArgStr +
                                     "' is for a GPU, which target=cpu is not");
  if (options.inOrder && options.target != Target::CPU)
    return llvm::createStringError("option 'in-order' needs target=cpu");
  if (!plan::symbolizeMath(options.math))
    return llvm::createStringError("option 'math' is '" + options.math +
                                   "', expected 'fp32', 'tf32' or 'bf16'");
  if (!options.memoryLimit.empty() && !readByteCount(options.memoryLimit))
    return llvm::createStringError("option 'memory-limit' is '" +
                                   options.memoryLimit +
                                   "', expected bytes such as 1500000, 64M or "
                                   "2G");
  return llvm::Error::success();
}

/// The files of an option, one for each input or output. A name that exists is
/// one, whatever commas it has.
static SmallVector<StringRef> splitPaths(StringRef text) {
  SmallVector<StringRef> paths;
  if (llvm::sys::fs::exists(text))
    paths.push_back(text);
  else if (!text.empty())
    text.split(paths, ',');
  return paths;
}

/// Outputs must not go over what is read, nor over each other.
static llvm::Error checkOutputs(const Options &options,
                                ArrayRef<StringRef> outputs,
                                ArrayRef<StringRef> inputs) {
  SmallVector<StringRef> read(inputs);
  read.append({options.modulePath, options.labelsPath, options.comparePath});
  for (auto [number, path] : llvm::enumerate(outputs)) {
    for (StringRef other : read)
      if (llvm::sys::fs::equivalent(other, path))
        return llvm::createStringError("option 'output' names '" + path +
                                       "', which is read");
    if (llvm::is_contained(outputs.take_front(number), path))
      return llvm::createStringError("option 'output' names '" + path +
                                     "' twice");
    // In a folder the first of the files stands for all.
    std::string file =
        isFolder(path) ? (path + "output0.npy").str() : path.str();
    if (llvm::Error error = checkFileWritable(file))
      return error;
  }
  return llvm::Error::success();
}

/// Errors: one of the files cannot be read.
static llvm::Expected<std::vector<NpyFile>>
openFiles(ArrayRef<StringRef> paths) {
  std::vector<NpyFile> files;
  for (StringRef path : paths) {
    llvm::Expected<NpyFile> file = NpyFile::open(path);
    if (!file)
      return file.takeError();
    files.push_back(std::move(*file));
  }
  return files;
}

/// The labels, where the options name some.
static llvm::Expected<std::optional<HostTensor>>
readLabels(const Options &options, const NpyFile &samples) {
  if (options.labelsPath.empty())
    return std::nullopt;
  llvm::Expected<HostTensor> labels = readNpy(options.labelsPath);
  if (!labels)
    return labels.takeError();
  if (llvm::Error error = checkLabels(*labels, samples.getNumRows()))
    return llvm::createStringError(options.labelsPath + ": " +
                                   llvm::toString(std::move(error)));
  return std::move(*labels);
}

/// The tool's own options, without those that every tool has.
static void printHelp(const Options &options) {
  llvm::outs() << "pdq-run: runs a module of any stage of pdq on array files\n"
                  "\n"
                  "usage: pdq-run MODULE --input=FILE [options]\n"
                  "\n";
  std::vector<std::pair<StringRef, const cl::Option *>> sorted;
  for (auto &[name, option] : cl::getRegisteredOptions())
    if (llvm::is_contained(option->Categories, &options.category))
      sorted.emplace_back(name, option);
  llvm::sort(sorted);
  constexpr size_t width = 28;
  for (auto &[name, option] : sorted)
    option->printOptionInfo(width);
}

static ExecutorOptions getExecutorOptions(const Options &options) {
  ExecutorOptions result;
  result.threads = options.threads;
  result.cpu = options.cpu;
  result.inOrder = options.inOrder;
  result.target = options.target;
  result.chip = options.chip;
  result.math = options.math;
  return result;
}

static int runTool(int argc, char **argv) {
  cl::ResetCommandLineParser();
  Options options;
  if (asksForHelp(argc, argv)) {
    printHelp(options);
    return 0;
  }
  if (failed(parseCommandLine(argc, argv, tool)))
    return 1;
  if (llvm::Error error = checkOptions(options))
    return fail(std::move(error));
  auto normalization = parseNormalization(options.mean, options.deviation);
  if (!normalization)
    return fail(normalization.takeError());
  if (!options.memoryLimit.empty())
    setMemoryLimit(*readByteCount(options.memoryLimit));
  enforceMemoryLimit("pdq-run");
  SmallVector<StringRef> inputPaths = splitPaths(options.inputPath);
  SmallVector<StringRef> outputPaths = splitPaths(options.outputPath);
  if (inputPaths.empty())
    return fail("option 'input' names no file");
  if (llvm::Error error = checkOutputs(options, outputPaths, inputPaths))
    return fail(std::move(error));
  auto files = openFiles(inputPaths);
  if (!files)
    return fail(files.takeError());
  auto labels = readLabels(options, files->front());
  if (!labels)
    return fail(labels.takeError());

  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  pdq::registerAllDialects(registry);
  Executor::getDependentDialects(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  auto executor = Executor::create(&context, getExecutorOptions(options));
  if (!executor)
    return fail(executor.takeError());
  Run run{options,
          inputPaths,
          *files,
          outputPaths,
          std::move(*normalization),
          std::move(*labels),
          **executor,
          context};
  auto outputs = run.runModule(options.modulePath, options.mode);
  return failed(outputs) ? 1 : run.report(*outputs);
}

int mlir::pdq::runMain(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  turnFileSignalsIntoErrors("pdq-run");
  int status = runWithLargeStack([&] { return runTool(argc, argv); });
  return closeStdout(tool, status);
}
