// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checkpoints: as the bytes are, and with the checksum that they should have,
// which brings them to the parser. The inputs to start from are written by the
// code that is tested, so that they keep up with it.

#include "FuzzerOptions.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "pdq/Calibration/Progress/Checkpoint.h"
#include "pdq/Pipelines.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace mlir::pdq;

static const DialectRegistry &getRegistry() {
  static const DialectRegistry registry = [] {
    DialectRegistry all;
    registerAllDialects(all);
    return all;
  }();
  return registry;
}

static Fingerprint getFingerprint() { return {"settings", "data", "model"}; }

/// Writes a checkpoint between regions, or inside of one.
static void writeSeed(StringRef folder, StringRef name, bool inside) {
  MLIRContext context(getRegistry(), MLIRContext::Threading::DISABLED);
  auto module = parseSourceString<ModuleOp>(
      "func.func @main(%x: tensor<2x1xf32>) -> tensor<2x1xf32> {\n"
      "  %w = arith.constant dense<[[1.5], [2.5]]> : tensor<2x1xf32>\n"
      "  %y = arith.addf %x, %w : tensor<2x1xf32>\n"
      "  return %y : tensor<2x1xf32>\n}\n",
      ParserConfig(&context));
  StepState state;
  state.iterations = 3;
  state.tensors.emplace_back(ArrayRef<int64_t>{2}, ElementType::F32);
  RegionReport report;
  report.name = "layer0";
  std::string path = (folder + "/" + name).str();
  Checkpoint checkpoint(path, getFingerprint());
  if (failed(checkpoint.save(*module, {report}, inside ? &state : nullptr)))
    __builtin_trap();
}

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  if (const char *folder = std::getenv("PDQ_FUZZ_SEEDS")) {
    writeSeed(folder, "between-regions", false);
    writeSeed(folder, "inside-a-region", true);
  }
  return 0;
}

static void load(StringRef bytes) {
  std::string path = writeTemporaryFile("checkpoint", bytes);
  MLIRContext context(getRegistry(), MLIRContext::Threading::DISABLED);
  ScopedDiagnosticHandler silent(&context, [](Diagnostic &) {});
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  std::vector<RegionReport> reports;
  std::optional<StepState> state;
  Checkpoint checkpoint(path, getFingerprint());
  (void)checkpoint.load(*module, reports, state);
}

/// The bytes with the right checksum, or nothing where there is no place for
/// one.
static std::string seal(StringRef bytes) {
  constexpr StringRef text = "pdq checkpoint sha256 ";
  size_t place = bytes.find(text);
  std::string sealed = bytes.str();
  if (place == StringRef::npos || bytes.size() < place + text.size() + 64)
    return "";
  place += text.size();
  sealed.replace(place, 64, std::string(64, '0'));
  auto digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(sealed));
  sealed.replace(place, 64, llvm::toHex(digest, /*LowerCase=*/true));
  return sealed;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef bytes = getInput(data, size);
  std::string sealed = seal(bytes);
  load(sealed.empty() ? bytes : StringRef(sealed));
  return 0;
}
