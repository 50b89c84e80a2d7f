// What is found in trained networks of six families, and in four forms of one:
// a region for every block and for every layer outside of blocks, a quantizer on
// every weight and behind every layer or sum but the last.

// REQUIRES: shared-models

// RUN: pdq-opt %models/resnet20.mlirbc --pdq-annotate \
// RUN:     --mlir-elide-resource-strings-if-larger=8 --mlir-elide-elementsattrs-if-larger=8 \
// RUN:   | %python %S/Inputs/count_ops.py | FileCheck %s --check-prefix=RESNET20
// RESNET20: batch norms: 19, regions: 11, weights: 20 (2 of 8 bits), activations: 19 (1 of 8 bits)

// RUN: pdq-opt %models/resnet20-dynamic.mlirbc --pdq-annotate \
// RUN:     --mlir-elide-resource-strings-if-larger=8 --mlir-elide-elementsattrs-if-larger=8 \
// RUN:   | %python %S/Inputs/count_ops.py | FileCheck %s --check-prefix=RESNET20DYNAMIC
// RESNET20DYNAMIC: batch norms: 19, regions: 11, weights: 20 (2 of 8 bits), activations: 19 (1 of 8 bits)

// RUN: pdq-opt %models/resnet20-plain.mlirbc --pdq-annotate \
// RUN:     --mlir-elide-resource-strings-if-larger=8 --mlir-elide-elementsattrs-if-larger=8 \
// RUN:   | %python %S/Inputs/count_ops.py | FileCheck %s --check-prefix=RESNET20PLAIN
// RESNET20PLAIN: batch norms: 19, regions: 11, weights: 20 (2 of 8 bits), activations: 19 (1 of 8 bits)

// RUN: pdq-opt %models/resnet20-tosa.mlirbc --pdq-annotate \
// RUN:     --mlir-elide-resource-strings-if-larger=8 --mlir-elide-elementsattrs-if-larger=8 \
// RUN:   | %python %S/Inputs/count_ops.py | FileCheck %s --check-prefix=RESNET20TOSA
// RESNET20TOSA: batch norms: 19, regions: 11, weights: 20 (2 of 8 bits), activations: 19 (1 of 8 bits)

// RUN: pdq-opt %models/resnet18.mlirbc --pdq-annotate \
// RUN:     --mlir-elide-resource-strings-if-larger=8 --mlir-elide-elementsattrs-if-larger=8 \
// RUN:   | %python %S/Inputs/count_ops.py | FileCheck %s --check-prefix=RESNET18
// RESNET18: batch norms: 20, regions: 10, weights: 21 (2 of 8 bits), activations: 17 (1 of 8 bits)

// RUN: pdq-opt %models/resnet50.mlirbc --pdq-annotate \
// RUN:     --mlir-elide-resource-strings-if-larger=8 --mlir-elide-elementsattrs-if-larger=8 \
// RUN:   | %python %S/Inputs/count_ops.py | FileCheck %s --check-prefix=RESNET50
// RESNET50: batch norms: 29, regions: 10, weights: 30 (2 of 8 bits), activations: 25 (1 of 8 bits)

// RUN: pdq-opt %models/regnetx600m.mlirbc --pdq-annotate \
// RUN:     --mlir-elide-resource-strings-if-larger=8 --mlir-elide-elementsattrs-if-larger=8 \
// RUN:   | %python %S/Inputs/count_ops.py | FileCheck %s --check-prefix=REGNETX600M
// REGNETX600M: batch norms: 31, regions: 11, weights: 32 (2 of 8 bits), activations: 28 (1 of 8 bits)

// RUN: pdq-opt %models/mobilenetv2.mlirbc --pdq-annotate \
// RUN:     --mlir-elide-resource-strings-if-larger=8 --mlir-elide-elementsattrs-if-larger=8 \
// RUN:   | %python %S/Inputs/count_ops.py | FileCheck %s --check-prefix=MOBILENETV2
// MOBILENETV2: batch norms: 52, regions: 20, weights: 53 (2 of 8 bits), activations: 52 (1 of 8 bits)

// The depthwise and the pointwise layer of the stem are a region each: unlike in
// MobileNetV2's first block nothing in their names makes them one.
// RUN: pdq-opt %models/mnasnet.mlirbc --pdq-annotate \
// RUN:     --mlir-elide-resource-strings-if-larger=8 --mlir-elide-elementsattrs-if-larger=8 \
// RUN:   | %python %S/Inputs/count_ops.py | FileCheck %s --check-prefix=MNASNET
// MNASNET: batch norms: 52, regions: 21, weights: 53 (2 of 8 bits), activations: 52 (1 of 8 bits)
