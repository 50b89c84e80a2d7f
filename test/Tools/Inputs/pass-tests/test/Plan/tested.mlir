// RUN: pdq-opt %s --pdq-tested=option=1 | FileCheck %s
