// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles a module as calibration compiles its programs and times each of its
// public functions on resident buffers of random numbers. Prints a line a
// function: its name and the milliseconds of the fastest call.

#include "mlir/Parser/Parser.h"
#include "pdq/Calibration/Programs/Program.h"
#include "pdq/Pipelines.h"
#include "pdq/Runtime/Executor.h"
#include "llvm/Support/CommandLine.h"
#include <chrono>
#include <cmath>
#include <random>

using namespace mlir;
using namespace mlir::pdq;

namespace cl = llvm::cl;

namespace {
/// The command line. LLVM's library has an option `threads` of its own, which
/// is forgotten before these are made.
struct Options {
  cl::opt<std::string> file{cl::Positional, cl::Required, cl::desc("<module>")};
  cl::opt<unsigned> threads{"threads", cl::init(2),
                            cl::desc("Worker threads (2)")};
  cl::opt<double> seconds{"seconds", cl::init(0.5),
                          cl::desc("Time for each function (0.5)")};
  cl::opt<std::string> target{"target", cl::init("cpu"),
                              cl::desc("cpu or cuda (cpu)")};
  cl::opt<std::string> chip{"chip", cl::desc("Chip of a GPU (its own)")};
  cl::opt<std::string> math{"math", cl::init("fp32"),
                            cl::desc("Precision on a GPU: fp32, tf32 or bf16")};
};
} // namespace

/// Buffers of random numbers for 32-bit floats of these types.
static std::vector<BufferRef> makeBuffers(Executor &executor, TypeRange types) {
  std::mt19937 random(1);
  std::vector<BufferRef> buffers;
  for (Type type : types) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(type).getShape();
    HostTensor tensor(shape, ElementType::F32);
    for (float &value : tensor.values<float>())
      value = static_cast<int32_t>(random()) / 2147483648.0f;
    buffers.push_back(executor.allocate(shape, ElementType::F32));
    buffers.back()->write(tensor);
  }
  return buffers;
}

/// Calls between two looks at the clock: a device works while the host calls
/// on, so that one call alone is mostly the way there and back.
static constexpr unsigned callsOnDevice = 20;

/// Milliseconds of a call in the fastest of many groups of `count`, after two
/// calls that touch the memory. `wait` returns when all of them are done.
static double timeCalls(double seconds, unsigned count,
                        function_ref<void()> call, function_ref<void()> wait) {
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::duration<double, std::milli>;
  call();
  call();
  wait();
  double fastest = INFINITY;
  Clock::time_point start = Clock::now();
  while (Clock::now() - start < std::chrono::duration<double>(seconds)) {
    Clock::time_point before = Clock::now();
    for (unsigned i = 0; i < count; ++i)
      call();
    wait();
    fastest =
        std::min(fastest, Milliseconds(Clock::now() - before).count() / count);
  }
  return fastest;
}

static void timeFunctions(ModuleOp module, Executor &executor,
                          Executable &executable, const Options &options) {
  BufferRef probe = executor.allocate({}, ElementType::F32);
  unsigned count = options.target == "cuda" ? callsOnDevice : 1;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic())
      continue;
    auto arguments = makeBuffers(executor, function.getArgumentTypes());
    auto results = makeBuffers(executor, function.getResultTypes());
    double time = timeCalls(
        options.seconds, count,
        [&] { executable.call(function.getName(), arguments, results); },
        [&] { probe->read(); });
    llvm::outs() << function.getName() << ' ' << time << '\n';
  }
}

int main(int argc, char **argv) {
  cl::ResetCommandLineParser();
  Options options;
  cl::ParseCommandLineOptions(argc, argv, "Times functions of a module\n");
  DialectRegistry registry;
  registerAllDialects(registry);
  Executor::getDependentDialects(registry);
  MLIRContext context(registry);
  auto module = parseSourceFile<ModuleOp>(options.file, &context);
  if (!module || failed(lowerPrograms(*module)))
    return 1;
  ExecutorOptions executorOptions;
  executorOptions.threads = options.threads;
  executorOptions.math = options.math;
  executorOptions.chip = options.chip;
  executorOptions.target =
      options.target == "cuda" ? Target::CUDA : Target::CPU;
  auto executor = Executor::create(&context, executorOptions);
  if (!executor) {
    llvm::errs() << llvm::toString(executor.takeError()) << '\n';
    return 1;
  }
  auto executable = (*executor)->compile(*module);
  if (failed(executable))
    return 1;
  timeFunctions(*module, **executor, **executable, options);
}
