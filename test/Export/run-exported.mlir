// The exported form gives the bits of the simulation, for all widths 2..8 and odd
// zero points, on 65536 inputs: ties and their neighbours, and random bit
// patterns (infinities, denormals, values far outside; no NaN). It does so after
// canonicalization, lowered by pdq and by upstream's tools alone.

// DEFINE: %{cpu} = --canonicalize --convert-elementwise-to-linalg \
// DEFINE:   --one-shot-bufferize=bufferize-function-boundaries --convert-linalg-to-loops \
// DEFINE:   --expand-strided-metadata --lower-affine --convert-scf-to-cf --convert-math-to-llvm \
// DEFINE:   --convert-to-llvm --reconcile-unrealized-casts
// DEFINE: %{run} = mlir-runner -e main --entry-point-result=void --shared-libs=%llvm_lib/libmlir_c_runner_utils.so

// RUN: pdq-opt %s --pdq-export -o %t.mlir
// RUN: mlir-opt %t.mlir --canonicalize --cse --lower-quant-ops %{cpu} | %{run} > %t.upstream
// RUN: mlir-opt %t.mlir --canonicalize --cse | pdq-opt --pdq-lower-quant %{cpu} | %{run} > %t.ours
// RUN: mlir-opt %t.mlir --canonicalize --cse | pdq-opt --pdq-lower-quant=fold-constants %{cpu} | %{run} > %t.folded
// RUN: pdq-opt %s --pdq-decompose %{cpu} | %{run} > %t.simulated
// RUN: diff %t.simulated %t.upstream
// RUN: diff %t.simulated %t.ours
// RUN: diff %t.simulated %t.folded
// RUN: FileCheck %s < %t.simulated

#id = affine_map<(i) -> (i)>
#all = affine_map<(i) -> ()>
#id2 = affine_map<(i, j) -> (i, j)>

func.func private @printI64(i64)
func.func private @printNewline()

// First half: multiples of 1/16 from -1024 on. Second half: bits of a generator.
func.func private @inputs() -> tensor<65536xf32> {
  %empty = tensor.empty() : tensor<65536xf32>
  %x = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%empty : tensor<65536xf32>) {
  ^bb0(%out: f32):
    %index = linalg.index 0 : index
    %i = arith.index_cast %index : index to i32
    %half = arith.constant 32768 : i32
    %sixteenth = arith.constant 0.0625 : f32
    %factor = arith.constant 0x7feb352d : i32
    %shift = arith.constant 15 : i32
    %zero = arith.constant 0.0 : f32
    %center = arith.constant 16384 : i32
    %k = arith.subi %i, %center : i32
    %kf = arith.sitofp %k : i32 to f32
    %tie = arith.mulf %kf, %sixteenth : f32
    %a = arith.muli %i, %factor : i32
    %b = arith.shrui %a, %shift : i32
    %c = arith.xori %a, %b : i32
    %d = arith.muli %c, %factor : i32
    %bits = arith.bitcast %d : i32 to f32
    %isNumber = arith.cmpf ord, %bits, %bits : f32
    %number = arith.select %isNumber, %bits, %zero : f32
    %first = arith.cmpi ult, %i, %half : i32
    %value = arith.select %first, %tie, %number : f32
    linalg.yield %value : f32
  } -> tensor<65536xf32>
  return %x : tensor<65536xf32>
}

// Prints a number that depends on every bit of every element.
func.func private @checksum(%x: tensor<65536xf32>) {
  %zero = arith.constant dense<0> : tensor<i64>
  %sum = linalg.generic {indexing_maps = [#id, #all], iterator_types = ["reduction"]}
      ins(%x : tensor<65536xf32>) outs(%zero : tensor<i64>) {
  ^bb0(%in: f32, %out: i64):
    %factor = arith.constant 0x9E3779B97F4A7C15 : i64
    %shift = arith.constant 29 : i64
    %bits = arith.bitcast %in : f32 to i32
    %wide = arith.extui %bits : i32 to i64
    %a = arith.addi %out, %wide : i64
    %b = arith.muli %a, %factor : i64
    %c = arith.shrui %b, %shift : i64
    %d = arith.xori %b, %c : i64
    linalg.yield %d : i64
  } -> tensor<i64>
  %number = tensor.extract %sum[] : tensor<i64>
  call @printI64(%number) : (i64) -> ()
  call @printNewline() : () -> ()
  return
}

// Prints the bits of a weight.
func.func private @print(%x: tensor<2x4xf32>) {
  %empty = tensor.empty() : tensor<2x4xi32>
  %y = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<2x4xf32>) outs(%empty : tensor<2x4xi32>) {
  ^bb0(%in: f32, %out: i32):
    %bits = arith.bitcast %in : f32 to i32
    linalg.yield %bits : i32
  } -> tensor<2x4xi32>
  %flat = tensor.collapse_shape %y [[0, 1]] : tensor<2x4xi32> into tensor<8xi32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %bits = tensor.extract %flat[%i] : tensor<8xi32>
    %wide = arith.extui %bits : i32 to i64
    func.call @printI64(%wide) : (i64) -> ()
    func.call @printNewline() : () -> ()
  }
  return
}

