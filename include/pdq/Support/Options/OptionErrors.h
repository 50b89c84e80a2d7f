// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One form for everything that can be wrong with an option, wherever that is
// found: by upstream's parser, by a pipeline or by a pass that runs.

#ifndef PDQ_SUPPORT_OPTIONS_OPTIONERRORS_H
#define PDQ_SUPPORT_OPTIONS_OPTIONERRORS_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace mlir {
class PassRegistryEntry;
} // namespace mlir

namespace mlir::pdq {

/// The name of `name=value`.
inline StringRef getOptionName(StringRef option) {
  return option.split('=').first;
}

/// The name on the command line of `value`, one of those that `option` of a
/// pass lists.
template <typename OptionT, typename ValueT>
StringRef getValueName(OptionT &option, const ValueT &value) {
  return *option.getParser().findArgStrForValue(value);
}

/// "option 'X' is unknown", with the nearest of the options `known`.
std::string describeUnknownOption(StringRef name, ArrayRef<StringRef> known);

/// What an option expects, by the complaint of upstream's parser about a value:
/// "'x' value invalid for uint argument!".
StringRef describeExpectedValue(StringRef complaint);

/// The pass or pipeline that is registered as `name`, or null.
const PassRegistryEntry *findEntry(StringRef name);

/// The options of the passes that the registered pass or pipeline `name` makes,
/// with the values that they have without the user's word: `name=value` each.
std::string getDefaultOptions(StringRef name);

} // namespace mlir::pdq

#endif // PDQ_SUPPORT_OPTIONS_OPTIONERRORS_H
