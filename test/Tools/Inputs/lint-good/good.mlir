// RUN: pdq-opt %s | FileCheck %s --check-prefixes=A,B-C
// A: fine
// A-SAME: fine
// B-C-COUNT-2: fine
// A{LITERAL}: [[x]]
