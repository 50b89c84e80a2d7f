// A packed constant gives the bits of the plain one when it is executed: lowered by
// pdq, by upstream's tools alone, or folded; for all widths 2..7 on 35 integers, which
// fill no whole group; per tensor (even widths) and per axis (odd widths).

// DEFINE: %{cpu} = --canonicalize --convert-elementwise-to-linalg \
// DEFINE:   --one-shot-bufferize=bufferize-function-boundaries --convert-linalg-to-loops \
// DEFINE:   --expand-strided-metadata --lower-affine --convert-scf-to-cf --convert-math-to-llvm \
// DEFINE:   --convert-to-llvm --reconcile-unrealized-casts
// DEFINE: %{run} = mlir-runner -e main --entry-point-result=void --shared-libs=%llvm_lib/libmlir_c_runner_utils.so

// RUN: pdq-opt %s --pdq-lower-quant %{cpu} | %{run} > %t.plain
// RUN: FileCheck %s < %t.plain
// RUN: count 210 < %t.plain
// RUN: pdq-opt %s --pdq-pack-constants=min-elements=2 --emit-bytecode -o %t.packed.mlirbc
// RUN: pdq-opt %t.packed.mlirbc | FileCheck %s --check-prefix=PACKED --implicit-check-not="dense{{.*}}xi{{[2-7]}}>"
// RUN: mlir-opt %t.packed.mlirbc --canonicalize --cse --lower-quant-ops %{cpu} | %{run} | diff %t.plain -
// RUN: pdq-opt %t.packed.mlirbc --pdq-lower-quant %{cpu} | %{run} | diff %t.plain -
// RUN: pdq-opt %t.packed.mlirbc --canonicalize --cse --pdq-lower-quant --pdq-unpack-constants %{cpu} | %{run} | diff %t.plain -
// RUN: pdq-opt %t.packed.mlirbc --pdq-lower-quant=fold-constants --canonicalize -o %t.folded.mlir
// RUN: FileCheck %s --check-prefix=FOLDED --implicit-check-not=arith.shrui < %t.folded.mlir
// RUN: pdq-opt %t.folded.mlir %{cpu} | %{run} | diff %t.plain -
// RUN: pdq-opt %t.packed.mlirbc --pdq-unpack-constants -o %t.unpacked.mlir
// RUN: pdq-opt %s | diff - %t.unpacked.mlir

// PACKED-COUNT-6: arith.shrui
// FOLDED: func @main

// The first three integers of 2 bits are 0, 0, 2: (q - 1) * 0.5.
// CHECK:      {{^}}-0.5{{$}}
// CHECK-NEXT: {{^}}-0.5{{$}}
// CHECK-NEXT: {{^}}0.5{{$}}

func.func private @printF32(f32)
func.func private @printNewline()

func.func private @print(%x: tensor<5x7xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %five = arith.constant 5 : index
  %seven = arith.constant 7 : index
  scf.for %i = %zero to %five step %one {
    scf.for %j = %zero to %seven step %one {
      %element = tensor.extract %x[%i, %j] : tensor<5x7xf32>
      func.call @printF32(%element) : (f32) -> ()
      func.call @printNewline() : () -> ()
    }
  }
  return
}

