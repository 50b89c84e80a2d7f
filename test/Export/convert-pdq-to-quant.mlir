// Quantizers become integers and types of the quant dialect.

// RUN: pdq-opt %s --convert-pdq-to-quant | FileCheck %s
// The result needs only upstream's dialects, in text and in bytecode.
// RUN: pdq-opt %s --convert-pdq-to-quant | mlir-opt -o /dev/null
// RUN: pdq-opt %s --convert-pdq-to-quant --emit-bytecode | mlir-opt | FileCheck %s

// w / s + z: 0.5 / 0.5 + 1 = 2 and -0.6 / 0.5 + 1 = 0 with scale 0.5;
// 0.25 / 0.1 + 3 = 5 (2.5 is a tie, to even) and 9 saturates to 7 with scale 0.1.
// CHECK-LABEL: func @weight_becomes_integers
// CHECK-NEXT:    %[[I:.+]] = arith.constant dense<{{\[}}[2, 0], [-3, -1]]> : tensor<2x2xi3>
// CHECK-NEXT:    %[[Q:.+]] = quant.scast %[[I]] : tensor<2x2xi3> to tensor<2x2x!quant.uniform<u3:f32:0, {5.000000e-01:1,0.10000000149011612:3}>>
// CHECK-NEXT:    %[[W:.+]] = quant.dcast %[[Q]] : {{.*}} to tensor<2x2xf32>
// CHECK-NEXT:    return %[[W]]
func.func @weight_becomes_integers() -> tensor<2x2xf32> {
  %w = arith.constant dense<[[0.5, -0.6], [0.25, 9.0]]> : tensor<2x2xf32>
  %s = arith.constant dense<[0.5, 0.1]> : tensor<2xf32>
  %z = arith.constant dense<[1, 3]> : tensor<2xi32>
  %wq = pdq.fake_quant %w scale(%s) zero_point(%z) to <bits = 3, axis = 0> : tensor<2x2xf32>, tensor<2xf32>, tensor<2xi32>
  return %wq : tensor<2x2xf32>
}

// CHECK-LABEL: func @activation_computes_its_integer
// CHECK-SAME:    (%[[X:[a-z0-9]+]]: tensor<?x4xf32>)
// CHECK:         %[[D:.+]] = tensor.dim %[[X]]
// CHECK:         %[[E:.+]] = tensor.empty(%[[D]]) : tensor<?x4xi2>
// CHECK:         %[[I:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x4xf32>) outs(%[[E]] : tensor<?x4xi2>)
// CHECK:         ^bb0(%[[IN:[a-z0-9_]+]]: f32,
// CHECK:           %[[S:.+]] = arith.constant 2.500000e-01
// CHECK:           %[[Z:.+]] = arith.constant 1.000000e+00
// CHECK:           %[[A:.+]] = arith.divf %[[IN]], %[[S]]
// CHECK:           %[[R:.+]] = math.roundeven %[[A]]
// CHECK:           %[[B:.+]] = arith.addf %[[R]], %[[Z]]
// CHECK:           %[[MIN:.+]] = arith.constant 0.000000e+00
// CHECK:           %[[C:.+]] = arith.maxnumf %[[B]], %[[MIN]]
// CHECK:           %[[MAX:.+]] = arith.constant 3.000000e+00
// CHECK:           %[[C2:.+]] = arith.minnumf %[[C]], %[[MAX]]
// CHECK:           arith.fptoui %[[C2]] : f32 to i2
// CHECK:         %[[Q:.+]] = quant.scast %[[I]] : tensor<?x4xi2> to tensor<?x4x!quant.uniform<u2:f32, 2.500000e-01:1>>
// CHECK:         quant.dcast %[[Q]] : {{.*}} to tensor<?x4xf32>
func.func @activation_computes_its_integer(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %s = arith.constant dense<0.25> : tensor<f32>
  %z = arith.constant dense<1> : tensor<i32>
  %a = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 2> : tensor<?x4xf32>, tensor<f32>, tensor<i32>
  return %a : tensor<?x4xf32>
}

// CHECK-LABEL: func @parameters_per_axis_are_operands
// CHECK:         %[[S:.+]] = arith.constant dense<[2.500000e-01, 5.000000e-01]> : tensor<2xf32>
// CHECK:         %[[Z:.+]] = arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK:         linalg.generic {{.*}} ins(%{{.*}}, %[[S]], %[[Z]] : tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>)
// CHECK:         !quant.uniform<u4:f32:1, {2.500000e-01:1,5.000000e-01:2}>
func.func @parameters_per_axis_are_operands(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %s = arith.constant dense<[0.25, 0.5]> : tensor<2xf32>
  %z = arith.constant dense<[1, 2]> : tensor<2xi32>
  %a = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4, axis = 1> : tensor<3x2xf32>, tensor<2xf32>, tensor<2xi32>
  return %a : tensor<3x2xf32>
}

// CHECK-LABEL: func @attributes_of_pdq_go
// CHECK-SAME:    (%{{.*}}: tensor<4xf32> {func.kept}) -> tensor<4xf32> {
func.func @attributes_of_pdq_go(%x: tensor<4xf32> {pdq.a, func.kept}) -> (tensor<4xf32> {pdq.b}) attributes {pdq.wrt = array<i64: 0>} {
  return {pdq.number = 1 : i64} %x : tensor<4xf32>
}
