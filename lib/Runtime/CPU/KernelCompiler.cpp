// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels travel as text into contexts of their own, one a thread: compilation
// runs in parallel and leaves nothing behind in the user's context, and the
// text is the key under which the code is kept.

#include "pdq/Runtime/CPU/KernelCompiler.h"
#include "CodeGenerator.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "pdq/Codegen/CPU/Pipelines.h"
#include "pdq/Runtime/Dialects.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// One kernel on its way through a job.
struct PendingKernel {
  plan::KernelOp source;
  std::string text;
  /// Name in the linker; unlike names of functions it never occurs twice.
  std::string symbol;
  CompiledKernel result;
  /// Why it runs as scalar loops, or empty.
  std::string declined;
};

/// The kernels that one thread compiles, and what came of them.
struct Job {
  SmallVector<PendingKernel *> kernels;
  std::unique_ptr<llvm::MemoryBuffer> code;
  /// What went wrong, or empty.
  std::string error;
};

class KernelCompilerImpl : public KernelCompiler {
public:
  KernelCompilerImpl(CPUTarget target, unsigned threads, bool inOrder,
                     llvm::orc::JITTargetMachineBuilder machine,
                     std::unique_ptr<llvm::orc::LLJIT> linker);
  FailureOr<SmallVector<const CompiledKernel *>>
  compile(ArrayRef<plan::KernelOp> kernels) override;

private:
  LogicalResult compileNew(MutableArrayRef<PendingKernel> kernels);
  void runJob(Job &job, MLIRContext &context) const;
  LogicalResult emit(Job &job, ModuleOp module) const;
  LogicalResult link(MutableArrayRef<Job> jobs);
  void remarkDeclined(const PendingKernel &kernel);

  CPUTarget target;
  bool inOrder;
  llvm::orc::JITTargetMachineBuilder machine;
  std::unique_ptr<llvm::orc::LLJIT> linker;
  std::vector<std::unique_ptr<MLIRContext>> contexts;
  /// Text of a kernel -> its code.
  llvm::StringMap<CompiledKernel> known;
  /// Kinds of kernels that the user knows to be slow.
  llvm::StringSet<> remarked;
  uint64_t numSymbols = 0;
};

} // namespace

/// A context for kernels. Its threads are ours: one context a thread.
static std::unique_ptr<MLIRContext> createContext() {
  DialectRegistry registry;
  registerExecutorDialects(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  return std::make_unique<MLIRContext>(registry,
                                       MLIRContext::Threading::DISABLED);
}

KernelCompilerImpl::KernelCompilerImpl(
    CPUTarget target, unsigned threads, bool inOrder,
    llvm::orc::JITTargetMachineBuilder machine,
    std::unique_ptr<llvm::orc::LLJIT> linker)
    : target(target), inOrder(inOrder), machine(std::move(machine)),
      linker(std::move(linker)) {
  for (unsigned i = 0; i < threads; ++i)
    contexts.push_back(createContext());
}

FailureOr<SmallVector<const CompiledKernel *>>
KernelCompilerImpl::compile(ArrayRef<plan::KernelOp> kernels) {
  SmallVector<std::string> texts;
  std::vector<PendingKernel> pending;
  llvm::StringSet<> isPending;
  for (plan::KernelOp kernel : kernels) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    // By default the whole module around the kernel is verified and numbered.
    kernel.print(stream, OpPrintingFlags().assumeVerified().useLocalScope());
    if (!known.contains(text) && isPending.insert(text).second)
      pending.push_back(
          {kernel, text, "kernel_" + std::to_string(numSymbols++), {}, {}});
    texts.push_back(std::move(text));
  }
  if (failed(compileNew(pending)))
    return failure();
  SmallVector<const CompiledKernel *> code;
  for (const std::string &text : texts)
    code.push_back(&known.find(text)->second);
  return code;
}

LogicalResult
KernelCompilerImpl::compileNew(MutableArrayRef<PendingKernel> kernels) {
  if (kernels.empty())
    return success();
  std::vector<Job> jobs(std::min(contexts.size(), kernels.size()));
  for (auto [index, kernel] : llvm::enumerate(kernels))
    jobs[index % jobs.size()].kernels.push_back(&kernel);
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < jobs.size(); ++i)
    threads.emplace_back([&, i] { runJob(jobs[i], *contexts[i]); });
  runJob(jobs[0], *contexts[0]);
  for (std::thread &thread : threads)
    thread.join();
  return link(jobs);
}

