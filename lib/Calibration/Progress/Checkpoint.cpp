// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keeping the state of a calibration in a file, as a module.

#include "pdq/Calibration/Progress/Checkpoint.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Parser/Parser.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Support/Files/AtomicFile.h"
#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Files/ModuleFile.h"
#include "pdq/Support/Options/PassOptionText.h"
#include "pdq/Support/TensorAttributes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/SourceMgr.h"
#include <map>

using namespace mlir;
using namespace mlir::pdq;

std::string mlir::pdq::hashData(const CalibrationData &data) {
  llvm::SHA256 hash;
  for (const InputData &input : data.inputs) {
    for (int64_t size : input.samples.getShape())
      hash.update((Twine(size) + ",").str());
    hash.update(ArrayRef(static_cast<const uint8_t *>(input.samples.data()),
                         input.samples.getNumBytes()));
  }
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

std::string mlir::pdq::hashModule(ModuleOp module) {
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  if (failed(writeBytecodeToFile(module, os)))
    return "";
  llvm::SHA256 hash;
  hash.update(bytes);
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

//===----------------------------------------------------------------------===//
// The checksum of the file, in its own header
//===----------------------------------------------------------------------===//

/// Bytecode starts with four bytes, its version, and the name of its producer.
/// For a checkpoint that is this text and the checksum of the file with zeros
/// in the place of the checksum.
static constexpr StringRef checksumText = "pdq checkpoint sha256 ";
static constexpr size_t checksumDigits = 64, latestChecksum = 16;

static std::string makeZeroChecksum() {
  return (checksumText + std::string(checksumDigits, '0')).str();
}

/// The place of the checksum, or `npos` where there is none.
static size_t findChecksum(StringRef bytes) {
  size_t found =
      bytes.take_front(latestChecksum + checksumText.size()).find(checksumText);
  if (found == StringRef::npos ||
      bytes.size() < found + checksumText.size() + checksumDigits)
    return StringRef::npos;
  return found + checksumText.size();
}

static std::string computeChecksum(StringRef bytes, size_t place) {
  llvm::SHA256 hash;
  hash.update(bytes.take_front(place));
  hash.update(std::string(checksumDigits, '0'));
  hash.update(bytes.drop_front(place + checksumDigits));
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

static void closeChecksum(std::string &bytes) {
  size_t place = findChecksum(bytes);
  bytes.replace(place, checksumDigits, computeChecksum(bytes, place));
}

/// Whether the file is as it was written; nothing where it has no checksum.
static std::optional<bool> checkChecksum(StringRef bytes) {
  size_t place = findChecksum(bytes);
  if (place == StringRef::npos)
    return std::nullopt;
  return bytes.substr(place, checksumDigits) == computeChecksum(bytes, place);
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

InFlightDiagnostic Checkpoint::report(MLIRContext *context) const {
  return emitError(getFileLocation(context, path));
}

/// The settings of a text `name=value name=value`.
static std::map<StringRef, StringRef> readSettings(StringRef text) {
  std::map<StringRef, StringRef> settings;
  for (StringRef option : splitOptions(text)) {
    auto [name, value] = option.split('=');
    settings[name] = value;
  }
  return settings;
}

/// Names what differs: `iterations is 2 there and 3 here`.
static std::string describeDifferences(StringRef there, StringRef here) {
  std::map<StringRef, StringRef> old = readSettings(there);
  std::map<StringRef, StringRef> now = readSettings(here);
  std::map<StringRef, StringRef> all = old;
  all.insert(now.begin(), now.end());
  SmallVector<std::string> differences;
  auto getValue = [](const auto &settings, StringRef name) {
    auto it = settings.find(name);
    return it == settings.end() ? std::string("not set") : it->second.str();
  };
  for (const auto &[name, value] : all)
    if (getValue(old, name) != getValue(now, name))
      differences.push_back((name + " is " + getValue(old, name) +
                             " there and " + getValue(now, name) + " here")
                                .str());
  return llvm::join(differences, ", ");
}

LogicalResult Checkpoint::checkFingerprint(MLIRContext *context,
                                           DictionaryAttr kept) {
  auto getText = [&](StringRef key) {
    auto found = kept.getAs<StringAttr>(key);
    return found ? found.getValue() : StringRef();
  };
  static constexpr StringRef advice = "; remove the file to start again";
  StringRef settings = getText("settings");
  if (settings != fingerprint.settings)
    return report(context) << "checkpoint belongs to other settings: "
                           << describeDifferences(settings,
                                                  fingerprint.settings)
                           << advice;
  if (getText("data") != fingerprint.dataSHA256)
    return report(context) << "checkpoint belongs to other data: the "
                              "calibration set has other numbers"
                           << advice;
  if (getText("model") != fingerprint.modelSHA256)
    return report(context)
           << "checkpoint belongs to another model, or to another version of "
              "pdq, which annotates it differently"
           << advice;
  return success();
}

/// Reads the reports of finished regions.
static LogicalResult readReports(StringRef text,
                                 std::vector<RegionReport> &reports) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value) {
    llvm::consumeError(value.takeError());
    return failure();
  }
  const llvm::json::Array *list = value->getAsArray();
  if (!list)
    return failure();
  for (const llvm::json::Value &entry : *list) {
    FailureOr<RegionReport> report = RegionReport::fromJSON(entry);
    if (failed(report))
      return failure();
    reports.push_back(std::move(*report));
  }
  return success();
}

/// Reads the state inside a region; none where the checkpoint has none.
static LogicalResult readState(DictionaryAttr kept,
                               std::optional<StepState> &state) {
  auto tensors = kept.getAs<ArrayAttr>("state");
  auto iterations = kept.getAs<IntegerAttr>("iterations");
  if (!tensors || !iterations)
    return success();
  auto text = kept.getAs<StringAttr>("report");
  std::vector<RegionReport> report;
  if (!text || failed(readReports(text.getValue(), report)) ||
      report.size() != 1)
    return failure();
  state.emplace();
  state->report = std::move(report.front());
  state->iterations = iterations.getInt();
  for (Attribute attr : tensors) {
    auto elements = dyn_cast<ElementsAttr>(attr);
    FailureOr<HostTensor> tensor =
        elements ? getElements(elements) : FailureOr<HostTensor>(failure());
    if (failed(tensor))
      return failure();
    state->tensors.push_back(std::move(*tensor));
  }
  return success();
}

static bool haveSameData(DenseResourceElementsAttr a,
                         DenseResourceElementsAttr b) {
  AsmResourceBlob *first = a.getRawHandle().getBlob();
  AsmResourceBlob *second = b.getRawHandle().getBlob();
  return a.getType() == b.getType() && first && second &&
         first->getData() == second->getData();
}

/// A resource whose name is taken gets another one when a module is read. Gives
/// the constants of `loaded` the resources of `original` back, so that what is
/// written in the end does not tell how often the file was read.
static void restoreResources(ModuleOp loaded, ModuleOp original) {
  llvm::StringMap<DenseResourceElementsAttr> known;
  original.walk([&](arith::ConstantOp op) {
    if (auto value = dyn_cast<DenseResourceElementsAttr>(op.getValue()))
      known[value.getRawHandle().getKey()] = value;
  });
  loaded.walk([&](arith::ConstantOp op) {
    auto value = dyn_cast<DenseResourceElementsAttr>(op.getValue());
    if (!value)
      return;
    // The new name is the old one with a number behind it.
    StringRef name = value.getRawHandle().getKey();
    while (!name.empty() && !known.contains(name))
      name =
          name.rsplit('_').first == name ? StringRef() : name.rsplit('_').first;
    auto it = known.find(name);
    if (it != known.end() && haveSameData(value, it->second))
      op.setValueAttr(it->second);
  });
}

/// Reads the file whole and checks it before anything is parsed, so that a
/// damaged one is one error.
OwningOpRef<ModuleOp> Checkpoint::readModule(MLIRContext *context) const {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    report(context) << "cannot read checkpoint: "
                    << buffer.getError().message();
    return nullptr;
  }
  std::optional<bool> intact = checkChecksum((*buffer)->getBuffer());
  if (!intact) {
    report(context) << "file is no checkpoint of a calibration";
    return nullptr;
  }
  if (*intact) {
    // A checksum is no proof of where the file comes from.
    if (failed(checkNesting(**buffer, context->getDialectRegistry())))
      return nullptr;
    auto manager = std::make_shared<llvm::SourceMgr>();
    manager->AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
    if (auto module = parseSourceFile<ModuleOp>(manager, context))
      return module;
  }
  report(context) << "checkpoint is damaged; remove the file to start again";
  return nullptr;
}

void Checkpoint::remarkPlace(ModuleOp module, size_t numFinished,
                             const std::optional<StepState> &state) const {
  size_t numRegions = 0;
  RegionOp next;
  module.walk([&](RegionOp region) {
    ++numRegions;
    if (!region.getStatus() && !next)
      next = region;
  });
  InFlightDiagnostic diag =
      emitRemark(getFileLocation(module.getContext(), path));
  if (!next) {
    diag << "checkpoint has all " << numRegions << " regions";
    return;
  }
  diag << "calibration goes on at region @" << next.getSymName()
       << ", iteration " << (state ? state->iterations : 0) << ", with "
       << numFinished << " of " << numRegions << " regions finished";
}

LogicalResult Checkpoint::load(ModuleOp module,
                               std::vector<RegionReport> &reports,
                               std::optional<StepState> &state) {
  if (path.empty())
    return success();
  MLIRContext *context = module.getContext();
  if (llvm::sys::fs::exists(path) && !llvm::sys::fs::is_regular_file(path))
    return report(context) << "checkpoint is not a regular file";
  if (llvm::Error error = lock.take(path))
    return report(context) << llvm::toString(std::move(error));
  if (!llvm::sys::fs::exists(path))
    return success();
  OwningOpRef<ModuleOp> loaded = readModule(context);
  if (!loaded)
    return failure();
  auto kept = (*loaded)->getAttrOfType<DictionaryAttr>(checkpointName);
  if (!kept)
    return report(context) << "file is no checkpoint of a calibration";
  if (failed(checkFingerprint(context, kept)))
    return failure();
  auto regions = kept.getAs<StringAttr>("reports");
  if (!regions || failed(readReports(regions.getValue(), reports)) ||
      failed(readState(kept, state)))
    return report(context)
           << "checkpoint is damaged; remove the file to start again";
  restoreResources(*loaded, module);
  module.getBodyRegion().takeBody(loaded->getBodyRegion());
  remarkPlace(module, reports.size(), state);
  return success();
}

//===----------------------------------------------------------------------===//
// Saving
//===----------------------------------------------------------------------===//

static std::string printReports(ArrayRef<RegionReport> reports) {
  llvm::json::Array list;
  for (const RegionReport &report : reports)
    list.push_back(report.toJSON());
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(list));
  return text;
}

