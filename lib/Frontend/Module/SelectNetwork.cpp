// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Chooses the network among the functions of a module: frontends export one,
// programs that call them write more.

#include "pdq/Frontend/Module/SelectNetwork.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::pdq;

/// All functions that could be a network, in the order of the module.
static SmallVector<func::FuncOp> getCandidates(ModuleOp module) {
  SmallVector<func::FuncOp> candidates;
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isDeclaration() && function.isPublic())
      candidates.push_back(function);
  return candidates;
}

/// Candidates that are not a part of another function. Where each is called
/// (they call each other) there is nothing to tell them apart by.
static SmallVector<func::FuncOp> getRoots(ModuleOp module) {
  DenseSet<StringRef> called;
  module.walk([&](func::CallOp call) { called.insert(call.getCallee()); });
  SmallVector<func::FuncOp> roots;
  for (func::FuncOp candidate : getCandidates(module))
    if (!called.contains(candidate.getName()))
      roots.push_back(candidate);
  return roots.empty() ? getCandidates(module) : roots;
}

/// "'first', 'second'"
static std::string listNames(ArrayRef<func::FuncOp> functions) {
  return llvm::join(llvm::map_range(functions,
                                    [](func::FuncOp function) {
                                      return "'" + function.getName().str() +
                                             "'";
                                    }),
                    ", ");
}

FailureOr<func::FuncOp> mlir::pdq::selectNetwork(ModuleOp module,
                                                 StringRef entry) {
  SmallVector<func::FuncOp> roots = getRoots(module);
  if (!entry.empty()) {
    auto named = module.lookupSymbol<func::FuncOp>(entry);
    if (named && !named.isDeclaration())
      return named;
    InFlightDiagnostic diag = module.emitError("entry names '")
                              << entry << "', which is no function with a body";
    if (!roots.empty())
      diag << "; expected one of " << listNames(roots);
    return diag;
  }
  if (roots.empty())
    return module.emitError(
        "no public function with a body; expected one, the network");
  if (roots.size() == 1)
    return roots.front();
  InFlightDiagnostic diag = roots[1].emitError("module has ")
                            << roots.size() << " public functions, "
                            << listNames(roots)
                            << "; say with entry=NAME which is the network";
  diag.attachNote(roots[0].getLoc()) << "first one is here";
  return diag;
}
