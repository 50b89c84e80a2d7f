// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The form of loop nests over vectors.

#include "Forms.h"
#include "NestEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
class VectorForm final : public KernelForm {
public:
  explicit VectorForm(unsigned lanes)
      : KernelForm(plan::Form::Vector, KernelKind::Single), lanes(lanes) {}

  EmitFn match(const KernelParts &parts, plan::TargetAttr target,
               StringRef &reason) const override {
    reason = "it holds the fill that it starts from";
    if (parts.fill)
      return nullptr;
    reason = "its payload has an operation without vector form";
    if (!isVectorizable(parts.main))
      return nullptr;
    FailureOr<KernelStrategy> strategy = matchNest(parts.main, lanes, reason);
    if (failed(strategy))
      return nullptr;
    return [kernel = parts.kernel, strategy = std::move(*strategy)] {
      emitNest(kernel, strategy);
      return success();
    };
  }

private:
  unsigned lanes;
};
} // namespace

std::unique_ptr<KernelForm> mlir::pdq::createVectorForm(unsigned lanes) {
  return std::make_unique<VectorForm>(lanes);
}
