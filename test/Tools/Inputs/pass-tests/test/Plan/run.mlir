// RUN: pdq-opt %s --pdq-run-others | FileCheck %s
