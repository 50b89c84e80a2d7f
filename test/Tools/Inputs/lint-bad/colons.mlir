// RUN: pdq-opt %s | FileCheck %s
// CHECK: fine
// CHECKING is an ordinary word
// CHECK-LABEL func @missing_colon
// CHECK-NXT: misspelled
// CHECK func