/// Adds the function that the thread pool calls: it takes the operands from an
/// array.
static void buildEntry(LLVM::LLVMFuncOp kernel, StringRef symbol) {
  OpBuilder builder(kernel);
  Location loc = kernel.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Type index = builder.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(builder.getContext()), {pointer, index, index});
  auto entry = LLVM::LLVMFuncOp::create(builder, loc, symbol, type);
  Block *body = entry.addEntryBlock(builder);
  builder.setInsertionPointToStart(body);
  SmallVector<Value> operands;
  for (int32_t i = 0, e = kernel.getNumArguments() - 2; i < e; ++i) {
    Value slot =
        LLVM::GEPOp::create(builder, loc, pointer, pointer,
                            body->getArgument(0), ArrayRef<LLVM::GEPArg>{i});
    operands.push_back(LLVM::LoadOp::create(builder, loc, pointer, slot));
  }
  operands.append({body->getArgument(1), body->getArgument(2)});
  LLVM::CallOp::create(builder, loc, kernel, operands);
  LLVM::ReturnOp::create(builder, loc, ValueRange());
}

/// Text of the kernels -> object code.
LogicalResult KernelCompilerImpl::emit(Job &job, ModuleOp module) const {
  PassManager loops(module.getContext());
  if (inOrder)
    buildEmitInOrderKernelsPipeline(loops);
  else
    buildEmitCPUKernelsPipeline(loops, getVectorWidth(target));
  if (failed(loops.run(module)))
    return failure();
  for (auto [kernel, function] :
       llvm::zip(job.kernels, module.getOps<plan::KernelOp>())) {
    kernel->result.range = *function.getRange();
    kernel->result.isScalar = *function.getForm() == plan::Form::Scalar;
    kernel->declined = function.getDeclined().value_or("");
    function.setName("body_of_" + kernel->symbol);
  }
  PassManager lower(module.getContext());
  buildKernelsToLLVMPipeline(lower);
  if (failed(lower.run(module)))
    return failure();
  for (PendingKernel *kernel : job.kernels)
    buildEntry(
        module.lookupSymbol<LLVM::LLVMFuncOp>("body_of_" + kernel->symbol),
        kernel->symbol);
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code =
      translateModuleToLLVMIR(module, llvmContext);
  if (!code)
    return failure();
  auto object = generateCode(*code, machine);
  if (!object) {
    job.error = llvm::toString(object.takeError());
    return failure();
  }
  job.code = std::move(*object);
  return success();
}

void KernelCompilerImpl::runJob(Job &job, MLIRContext &context) const {
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      job.error += diagnostic.str() + "; ";
    return success();
  });
  std::string text;
  for (PendingKernel *kernel : job.kernels)
    text += kernel->text + "\n";
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if ((!module || failed(emit(job, *module))) && job.error.empty())
    job.error = "code generation failed";
}

/// Tells the user once per kind, which is the operation and the reason: one
/// network can have hundreds of shapes of it.
void KernelCompilerImpl::remarkDeclined(const PendingKernel &kernel) {
  plan::KernelOp source = kernel.source;
  StringRef operation = source.getName().rsplit('_').first;
  if (!kernel.declined.empty() &&
      remarked.insert((operation + ": " + kernel.declined).str()).second)
    source.emitRemark("kernel for '")
        << operation
        << "' takes the scalar fallback, which is slow: " << kernel.declined;
}

LogicalResult KernelCompilerImpl::link(MutableArrayRef<Job> jobs) {
  for (Job &job : jobs) {
    plan::KernelOp first = job.kernels.front()->source;
    if (!job.error.empty())
      return first.emitError("kernels cannot be compiled: ") << job.error;
    if (llvm::Error error = linker->addObjectFile(std::move(job.code)))
      return first.emitError("kernels cannot be linked: ")
             << llvm::toString(std::move(error));
    for (PendingKernel *kernel : job.kernels) {
      auto address = linker->lookup(kernel->symbol);
      if (!address)
        return kernel->source.emitError("kernel cannot be linked: ")
               << llvm::toString(address.takeError());
      kernel->result.entry = address->toPtr<KernelEntry>();
      known[kernel->text] = kernel->result;
      remarkDeclined(*kernel);
    }
  }
  return success();
}

std::unique_ptr<KernelCompiler>
KernelCompiler::create(CPUTarget target, unsigned threads, bool inOrder) {
  auto machine = getTargetMachineBuilder(target);
  auto linker = createLinker(machine);
  if (!linker)
    llvm::report_fatal_error(linker.takeError());
  return std::make_unique<KernelCompilerImpl>(target, threads, inOrder, machine,
                                              std::move(*linker));
}
