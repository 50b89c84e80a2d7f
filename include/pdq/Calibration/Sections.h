// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The network as a sequence of sections: reconstruction regions, and the glue
// operations between them.

#ifndef PDQ_CALIBRATION_SECTIONS_H
#define PDQ_CALIBRATION_SECTIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "pdq/IR/PDQ.h"

namespace mlir::pdq {

/// A region, or consecutive operations between two regions, on the data path.
struct Section {
  /// The operations in order; a region section has one.
  SmallVector<Operation *> operations;
  /// The region, or null for glue.
  RegionOp region;
  /// Values on the data path that come from earlier sections or are arguments.
  SmallVector<Value> inputs;
  /// Values that later sections or the function's return use.
  SmallVector<Value> outputs;
};

/// Which body stands for a region.
enum class TailBody {
  /// The teacher: batch norms kept.
  Float,
  /// The student without its quantizers: batch norms folded.
  Folded
};

/// Splits the block of an annotated function. Values that do not depend on its
/// arguments (constants) belong to no section and are cloned where they are
/// used.
class NetworkSections {
public:
  explicit NetworkSections(func::FuncOp function);

  ArrayRef<Section> getSections() const { return sections; }

  /// Data-path values that sections after `section` use and that are defined
  /// before or in it (-1: the arguments), in order of definition.
  SmallVector<Value> getLiveValues(int section) const;

  /// Adds to `module` the private function `name` that computes the
  /// function's results from `getLiveValues(section)`.
  func::FuncOp buildTail(ModuleOp module, StringRef name, int section,
                         TailBody body) const;

  /// Adds to `module` the private function `name` that computes the outputs
  /// of a glue section from its inputs.
  func::FuncOp buildGlue(ModuleOp module, StringRef name,
                         const Section &section) const;

private:
  func::FuncOp buildFunction(ModuleOp module, StringRef name,
                             ArrayRef<Value> arguments,
                             ArrayRef<Operation *> operations,
                             ArrayRef<Value> results, TailBody body) const;

  func::FuncOp function;
  SmallVector<Section> sections;
  /// Section that defines a data-path value; -1 for arguments.
  llvm::MapVector<Value, int> definingSection;
};

/// Clones the operations of a body at the insertion point, except for its
/// `pdq.yield`; returns the yielded values. `inputs` replace the arguments.
SmallVector<Value> cloneBody(OpBuilder &builder, Region &body,
                             ValueRange inputs, IRMapping &mapping);

/// Replaces every `pdq.fake_quant` of `function` by its input.
void removeQuantizers(func::FuncOp function);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_SECTIONS_H
