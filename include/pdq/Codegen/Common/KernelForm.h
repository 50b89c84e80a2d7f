// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Forms of code that a kernel can have: each says which kernels it takes and
// emits them. docs/AddingAKernelForm.md adds one.

#ifndef PDQ_CODEGEN_COMMON_KERNELFORM_H
#define PDQ_CODEGEN_COMMON_KERNELFORM_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Plan/IR/Plan.h"
#include "llvm/ADT/FunctionExtras.h"

namespace mlir::pdq {

/// Kernels by what they hold.
enum class KernelKind {
  /// One operation, or one reduction behind the fill that it starts from.
  Single,
  /// A contraction with others that are added to it, with the elementwise
  /// operation that it starts from, or with an epilogue.
  Fused,
  /// Operations on the same rows.
  Rows
};

/// The linalg operations of a kernel by their role. A kernel of rows has none:
/// its form reads the kernel.
struct KernelParts {
  plan::KernelOp kernel;
  KernelKind kind = KernelKind::Single;
  /// The value that the result is filled with first, or null.
  Value fill;
  /// Computes where the result starts, or null; not both.
  linalg::GenericOp initial;
  /// The first operation that reduces; in a kernel of one operation this one.
  linalg::LinalgOp main;
  /// Contractions that are added to the result of `main`, a contraction.
  SmallVector<linalg::LinalgOp> addends;
  /// Reads the elements of the result.
  SmallVector<linalg::LinalgOp> epilogue;

  /// `main` and what is added to its result.
  SmallVector<linalg::LinalgOp> getContractions() const;
  /// Whether `buffer`, an argument of the kernel, is stored to memory.
  bool isStored(BlockArgument buffer) const;
};

/// The operations of a kernel, in order.
SmallVector<linalg::LinalgOp> getKernelOps(plan::KernelOp kernel);

/// Erases them, once their code stands.
void eraseKernelOps(plan::KernelOp kernel);

/// The first of a kernel's operations that reduces, and those right behind it
/// that add to the same result.
SmallVector<linalg::LinalgOp> findContractions(ArrayRef<linalg::LinalgOp> ops);

/// Sorts the operations of a kernel; fails, with an error, where there is none
/// or one has no role.
FailureOr<KernelParts> splitKernel(plan::KernelOp kernel);

/// Replaces the operations of a kernel by code, and states its launch and form.
/// Fails with an error.
using EmitFn = llvm::unique_function<LogicalResult()>;

class ContractionForm;

/// One form of code.
class KernelForm {
public:
  KernelForm(plan::Form form, ArrayRef<KernelKind> kinds)
      : form(form), kinds(kinds) {}
  virtual ~KernelForm();

  /// What `#plan.form` calls the code; a form with several names has the first.
  plan::Form getForm() const { return form; }
  bool takes(KernelKind kind) const { return llvm::is_contained(kinds, kind); }

  /// Decides how to compute a kernel of a kind that the form takes. Null, with
  /// the reason, where the form cannot; the kernel is as it was.
  virtual EmitFn match(const KernelParts &parts, plan::TargetAttr target,
                       StringRef &reason) const = 0;

  /// The form as one of contractions; null where it is none.
  virtual const ContractionForm *asContractionForm() const { return nullptr; }

  /// Whether contractions run on tensor cores, whose peak rate the cost of a
  /// kernel then is.
  virtual bool usesTensorCores() const { return false; }

private:
  plan::Form form;
  SmallVector<KernelKind, 2> kinds;
};

/// Emits a kernel in the first of `forms` that takes it, which is returned.
/// Fails with an error. `reason` is why the form in front of it could not.
FailureOr<const KernelForm *> emitKernel(plan::KernelOp kernel,
                                         ArrayRef<const KernelForm *> forms,
                                         plan::TargetAttr target,
                                         StringRef &reason);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_COMMON_KERNELFORM_H