static DictionaryAttr packState(MLIRContext *context,
                                const Fingerprint &fingerprint,
                                ArrayRef<RegionReport> reports,
                                const StepState *state) {
  Builder b(context);
  SmallVector<NamedAttribute> entries{
      b.getNamedAttr("settings", b.getStringAttr(fingerprint.settings)),
      b.getNamedAttr("data", b.getStringAttr(fingerprint.dataSHA256)),
      b.getNamedAttr("model", b.getStringAttr(fingerprint.modelSHA256)),
      b.getNamedAttr("reports", b.getStringAttr(printReports(reports)))};
  if (state) {
    SmallVector<Attribute> tensors;
    for (const HostTensor &tensor : state->tensors)
      tensors.push_back(getAttribute(context, tensor));
    entries.push_back(
        b.getNamedAttr("iterations", b.getI64IntegerAttr(state->iterations)));
    entries.push_back(b.getNamedAttr("state", b.getArrayAttr(tensors)));
    entries.push_back(
        b.getNamedAttr("report", b.getStringAttr(printReports(state->report))));
  }
  return b.getDictionaryAttr(entries);
}

LogicalResult Checkpoint::save(ModuleOp module, ArrayRef<RegionReport> reports,
                               const StepState *state) {
  if (path.empty())
    return success();
  module->setAttr(checkpointName,
                  packState(module.getContext(), fingerprint, reports, state));
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  LogicalResult written =
      writeBytecodeToFile(module, os, BytecodeWriterConfig(makeZeroChecksum()));
  module->removeAttr(checkpointName);
  if (failed(written))
    return emitError(module.getLoc()) << "the module has no bytecode form";
  closeChecksum(bytes);
  llvm::Error error =
      writeFileAtomically(path, [&](raw_ostream &stream) { stream << bytes; });
  if (error)
    return emitFileError(module.getContext(), path, std::move(error));
  return success();
}
