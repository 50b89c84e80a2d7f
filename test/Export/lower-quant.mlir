// Casts of the quant dialect become arithmetic that rounds and saturates.

// RUN: pdq-opt %s --pdq-lower-quant | FileCheck %s
// RUN: pdq-opt %s --pdq-lower-quant=fold-constants | FileCheck %s --check-prefix=FOLD

// Rounding comes before the zero point, the clamp before the conversion.
// CHECK-LABEL: func @qcast_rounds_and_saturates
// CHECK-SAME:    (%[[X:[a-z0-9]+]]: tensor<4xf32>)
// CHECK:         ^bb0(%[[IN:[a-z0-9_]+]]: f32,
// CHECK-NEXT:      %[[S:.+]] = arith.constant 5.000000e-01
// CHECK-NEXT:      %[[Z:.+]] = arith.constant -3.000000e+00
// CHECK-NEXT:      %[[A:.+]] = arith.divf %[[IN]], %[[S]]
// CHECK-NEXT:      %[[R:.+]] = math.roundeven %[[A]]
// CHECK-NEXT:      %[[B:.+]] = arith.addf %[[R]], %[[Z]]
// CHECK-NEXT:      %[[MIN:.+]] = arith.constant -8.000000e+00
// CHECK-NEXT:      %[[C:.+]] = arith.maxnumf %[[B]], %[[MIN]]
// CHECK-NEXT:      %[[MAX:.+]] = arith.constant 7.000000e+00
// CHECK-NEXT:      %[[D:.+]] = arith.minnumf %[[C]], %[[MAX]]
// CHECK-NEXT:      %[[I:.+]] = arith.fptosi %[[D]] : f32 to i4
// CHECK-NEXT:      linalg.yield %[[I]]
// CHECK:         quant.scast
// CHECK-NOT:     quant.qcast
func.func @qcast_rounds_and_saturates(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<i4:f32, 0.5:-3>> {
  %q = quant.qcast %x : tensor<4xf32> to tensor<4x!quant.uniform<i4:f32, 0.5:-3>>
  return %q : tensor<4x!quant.uniform<i4:f32, 0.5:-3>>
}

// A driver that folds would drop both casts and with them the quantization.
// CHECK-LABEL: func @pair_of_casts_is_not_the_identity
// CHECK-SAME:    (%[[X:[a-z0-9]+]]: tensor<?xf32>)
// CHECK:         %[[I:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?xf32>)
// CHECK:           arith.fptoui
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[I]] : tensor<?xi2>)
// CHECK-NEXT:    ^bb0(%[[IN:.+]]: i2, %{{.+}}: f32):
// CHECK-NEXT:      %[[S:.+]] = arith.constant 5.000000e-01
// CHECK-NEXT:      %[[Z:.+]] = arith.constant 1.000000e+00
// CHECK-NEXT:      %[[Q:.+]] = arith.uitofp %[[IN]]
// CHECK-NEXT:      %[[D:.+]] = arith.subf %[[Q]], %[[Z]]
// CHECK-NEXT:      %[[P:.+]] = arith.mulf %[[D]], %[[S]]
// CHECK-NEXT:      linalg.yield %[[P]]
// CHECK-NOT:     quant.
// CHECK:         return %[[Y]]
func.func @pair_of_casts_is_not_the_identity(%x: tensor<?xf32>) -> tensor<?xf32> {
  %q = quant.qcast %x : tensor<?xf32> to tensor<?x!quant.uniform<u2:f32, 0.5:1>>
  %d = quant.dcast %q : tensor<?x!quant.uniform<u2:f32, 0.5:1>> to tensor<?xf32>
  return %d : tensor<?xf32>
}

// The integers 3 and 0 (-1 as u2 is 3) give (3 - 1) / 2 = 1 and (0 - 2) / 4 = -0.5.
// CHECK-LABEL: func @constant_weight
// CHECK:         linalg.generic
// FOLD-LABEL:  func @constant_weight
// FOLD:          %[[W:.+]] = arith.constant dense<{{\[}}[1.000000e+00], [-5.000000e-01]]>
// FOLD-NEXT:     return %[[W]]
func.func @constant_weight() -> tensor<2x1xf32> {
  %i = arith.constant dense<[[-1], [0]]> : tensor<2x1xi2>
  %q = quant.scast %i : tensor<2x1xi2> to tensor<2x1x!quant.uniform<u2:f32:0, {0.5:1, 0.25:2}>>
  %d = quant.dcast %q : tensor<2x1x!quant.uniform<u2:f32:0, {0.5:1, 0.25:2}>> to tensor<2x1xf32>
  return %d : tensor<2x1xf32>
}

// CHECK-LABEL: func @scalars
// CHECK-NOT:     linalg.generic
// CHECK:         arith.fptoui %{{.*}} : f32 to i8
// CHECK:         arith.uitofp %{{.*}} : i8 to f32
// CHECK:         return
func.func @scalars(%x: f32) -> f32 {
  %q = quant.qcast %x : f32 to !quant.uniform<u8:f32, 0.5:128>
  %d = quant.dcast %q : !quant.uniform<u8:f32, 0.5:128> to f32
  return %d : f32
}

// CHECK-LABEL: func @narrow_range
// CHECK:         arith.constant 1.000000e+00
// CHECK:         arith.constant 2.540000e+02
func.func @narrow_range(%x: tensor<1xf32>) -> tensor<1x!quant.uniform<u8<1:254>:f32, 0.5:128>> {
  %q = quant.qcast %x : tensor<1xf32> to tensor<1x!quant.uniform<u8<1:254>:f32, 0.5:128>>
  return %q : tensor<1x!quant.uniform<u8<1:254>:f32, 0.5:128>>
}
