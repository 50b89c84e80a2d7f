// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes of functions, those that are called before those that call them.

#include "pdq/Frontend/Module/InlinedSize.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::pdq;

/// Networks of frontends have tens of thousands.
static constexpr uint64_t mostOperations = 200000;

namespace {
/// A function whose callees are being counted.
struct Visit {
  func::FuncOp function;
  SmallVector<func::FuncOp> callees;
  uint64_t operations = 0;
  size_t next = 0;
};

/// Counts without calling itself: chains of calls can be long, too.
class SizeCounter {
public:
  uint64_t count(func::FuncOp network);

private:
  void enter(func::FuncOp function);

  SymbolTableCollection symbols;
  /// What functions have with their callees; 0 while that is counted, which is
  /// what a function that calls itself sees: it is not inlined.
  llvm::DenseMap<Operation *, uint64_t> sizes;
  SmallVector<Visit> open;
};
} // namespace

void SizeCounter::enter(func::FuncOp function) {
  if (!sizes.try_emplace(function, 0).second)
    return;
  Visit visit{function, {}};
  function.walk([&](Operation *op) {
    ++visit.operations;
    auto call = dyn_cast<func::CallOp>(op);
    if (auto callee = call ? symbols.lookupNearestSymbolFrom<func::FuncOp>(
                                 call, call.getCalleeAttr())
                           : func::FuncOp())
      visit.callees.push_back(callee);
  });
  open.push_back(std::move(visit));
}

uint64_t SizeCounter::count(func::FuncOp network) {
  enter(network);
  while (!open.empty()) {
    Visit &visit = open.back();
    if (visit.next < visit.callees.size()) {
      enter(visit.callees[visit.next++]);
      continue;
    }
    uint64_t size = visit.operations;
    for (func::FuncOp callee : visit.callees)
      size = llvm::SaturatingAdd(size, sizes.lookup(callee));
    sizes[visit.function] = size;
    open.pop_back();
  }
  return sizes.lookup(network);
}

LogicalResult mlir::pdq::checkInlinedSize(func::FuncOp network) {
  uint64_t size = SizeCounter().count(network);
  if (size <= mostOperations)
    return success();
  return network.emitError() << "network has " << size
                             << " operations where calls stand for what they "
                                "call, expected at most "
                             << mostOperations;
}
