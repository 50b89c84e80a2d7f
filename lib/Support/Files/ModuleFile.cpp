// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Limits of what modules nest.

#include "pdq/Support/Files/ModuleFile.h"
#include "TrialRead.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"
#include <pthread.h>

using namespace mlir;
using namespace mlir::pdq;

/// Networks nest less than 20 brackets or regions.
static constexpr size_t maxNesting = 256;
/// Words and signs between two separators: terms of one affine expression,
/// which nests without brackets.
static constexpr size_t maxTerms = 4096;
/// Of which at most the memory that is used becomes real.
static constexpr size_t stackBytes = size_t(1) << 29;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

namespace {
/// Goes through text without knowing its dialects.
class TextScanner {
public:
  explicit TextScanner(StringRef text) : text(text) {}

  /// Where something is nested too deep, and `message` says what; or null.
  const char *findTooDeep(std::string &message);

private:
  /// Goes on behind what has no structure: a string or a comment.
  bool skip();
  /// Counts what stands at `place` and goes on.
  void count();

  StringRef text;
  size_t place = 0, depth = 0, terms = 0;
};
} // namespace

bool TextScanner::skip() {
  StringRef rest = text.drop_front(place);
  if (rest.starts_with("//")) {
    place += std::min(rest.find('\n'), rest.size());
    return true;
  }
  if (!rest.starts_with("\""))
    return false;
  size_t end = 1;
  while (end < rest.size() && rest[end] != '"')
    end += rest[end] == '\\' ? 2 : 1;
  place += end + 1;
  terms = 0;
  return true;
}

void TextScanner::count() {
  StringRef rest = text.drop_front(place);
  char c = rest.front();
  // Arrows and comparisons are no brackets.
  if (rest.starts_with("->") || rest.starts_with(">=") ||
      rest.starts_with("<=")) {
    place += 2;
    return;
  }
  ++place;
  if (StringRef("([{<").contains(c))
    ++depth;
  else if (StringRef(")]}>").contains(c))
    depth -= depth > 0;
  else if (StringRef("+-*").contains(c) ||
           (llvm::isSpace(c) && rest.size() > 1 && !llvm::isSpace(rest[1])))
    ++terms;
  if (StringRef("([{<)]}>,:=").contains(c))
    terms = 0;
}

const char *TextScanner::findTooDeep(std::string &message) {
  while (place < text.size()) {
    if (skip())
      continue;
    const char *start = text.data() + place;
    count();
    if (depth <= maxNesting && terms <= maxTerms)
      continue;
    message = depth > maxNesting ? "brackets are nested more than " +
                                       std::to_string(maxNesting) + " deep"
                                 : "expression has more than " +
                                       std::to_string(maxTerms) + " terms";
    return start;
  }
  return nullptr;
}

static LogicalResult checkText(const llvm::MemoryBuffer &module) {
  std::string message;
  const char *place = TextScanner(module.getBuffer()).findTooDeep(message);
  if (!place)
    return success();
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBuffer(module.getMemBufferRef()),
      llvm::SMLoc());
  llvm::SMDiagnostic found = sources.GetMessage(
      llvm::SMLoc::getFromPointer(place), llvm::SourceMgr::DK_Error, message);
  // Without the line, which can be the whole file.
  llvm::WithColor::error(llvm::errs(),
                         (found.getFilename() + ":" + Twine(found.getLineNo()) +
                          ":" + Twine(found.getColumnNo() + 1))
                             .str())
      << message << "\n";
  return failure();
}

//===----------------------------------------------------------------------===//
// Bytecode
//===----------------------------------------------------------------------===//

/// How deep the regions of `root` nest; up to one more than the limit.
static size_t measureNesting(Operation *root) {
  SmallVector<std::pair<Operation *, size_t>> worklist = {{root, 0}};
  size_t deepest = 0;
  while (!worklist.empty() && deepest <= maxNesting) {
    auto [op, depth] = worklist.pop_back_val();
    deepest = std::max(deepest, depth);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Operation &inner : block)
          if (inner.getNumRegions() > 0)
            worklist.push_back({&inner, depth + 1});
  }
  return deepest;
}

/// What is wrong with bytecode, or nothing.
static std::string readBytecode(const llvm::MemoryBuffer &module,
                                const DialectRegistry &registry) {
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.allowUnregisteredDialects();
  std::string cause;
  ScopedDiagnosticHandler keepCause(&context, [&](Diagnostic &diagnostic) {
    if (cause.empty())
      cause = diagnostic.str();
  });
  Block block;
  ParserConfig config(&context, /*verifyAfterParse=*/false);
  if (failed(readBytecodeFile(module.getMemBufferRef(), &block, config)))
    return "bytecode is damaged, cut off or of another version: " + cause;
  for (Operation &op : block)
    if (measureNesting(&op) > maxNesting)
      return "regions are nested more than " + std::to_string(maxNesting) +
             " deep";
  return "";
}

/// The reader believes the numbers of a file: damaged ones make it take all
/// memory, run for ever or write where nothing is (docs/Fuzzing.md).
static LogicalResult checkBytecode(const llvm::MemoryBuffer &module,
                                   const DialectRegistry &registry) {
  uint64_t bytes = module.getBufferSize();
  TrialLimits limits{5 + (bytes >> 20), (uint64_t(1) << 30) + 16 * bytes};
  std::string wrong =
      runTrial([&] { return readBytecode(module, registry); }, limits);
  if (wrong.empty())
    return success();
  llvm::WithColor::error(llvm::errs(), module.getBufferIdentifier())
      << wrong << "\n";
  return failure();
}

LogicalResult mlir::pdq::checkNesting(const llvm::MemoryBuffer &module,
                                      const DialectRegistry &registry) {
  return isBytecode(module.getMemBufferRef()) ? checkBytecode(module, registry)
                                              : checkText(module);
}

//===----------------------------------------------------------------------===//
// Stack
//===----------------------------------------------------------------------===//

namespace {
struct MainCall {
  llvm::function_ref<int()> main;
  int result = 0;
};
} // namespace

static void *callMain(void *argument) {
  auto *call = static_cast<MainCall *>(argument);
  call->result = call->main();
  return nullptr;
}

int mlir::pdq::runWithLargeStack(llvm::function_ref<int()> main) {
  MainCall call{main};
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  bool started = pthread_attr_setstacksize(&attributes, stackBytes) == 0 &&
                 pthread_create(&thread, &attributes, callMain, &call) == 0;
  pthread_attr_destroy(&attributes);
  // Where address space is limited, the limit that the user set has to do.
  if (!started)
    return main();
  pthread_join(thread, nullptr);
  return call.result;
}
