// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A module of any stage as a function on samples: frontend IR, annotated or
// calibrated regions, and the quant dialect all run the same way.

#ifndef PDQ_RUN_NETWORK_H
#define PDQ_RUN_NETWORK_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "pdq/Export/Passes.h"
#include "pdq/Frontend/Passes.h"
#include "pdq/Runtime/BatchCheck.h"
#include "pdq/Runtime/Executor.h"
#include "pdq/Support/Files/Npy.h"
#include "pdq/Support/Files/Samples.h"

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

  /// Compares a few samples at the module's own batch, where it is another one,
  /// with what will run.
  ///
  /// Errors: emits a diagnostic at the first operation that differs.
  LogicalResult checkBatch(ArrayRef<Samples> samples, Executor &executor);

  /// Outputs for all samples, [N, ...] each. `samples` has as many samples of
  /// each input. Any number of them will do: the last batch is filled up with
  /// repetitions of its last sample.
  ///
  /// Units: `seconds` is set to the time inside of compiled code.
  /// Errors: one line.
  llvm::Expected<std::vector<HostTensor>> run(ArrayRef<Samples> samples,
                                              double &seconds);

  ArrayRef<RankedTensorType> getInputTypes() const { return inputTypes; }
  ArrayRef<RankedTensorType> getResultTypes() const { return resultTypes; }

private:
  int64_t getBatch() const { return inputTypes.front().getDimSize(0); }
  llvm::Expected<std::vector<HostTensor>> allocateOutputs(int64_t count) const;

  OwningOpRef<ModuleOp> module;
  SmallVector<RankedTensorType> inputTypes, resultTypes;
  std::optional<BatchCheck> batchCheck;
  std::unique_ptr<Executable> executable;
  SmallVector<BufferRef> inputs, results;
  std::string name;
};

} // namespace mlir::pdq

#endif // PDQ_RUN_NETWORK_H
