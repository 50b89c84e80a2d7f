// RUN: pdq-opt %s | FileCheck %s --check-prefixes=A,B-C
// RUN: pdq-opt %s | FileCheck %s --check-prefixes=A,D
// A: fine
// A-SAME: fine
// B-C-COUNT-2: fine
// A{LITERAL}: [[x]]
// D-NOT: A has what the call produces
// A: func @f(%[[X:[a-z0-9_]+]]: f32, %[[Y:[a-z0-9_]+]]: f32)
