// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keeping the state of a calibration in a file, as a module.

#ifndef PDQ_CALIBRATION_PROGRESS_CHECKPOINT_H
#define PDQ_CALIBRATION_PROGRESS_CHECKPOINT_H

#include "pdq/Calibration/Calibrator.h"
#include "pdq/Calibration/Parameters/RegionCalibrator.h"
#include "pdq/Calibration/Progress/CheckpointLock.h"

namespace mlir::pdq {

/// What a checkpoint belongs to; all must agree to go on from it.
struct Fingerprint {
  std::string settings, dataSHA256, modelSHA256;
};

/// SHA-256 of the shapes and bytes of all inputs, and of a module's bytecode.
std::string hashData(const CalibrationData &data);
std::string hashModule(ModuleOp module);

/// A file that holds the calibrated module so far, as bytecode that any tool
/// reads. Every write replaces it as a whole; a checksum in the place of the
/// producer's name tells a damaged file.
class Checkpoint {
public:
  /// `path` may be empty: then nothing is kept.
  Checkpoint(StringRef path, Fingerprint fingerprint)
      : path(path), fingerprint(std::move(fingerprint)) {}

  /// Takes the file for this process and goes on from it where it exists:
  /// replaces the body of `module`, fills `reports` of finished regions and the
  /// state inside a region; a remark says where that is.
  /// Errors: the file is no checkpoint, is damaged, belongs to something else
  /// or to another process; it stays as it is.
  LogicalResult load(ModuleOp module, std::vector<RegionReport> &reports,
                     std::optional<StepState> &state);

  /// Writes the module so far, with the state inside the next region where
  /// there is one.
  LogicalResult save(ModuleOp module, ArrayRef<RegionReport> reports,
                     const StepState *state);

private:
  LogicalResult checkFingerprint(MLIRContext *context, DictionaryAttr kept);
  /// Says where the calibration goes on.
  void remarkPlace(ModuleOp module, size_t numFinished,
                   const std::optional<StepState> &state) const;
  OwningOpRef<ModuleOp> readModule(MLIRContext *context) const;
  /// An error at the file.
  InFlightDiagnostic report(MLIRContext *context) const;

  std::string path;
  Fingerprint fingerprint;
  CheckpointLock lock;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PROGRESS_CHECKPOINT_H
