// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The programs that calibrate one region, as one module.

#ifndef PDQ_CALIBRATION_PROGRAMS_REGIONPROGRAMS_H
#define PDQ_CALIBRATION_PROGRAMS_REGIONPROGRAMS_H

#include "pdq/Calibration/Programs/Program.h"
#include "pdq/Calibration/Programs/Student.h"
#include "pdq/Calibration/Sections.h"

namespace mlir::pdq {

/// What the programs of one region are made from. `batch` samples a call,
/// activations in their kept form (`getCacheType`).
struct RegionContext {
  const NetworkSections &sections;
  int index;
  const RegionQuantizers &quantizers;
  const CalibrationOptions &options;
  /// Samples in the calibration set.
  int64_t samples;

  const Section &getSection() const { return sections.getSections()[index]; }
  RegionOp getRegion() const { return getSection().region; }
  /// What the tail reads beside the region's results: values from before it.
  SmallVector<Value> getTailLiveIns() const;
  /// Whether the region has anything to correct (dc_1).
  bool hasBatchNorms() const;
  /// Whether iterations change anything.
  bool hasTrainables() const;
};

/// Names of the programs.
namespace program {
/// (inputs, weights, scales, zero points) -> (results, inputs of the
/// activation quantizers); nothing dropped.
inline constexpr StringRef forward = "forward";
/// (inputs) -> (results) of the teacher.
inline constexpr StringRef teach = "teach";
/// (inputs, weights, scales, zero points, targets, predictions, tailLiveIns) ->
/// (reconstruction loss, prediction difference); nothing dropped. Predictions
/// are the float network's outputs that have a term.
inline constexpr StringRef evaluate = "evaluate";
/// One step of distribution correction; see `addCorrection`.
inline constexpr StringRef correct = "correct";
/// One optimizer iteration; see `addStep`.
inline constexpr StringRef step = "step";
} // namespace program

/// Makes the module with all programs of a region, ready for the executor.
FailureOr<OwningOpRef<ModuleOp>>
buildRegionPrograms(const RegionContext &context);

/// Adds `correct` (dc_1, dc_2). Arguments, all but the originals in place:
/// the two decay powers (f64 each), learning rate, best loss, iterations since
/// (f32), and for each input: corrected, first and second moment, original; of
/// an input of integers the original alone. No results.
LogicalResult addCorrection(ModuleOp module, const RegionContext &context);

/// Adds `step`. Arguments: the step counter (i64, in place), the two decay
/// powers (f64 each, in place), per input the plain and the corrected cache,
/// per result the cache of targets, the caches of predictions and of
/// tailLiveIns, per weight its rounding and two moments (in place; with learned
/// rounding) or the weight, per weight its scale and two moments (in place;
/// where these are learned), per activation its scale and two moments (in
/// place), per activation its zero point, and the ring of losses [R, 4] (in
/// place): total, reconstruction, prediction difference, regularizer.
LogicalResult addStep(ModuleOp module, const RegionContext &context,
                      func::FuncOp tail, int64_t ringSize);

/// Whether distribution correction can use the statistics of a batch norm: each
/// sample must have at least two elements a channel, or it has no deviation.
bool hasSpread(BatchNormOp norm);

/// Rows of the ring of losses.
inline constexpr int64_t lossRingSize = 128;

/// Adds the arguments for the kept forms of `types` to a program; returns the
/// tensors in their own form.
SmallVector<Value> addCacheArguments(ProgramBuilder &program, TypeRange types);

/// Arguments of the tail: the region's `results` and the `tailLiveIns`, in the
/// order of the tail's parameters.
SmallVector<Value> getTailArguments(const RegionContext &context,
                                    ValueRange results, ValueRange tailLiveIns);

/// Types of the outputs that have a term in the prediction difference.
SmallVector<Type> getTargetTypes(const RegionContext &context,
                                 func::FuncOp tail);

/// Sum over values of `pdq.reconstruction_loss`; `axes` are their channels.
Value buildReconstructionLoss(ImplicitLocOpBuilder &b, ValueRange results,
                              ValueRange targets, ArrayRef<int64_t> axes);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PROGRAMS_REGIONPROGRAMS_H
