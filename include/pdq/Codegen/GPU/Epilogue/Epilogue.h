// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a contraction does with the elements of its result while a thread has
// them: elementwise operations one behind the other, and sums over elements.

#ifndef PDQ_CODEGEN_GPU_EPILOGUE_EPILOGUE_H
#define PDQ_CODEGEN_GPU_EPILOGUE_EPILOGUE_H

#include "pdq/Codegen/Common/PayloadEmitter.h"

namespace mlir::pdq {

/// One operation of an epilogue.
struct EpilogueOp {
  linalg::GenericOp op;
  /// For each of its loops the dimension of the contraction's result that it
  /// walks.
  SmallVector<unsigned> dims;
  /// How it sums, and where that starts; elementwise operations have no
  /// combiner.
  Reduction reduction;
  Value init;

  bool reduces() const { return reduction.combiner; }
  /// How an operand is indexed by the dimensions of the contraction's result.
  AffineMap getMap(OpOperand &operand) const;
};

/// Plans `ops`, which read or write `result`, a contraction's, element by
/// element, or what others of them do. A sum stands behind the `linalg.fill`
/// that it starts from, and nothing else here uses its buffer. A reason where
/// an operation touches other elements than those that a thread has, or has
/// more than `maxPayload` operations in its payload.
FailureOr<SmallVector<EpilogueOp>> matchEpilogue(Value result,
                                                 ArrayRef<linalg::LinalgOp> ops,
                                                 size_t maxPayload,
                                                 StringRef &reason);

/// Emits an epilogue for `lanes` elements at once, neighbours in dimension
/// `dim` of the result.
class EpilogueEmitter {
public:
  EpilogueEmitter(ImplicitLocOpBuilder &b, Value result,
                  ArrayRef<EpilogueOp> ops, unsigned lanes, unsigned dim);
  ~EpilogueEmitter();

  /// Where a thread's parts of the sums start.
  SmallVector<Value> buildIdentities();

  /// Applies all operations to the `elements` of the result from `indices` on;
  /// returns the thread's parts of the sums, `sums` with these elements.
  SmallVector<Value> emit(ArrayRef<Value> indices, Value elements,
                          ValueRange sums);

private:
  struct Member;
  void share(Member &member);
  void emitElements(Member &member);

  ImplicitLocOpBuilder &b;
  Value result;
  unsigned rank;
  std::vector<std::unique_ptr<Member>> members;
  /// What the thread has of a buffer, by how it is indexed.
  SmallVector<std::tuple<Value, AffineMap, Value>> known;
};

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_GPU_EPILOGUE_EPILOGUE_H
