// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program `pdq-translate`.

#include "TranslateMain.h"

int main(int argc, char **argv) { return mlir::pdq::translateMain(argc, argv); }
