// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stands before LLVM's header of this name where LLVM is built without
// assertions and pdq with them. A statistic of a pass is a counter with
// assertions and an empty class without; its constructor is in libMLIR.so, which
// then leaves our counters as they are found in memory.

#ifndef PDQ_CMAKE_PACKAGED_LLVM_STATISTIC_H
#define PDQ_CMAKE_PACKAGED_LLVM_STATISTIC_H

// What the header includes has assertions as everywhere.
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Compiler.h"
#include <atomic>
#include <memory>
#include <vector>

#ifdef NDEBUG
#include_next "llvm/ADT/Statistic.h"
#else
#define NDEBUG
#include_next "llvm/ADT/Statistic.h"
#undef NDEBUG
#endif

#endif // PDQ_CMAKE_PACKAGED_LLVM_STATISTIC_H