func.func private @activations(%x: tensor<65536xf32>) {
  %s2 = arith.constant dense<0.5> : tensor<f32>
  %z2 = arith.constant dense<1> : tensor<i32>
  %a2 = pdq.fake_quant %x scale(%s2) zero_point(%z2) to <bits = 2> : tensor<65536xf32>, tensor<f32>, tensor<i32>
  call @checksum(%a2) : (tensor<65536xf32>) -> ()
  %s3 = arith.constant dense<0.3> : tensor<f32>
  %z3 = arith.constant dense<5> : tensor<i32>
  %a3 = pdq.fake_quant %x scale(%s3) zero_point(%z3) to <bits = 3> : tensor<65536xf32>, tensor<f32>, tensor<i32>
  call @checksum(%a3) : (tensor<65536xf32>) -> ()
  %s4 = arith.constant dense<0.125> : tensor<f32>
  %z4 = arith.constant dense<7> : tensor<i32>
  %a4 = pdq.fake_quant %x scale(%s4) zero_point(%z4) to <bits = 4> : tensor<65536xf32>, tensor<f32>, tensor<i32>
  call @checksum(%a4) : (tensor<65536xf32>) -> ()
  %s5 = arith.constant dense<0.0123> : tensor<f32>
  %z5 = arith.constant dense<31> : tensor<i32>
  %a5 = pdq.fake_quant %x scale(%s5) zero_point(%z5) to <bits = 5> : tensor<65536xf32>, tensor<f32>, tensor<i32>
  call @checksum(%a5) : (tensor<65536xf32>) -> ()
  %s6 = arith.constant dense<1.0e-8> : tensor<f32>
  %z6 = arith.constant dense<33> : tensor<i32>
  %a6 = pdq.fake_quant %x scale(%s6) zero_point(%z6) to <bits = 6> : tensor<65536xf32>, tensor<f32>, tensor<i32>
  call @checksum(%a6) : (tensor<65536xf32>) -> ()
  %s7 = arith.constant dense<3.7> : tensor<f32>
  %z7 = arith.constant dense<101> : tensor<i32>
  %a7 = pdq.fake_quant %x scale(%s7) zero_point(%z7) to <bits = 7> : tensor<65536xf32>, tensor<f32>, tensor<i32>
  call @checksum(%a7) : (tensor<65536xf32>) -> ()
  %s8 = arith.constant dense<0.25> : tensor<f32>
  %z8 = arith.constant dense<131> : tensor<i32>
  %a8 = pdq.fake_quant %x scale(%s8) zero_point(%z8) to <bits = 8> : tensor<65536xf32>, tensor<f32>, tensor<i32>
  call @checksum(%a8) : (tensor<65536xf32>) -> ()
  return
}

