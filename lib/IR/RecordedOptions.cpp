// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A dictionary on the module.

#include "pdq/IR/RecordedOptions.h"
#include "pdq/IR/PDQ.h"

using namespace mlir;
using namespace mlir::pdq;

DictionaryAttr mlir::pdq::getRecordedOptions(ModuleOp module) {
  auto recorded = module->getAttrOfType<DictionaryAttr>(optionsName);
  return recorded ? recorded : DictionaryAttr::get(module.getContext());
}

void mlir::pdq::recordOption(ModuleOp module, StringRef name, Attribute value) {
  NamedAttrList options(getRecordedOptions(module));
  options.set(name, value);
  module->setAttr(optionsName, options.getDictionary(module.getContext()));
}

void mlir::pdq::dropRecordedOptions(Operation *module) {
  module->removeAttr(optionsName);
}