func.func @main() {
  %two_i = arith.constant dense<[[0, 0, -2, 1, -1, -2, -1], [-2, 0, 1, -1, 1, -2, -1], [-2, -1, 1, 0, -1, 1, -1], [-2, -1, 1, -1, -1, -2, -2], [-1, -1, -1, -1, 0, 0, -1]]> : tensor<5x7xi2>
  %two_q = quant.scast %two_i : tensor<5x7xi2> to tensor<5x7x!quant.uniform<u2:f32, 0.5:1>>
  %two = quant.dcast %two_q : tensor<5x7x!quant.uniform<u2:f32, 0.5:1>> to tensor<5x7xf32>
  call @print(%two) : (tensor<5x7xf32>) -> ()
  %three_i = arith.constant dense<[[-1, -2, -1, 2, 0, -4, 1], [2, -2, -2, 0, -3, 1, 0], [-4, 1, -3, 0, 1, 0, 3], [1, -2, 3, 3, -2, -4, 0], [-4, 1, 2, -4, 2, 1, 2]]> : tensor<5x7xi3>
  %three_q = quant.scast %three_i : tensor<5x7xi3> to tensor<5x7x!quant.uniform<u3:f32:0, {0.5:1, 0.25:0, 0.125:3, 2.0:2, 1.0:7}>>
  %three = quant.dcast %three_q : tensor<5x7x!quant.uniform<u3:f32:0, {0.5:1, 0.25:0, 0.125:3, 2.0:2, 1.0:7}>> to tensor<5x7xf32>
  call @print(%three) : (tensor<5x7xf32>) -> ()
  %four_i = arith.constant dense<[[-8, 6, -7, -3, -2, -5, -1], [6, 3, 3, 0, 6, -5, 3], [1, -7, 5, -6, -2, 2, 3], [-4, 2, 0, -6, 1, 2, 1], [-3, -6, -4, 1, 7, -3, -7]]> : tensor<5x7xi4>
  %four_q = quant.scast %four_i : tensor<5x7xi4> to tensor<5x7x!quant.uniform<u4:f32, 0.5:1>>
  %four = quant.dcast %four_q : tensor<5x7x!quant.uniform<u4:f32, 0.5:1>> to tensor<5x7xf32>
  call @print(%four) : (tensor<5x7xf32>) -> ()
  %five_i = arith.constant dense<[[-11, 9, -14, -1, 6, 0, 13], [10, -7, -13, -14, 15, 5, -3], [-8, -8, 10, -10, -6, 11, 7], [-7, -13, 10, 2, -7, 13, -6], [13, 15, 4, 14, 1, 2, 14]]> : tensor<5x7xi5>
  %five_q = quant.scast %five_i : tensor<5x7xi5> to tensor<5x7x!quant.uniform<u5:f32:0, {0.5:1, 0.25:0, 0.125:3, 2.0:2, 1.0:31}>>
  %five = quant.dcast %five_q : tensor<5x7x!quant.uniform<u5:f32:0, {0.5:1, 0.25:0, 0.125:3, 2.0:2, 1.0:31}>> to tensor<5x7xf32>
  call @print(%five) : (tensor<5x7xf32>) -> ()
  %six_i = arith.constant dense<[[19, -14, -18, 16, -10, 31, 11], [-9, -21, 30, 2, 14, -24, 13], [-28, 7, 14, 3, 30, 1, 5], [11, -10, -31, 28, 0, 9, 3], [27, 4, 13, 12, 3, 12, 20]]> : tensor<5x7xi6>
  %six_q = quant.scast %six_i : tensor<5x7xi6> to tensor<5x7x!quant.uniform<u6:f32, 0.5:1>>
  %six = quant.dcast %six_q : tensor<5x7x!quant.uniform<u6:f32, 0.5:1>> to tensor<5x7xf32>
  call @print(%six) : (tensor<5x7xf32>) -> ()
  %seven_i = arith.constant dense<[[25, -20, 51, 29, 21, -28, -22], [-14, 28, 58, 8, -44, 42, -21], [43, 13, 5, -57, -14, -24, 48], [-18, -8, -18, -54, 56, -7, -22], [-51, -30, -36, 17, -18, 59, -15]]> : tensor<5x7xi7>
  %seven_q = quant.scast %seven_i : tensor<5x7xi7> to tensor<5x7x!quant.uniform<u7:f32:0, {0.5:1, 0.25:0, 0.125:3, 2.0:2, 1.0:127}>>
  %seven = quant.dcast %seven_q : tensor<5x7x!quant.uniform<u7:f32:0, {0.5:1, 0.25:0, 0.125:3, 2.0:2, 1.0:127}>> to tensor<5x7xf32>
  call @print(%seven) : (tensor<5x7xf32>) -> ()
  return
}
