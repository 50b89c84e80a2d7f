// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A module of any stage as a function on samples: frontend IR, annotated or
// calibrated regions, and the quant dialect all run the same way.

#ifndef PDQ_RUN_NETWORK_H
#define PDQ_RUN_NETWORK_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/Execution/Executor.h"
#include "pdq/Export/Passes.h"
#include "pdq/IO/Npy.h"
#include "pdq/IO/Samples.h"

namespace mlir::pdq {

/// A network that is compiled for one batch size.
class Network {
public:
  /// Reads the module `path` (text or bytecode), replaces regions by the body
  /// `body` and compiles it for `batch` samples. `frontend` says which function
  /// is the network and what its dynamic sizes are.
  ///
  /// Errors: emits located diagnostics.
  static FailureOr<std::unique_ptr<Network>>
  load(StringRef path, RegionBody body,
       const NormalizeFrontendOptions &frontend, int64_t batch,
       Executor &executor, MLIRContext *context);

  /// Outputs for all samples, f32 or f64 [N, ...]. Any number of samples will
  /// do: the last batch is filled up with repetitions of its last sample.
  ///
  /// Units: `seconds` is set to the time inside of compiled code.
  /// Errors: one line.
  llvm::Expected<HostTensor> run(const Samples &samples, double &seconds);

  RankedTensorType getInputType() const { return inputType; }

private:
  HostTensor fillBatch(HostTensor rows) const;

  OwningOpRef<ModuleOp> module;
  RankedTensorType inputType, resultType;
  std::unique_ptr<Executable> executable;
  BufferRef input, result;
  std::string name;
};

} // namespace mlir::pdq

#endif // PDQ_RUN_NETWORK_H
