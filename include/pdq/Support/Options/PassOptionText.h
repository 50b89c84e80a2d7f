// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of passes and pipelines as the user wrote them: what upstream's
// parser does not refuse.

#ifndef PDQ_SUPPORT_OPTIONS_PASSOPTIONTEXT_H
#define PDQ_SUPPORT_OPTIONS_PASSOPTIONTEXT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"

namespace mlir::pdq {

/// Reports an error about options and gives failure.
using OptionErrorFn = function_ref<LogicalResult(const Twine &)>;

/// The options of `text`, `name=value` or `name` each: they are separated by
/// white space outside of quotes and braces.
SmallVector<StringRef> splitOptions(StringRef text);

/// Errors: an option stands in `text` twice; upstream would take the last one.
LogicalResult checkOptionsGivenOnce(StringRef text, OptionErrorFn report);

/// Reads `text` into `options`. Errors: unknown options and options that are
/// given twice; values that are none, which the option's parser prints itself.
LogicalResult parseOptions(mlir::detail::PassOptions &options, StringRef text,
                           OptionErrorFn report);

/// The base of all passes: an option that is given twice is an error.
template <typename OpT = void>
class OptionCheckingPass : public OperationPass<OpT> {
public:
  using OperationPass<OpT>::OperationPass;

  LogicalResult initializeOptions(StringRef options,
                                  OptionErrorFn report) override {
    if (failed(checkOptionsGivenOnce(options, report)))
      return failure();
    return OperationPass<OpT>::initializeOptions(options, report);
  }
};

/// Registers the pipeline that `build` adds for some options of type
/// `OptionsT`, with these errors.
template <typename OptionsT>
void registerPipeline(StringRef name, StringRef description,
                      void (*build)(OpPassManager &, const OptionsT &)) {
  registerPassPipeline(
      name, description,
      [build](OpPassManager &pm, StringRef text, OptionErrorFn report) {
        OptionsT options;
        if (failed(parseOptions(options, text, report)))
          return failure();
        build(pm, options);
        return success();
      },
      [](function_ref<void(const mlir::detail::PassOptions &)> visit) {
        visit(OptionsT());
      });
}

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_OPTIONS_PASSOPTIONTEXT_H
