// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The network as a sequence of stages: reconstruction regions, and the glue
// operations between them.

#ifndef PDQ_CALIBRATION_STAGES_H
#define PDQ_CALIBRATION_STAGES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "pdq/IR/PDQ.h"

namespace mlir::pdq {

/// A region, or consecutive operations between two regions, on the data path.
struct Stage {
  /// The operations in order; a region stage has one.
  SmallVector<Operation *> operations;
  /// The region, or null for glue.
  RegionOp region;
  /// Values on the data path that come from earlier stages or are arguments.
  SmallVector<Value> inputs;
  /// Values that later stages or the function's return use.
  SmallVector<Value> outputs;
};

/// Which body stands for a region.
enum class Body {
  /// The teacher: batch norms kept.
  Float,
  /// The student without its quantizers: batch norms folded.
  Folded
};

/// Splits the block of an annotated function. Values that do not depend on its
/// arguments (constants) belong to no stage and are cloned where they are used.
class NetworkStages {
public:
  explicit NetworkStages(func::FuncOp function);

  ArrayRef<Stage> getStages() const { return stages; }

  /// Data-path values that stages after `stage` use and that are defined
  /// before or in it (-1: the arguments), in order of definition.
  SmallVector<Value> getLiveValues(int stage) const;

  /// Adds to `module` the private function `name` that computes the
  /// function's results from `getLiveValues(stage)`.
  func::FuncOp buildTail(ModuleOp module, StringRef name, int stage,
                         Body body) const;

  /// Adds to `module` the private function `name` that computes the outputs
  /// of a glue stage from its inputs.
  func::FuncOp buildGlue(ModuleOp module, StringRef name,
                         const Stage &stage) const;

private:
  func::FuncOp buildFunction(ModuleOp module, StringRef name,
                             ArrayRef<Value> arguments,
                             ArrayRef<Operation *> operations,
                             ArrayRef<Value> results, Body body) const;

  func::FuncOp function;
  SmallVector<Stage> stages;
  /// Stage that defines a data-path value; -1 for arguments.
  llvm::MapVector<Value, int> definingStage;
};

/// Clones the operations of a body at the insertion point, except for its
/// `pdq.yield`; returns the yielded values. `inputs` replace the arguments.
SmallVector<Value> cloneBody(OpBuilder &builder, Region &body,
                             ValueRange inputs, IRMapping &mapping);

/// Replaces every `pdq.fake_quant` of `function` by its input.
void removeQuantizers(func::FuncOp function);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_STAGES_H
