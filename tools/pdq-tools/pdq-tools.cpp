// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All tools in one program, which the first argument chooses between. LLVM and
// MLIR, most of its size, are in it once.

#include "OptMain.h"
#include "RunMain.h"
#include "TranslateMain.h"
#include <iostream>
#include <string>

using namespace mlir::pdq;

int main(int argc, char **argv) {
  std::string name = argc > 1 ? argv[1] : "";
  if (name == "pdq-opt")
    return optMain(argc - 1, argv + 1);
  if (name == "pdq-run")
    return runMain(argc - 1, argv + 1);
  if (name == "pdq-translate")
    return translateMain(argc - 1, argv + 1);
  std::cerr << "pdq-tools: error: the first argument is '" << name
            << "', expected 'pdq-opt', 'pdq-run' or 'pdq-translate'\n";
  return 1;
}
