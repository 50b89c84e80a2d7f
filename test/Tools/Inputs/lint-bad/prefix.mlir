// RUN: pdq-opt %s | FileCheck %s --check-prefix=A
// A: fine
// CHECK: nobody asks for it
