// RUN: pdq-opt %s | FileCheck %s --check-prefix=ONLY
// RUN: pdq-opt %s | FileCheck %s --check-prefixes=ONLY,BOTH
// ONLY-NOT: nothing else is asked for
// BOTH: fine
// ONLY-NOT: more of it
