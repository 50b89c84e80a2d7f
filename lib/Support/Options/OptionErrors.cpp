// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Messages about options, and their defaults.

#include "pdq/Support/Options/OptionErrors.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

std::string mlir::pdq::describeUnknownOption(StringRef name,
                                             ArrayRef<StringRef> known) {
  // A third of the letters wrong is still the same word.
  unsigned distance = name.size() / 3 + 2;
  StringRef nearest;
  for (StringRef candidate : known) {
    unsigned found = candidate.edit_distance(name, true, distance);
    if (found < distance)
      std::tie(distance, nearest) = std::pair(found, candidate);
  }
  std::string message = ("option '" + name + "' is unknown").str();
  if (!nearest.empty())
    return message + "; did you mean '" + nearest.str() + "'?";
  if (known.empty())
    return message + ", expected none";
  if (known.size() > 12)
    return message + "; --help lists those that there are";
  return message + ", expected one of " + llvm::join(known, ", ");
}

StringRef mlir::pdq::describeExpectedValue(StringRef complaint) {
  return llvm::StringSwitch<StringRef>(complaint.rsplit(" for ").second.trim())
      .Case("uint argument!", "a whole number from 0 to 4294967295")
      .Cases({"ulong argument!", "ullong argument!"},
             "a whole number from 0 to 18446744073709551615")
      .Cases({"integer argument!", "long argument!", "llong argument!"},
             "a whole number")
      .Case("floating point argument!", "a number")
      .Case("boolean argument! Try 0 or 1", "true or false")
      .Default("a value of another kind");
}

const PassRegistryEntry *mlir::pdq::findEntry(StringRef name) {
  if (const PassRegistryEntry *pipeline = PassPipelineInfo::lookup(name))
    return pipeline;
  return PassInfo::lookup(name);
}

std::string mlir::pdq::getDefaultOptions(StringRef name) {
  const PassRegistryEntry *entry = findEntry(name);
  OpPassManager pm(OpPassManager::Nesting::Implicit);
  if (!entry || failed(entry->addToPipeline(
                    pm, "", [](const Twine &) { return failure(); })))
    return {};
  std::string pipeline, options;
  llvm::raw_string_ostream stream(pipeline);
  pm.printAsTextualPipeline(stream);
  // pass{name=value name={value}},pass,...
  int depth = 0;
  for (char c : pipeline) {
    depth -= c == '}';
    if (depth > 0)
      options += c;
    else if (c == '}')
      options += ' ';
    depth += c == '{';
  }
  return options;
}