// With 2 bits: (q - 1) / 2 of the integers 1, 2, 0, 3 and (q - 3) / 4 of 3, 3, 3, 0.
// Halves are ties; -0.75, 0.25, 9 and -9 saturate. Printed as bits of 0, 0.5, -0.5,
// 1 and 0, 0, 0, -0.75.
// CHECK:      {{^}}0
// CHECK-NEXT: {{^}}1056964608
// CHECK-NEXT: {{^}}3204448256
// CHECK-NEXT: {{^}}1065353216
// CHECK-NEXT: {{^}}0
// CHECK-NEXT: {{^}}0
// CHECK-NEXT: {{^}}0
// CHECK-NEXT: {{^}}3208642560
func.func private @weights() {
  %w2 = arith.constant dense<[[0.25, 0.5, -0.75, 9.0], [-0.125, 0.25, 0.125, -9.0]]> : tensor<2x4xf32>
  %s2 = arith.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %z2 = arith.constant dense<[1, 3]> : tensor<2xi32>
  %q2 = pdq.fake_quant %w2 scale(%s2) zero_point(%z2) to <bits = 2, axis = 0> : tensor<2x4xf32>, tensor<2xf32>, tensor<2xi32>
  call @print(%q2) : (tensor<2x4xf32>) -> ()
  %w3 = arith.constant dense<[[0.25, 0.5, -0.75, 9.0], [-0.125, 0.25, 0.125, -9.0]]> : tensor<2x4xf32>
  %s3 = arith.constant dense<[0.3, 0.25]> : tensor<2xf32>
  %z3 = arith.constant dense<[5, 3]> : tensor<2xi32>
  %q3 = pdq.fake_quant %w3 scale(%s3) zero_point(%z3) to <bits = 3, axis = 0> : tensor<2x4xf32>, tensor<2xf32>, tensor<2xi32>
  call @print(%q3) : (tensor<2x4xf32>) -> ()
  %w4 = arith.constant dense<[[0.25, 0.5, -0.75, 9.0], [-0.125, 0.25, 0.125, -9.0]]> : tensor<2x4xf32>
  %s4 = arith.constant dense<[0.125, 0.25]> : tensor<2xf32>
  %z4 = arith.constant dense<[7, 3]> : tensor<2xi32>
  %q4 = pdq.fake_quant %w4 scale(%s4) zero_point(%z4) to <bits = 4, axis = 0> : tensor<2x4xf32>, tensor<2xf32>, tensor<2xi32>
  call @print(%q4) : (tensor<2x4xf32>) -> ()
  %w5 = arith.constant dense<[[0.25, 0.5, -0.75, 9.0], [-0.125, 0.25, 0.125, -9.0]]> : tensor<2x4xf32>
  %s5 = arith.constant dense<[0.0123, 0.25]> : tensor<2xf32>
  %z5 = arith.constant dense<[31, 3]> : tensor<2xi32>
  %q5 = pdq.fake_quant %w5 scale(%s5) zero_point(%z5) to <bits = 5, axis = 0> : tensor<2x4xf32>, tensor<2xf32>, tensor<2xi32>
  call @print(%q5) : (tensor<2x4xf32>) -> ()
  %w6 = arith.constant dense<[[0.25, 0.5, -0.75, 9.0], [-0.125, 0.25, 0.125, -9.0]]> : tensor<2x4xf32>
  %s6 = arith.constant dense<[1.0e-8, 0.25]> : tensor<2xf32>
  %z6 = arith.constant dense<[33, 3]> : tensor<2xi32>
  %q6 = pdq.fake_quant %w6 scale(%s6) zero_point(%z6) to <bits = 6, axis = 0> : tensor<2x4xf32>, tensor<2xf32>, tensor<2xi32>
  call @print(%q6) : (tensor<2x4xf32>) -> ()
  %w7 = arith.constant dense<[[0.25, 0.5, -0.75, 9.0], [-0.125, 0.25, 0.125, -9.0]]> : tensor<2x4xf32>
  %s7 = arith.constant dense<[3.7, 0.25]> : tensor<2xf32>
  %z7 = arith.constant dense<[101, 3]> : tensor<2xi32>
  %q7 = pdq.fake_quant %w7 scale(%s7) zero_point(%z7) to <bits = 7, axis = 0> : tensor<2x4xf32>, tensor<2xf32>, tensor<2xi32>
  call @print(%q7) : (tensor<2x4xf32>) -> ()
  %w8 = arith.constant dense<[[0.25, 0.5, -0.75, 9.0], [-0.125, 0.25, 0.125, -9.0]]> : tensor<2x4xf32>
  %s8 = arith.constant dense<[0.25, 0.25]> : tensor<2xf32>
  %z8 = arith.constant dense<[131, 3]> : tensor<2xi32>
  %q8 = pdq.fake_quant %w8 scale(%s8) zero_point(%z8) to <bits = 8, axis = 0> : tensor<2x4xf32>, tensor<2xf32>, tensor<2xi32>
  call @print(%q8) : (tensor<2x4xf32>) -> ()
  return
}

func.func @main() {
  call @weights() : () -> ()
  %x = call @inputs() : () -> tensor<65536xf32>
  call @activations(%x) : (tensor<65536xf32>) -> ()
  return
}
