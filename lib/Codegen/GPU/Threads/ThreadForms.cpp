// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forms of one operation that is no contraction.

#include "pdq/Codegen/GPU/Forms.h"
#include "pdq/Codegen/GPU/Threads/ThreadEmitter.h"
#include "pdq/Codegen/GPU/Threads/TransposeEmitter.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
class TransposeForm final : public KernelForm {
public:
  TransposeForm() : KernelForm(plan::Form::Transpose, KernelKind::Single) {}

  EmitFn match(const KernelParts &parts, plan::TargetAttr target,
               StringRef &reason) const override {
    FailureOr<TransposeStrategy> strategy = matchTranspose(parts.main, reason);
    if (failed(strategy))
      return nullptr;
    return [kernel = parts.kernel, strategy = std::move(*strategy)] {
      emitTranspose(kernel, strategy);
      return success();
    };
  }
};

class ThreadForm final : public KernelForm {
public:
  ThreadForm() : KernelForm(plan::Form::Elementwise, KernelKind::Single) {}

  EmitFn match(const KernelParts &parts, plan::TargetAttr target,
               StringRef &reason) const override {
    reason = "its payload has an operation without vector form";
    if (!isVectorizable(parts.main))
      return nullptr;
    FailureOr<ThreadStrategy> strategy = matchThreads(parts.main, reason);
    if (failed(strategy))
      return nullptr;
    strategy->init = parts.fill;
    return [kernel = parts.kernel, strategy = std::move(*strategy)] {
      emitThreads(kernel, strategy);
      return success();
    };
  }
};

class ScalarForm final : public KernelForm {
public:
  ScalarForm() : KernelForm(plan::Form::Scalar, KernelKind::Single) {}

  EmitFn match(const KernelParts &parts, plan::TargetAttr target,
               StringRef &reason) const override {
    return [kernel = parts.kernel, op = parts.main, init = parts.fill] {
      return emitScalar(kernel, op, init);
    };
  }
};
} // namespace

const KernelForm &mlir::pdq::getTransposeForm() {
  static const TransposeForm form;
  return form;
}

const KernelForm &mlir::pdq::getThreadForm() {
  static const ThreadForm form;
  return form;
}

const KernelForm &mlir::pdq::getScalarForm() {
  static const ScalarForm form;
  return form;
}
