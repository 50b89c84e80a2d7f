// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keeping the state of a calibration in a file, as a module.

#ifndef PDQ_CALIBRATION_CHECKPOINT_H
#define PDQ_CALIBRATION_CHECKPOINT_H

#include "RegionCalibrator.h"

namespace mlir::pdq {

/// What a checkpoint belongs to; all must agree to go on from it.
struct Fingerprint {
  std::string settings, dataSHA256, modelSHA256;
};

/// SHA-256 of a tensor's type, shape and bytes, and of a module's bytecode.
std::string hashTensor(const HostTensor &tensor);
std::string hashModule(ModuleOp module);

/// A file that holds the calibrated module so far, as bytecode that any tool
/// reads. Every write replaces it as a whole; a checksum in the place of the
/// producer's name tells a damaged file.
class Checkpoint {
public:
  /// `path` may be empty: then nothing is kept.
  Checkpoint(StringRef path, Fingerprint fingerprint)
      : path(path), fingerprint(std::move(fingerprint)) {}

  /// Goes on from the file where it exists: replaces the body of `module`,
  /// fills `reports` of finished regions and the state inside a region.
  /// Errors: the file is no checkpoint, is damaged, or belongs to something
  /// else; it stays as it is.
  LogicalResult load(ModuleOp module, std::vector<RegionReport> &reports,
                     std::optional<StepState> &state);

  /// Writes the module so far, with the state inside the next region where
  /// there is one.
  LogicalResult save(ModuleOp module, ArrayRef<RegionReport> reports,
                     const StepState *state);

private:
  LogicalResult checkFingerprint(MLIRContext *context, DictionaryAttr kept);
  OwningOpRef<ModuleOp> readModule(MLIRContext *context) const;
  /// An error at the file.
  InFlightDiagnostic report(MLIRContext *context) const;

  std::string path;
  Fingerprint fingerprint;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_CHECKPOINT_H
