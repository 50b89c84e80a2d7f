// Kernels become loops over vectors of 4 elements; what has no vector form stays for
// the scalar fallback. What the loops compute: test/unit/KernelTest.cpp.

// RUN: pdq-opt %s --pdq-emit-cpu-kernels=vector-width=4 --canonicalize --cse --verify-diagnostics | FileCheck %s
// RUN: pdq-opt %s --pdq-emit-cpu-kernels=vector-width=16 2>/dev/null | FileCheck %s --check-prefix=WIDE
// RUN: not pdq-opt %s --pdq-emit-cpu-kernels=vector-width=5 2>&1 | FileCheck %s --check-prefix=FIVE-LANES
// FIVE-LANES: error: option 'vector-width' is 5, expected 4, 8 or 16, or 0 for scalar loops

#i = affine_map<(i) -> (i)>
#pair = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>

// The caller chooses among two ranges of 32 elements, each of which is walked two
// vectors at a time.
// CHECK-LABEL: plan.kernel @elementwise(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64xf32>, %[[Y:[a-z0-9]+]]: memref<64xf32>) form(vector) range(2)
// CHECK-DAG:     %[[C0:.+]] = arith.constant 0 : index
// CHECK-DAG:     %[[C1:.+]] = arith.constant 1 : index
// CHECK-DAG:     %[[C4:.+]] = arith.constant 4 : index
// CHECK-DAG:     %[[C8:.+]] = arith.constant 8 : index
// CHECK-DAG:     %[[C32:.+]] = arith.constant 32 : index
// CHECK:         %[[BEGIN:.+]], %[[END:.+]] = plan.range
// CHECK:         scf.for %[[R:.+]] = %[[BEGIN]] to %[[END]] step %[[C1]] {
// CHECK-NEXT:      scf.for %[[I:.+]] = %[[C0]] to %[[C32]] step %[[C8]] {
// CHECK-NEXT:        %[[B:.+]] = arith.muli %[[R]], %[[C32]]
// CHECK-NEXT:        %[[P:.+]] = arith.addi %[[B]], %[[I]]
// CHECK-NEXT:        %[[V:.+]] = vector.load %[[X]][%[[P]]] : memref<64xf32>, vector<4xf32>
// CHECK-NEXT:        %[[N:.+]] = arith.negf %[[V]] : vector<4xf32>
// CHECK-NEXT:        vector.store %[[N]], %[[Y]][%[[P]]]
// CHECK-NEXT:        %[[Q:.+]] = arith.addi %[[P]], %[[C4]]
// CHECK-NEXT:        %[[W:.+]] = vector.load %[[X]][%[[Q]]]
// CHECK-NEXT:        %[[M:.+]] = arith.negf %[[W]]
// CHECK-NEXT:        vector.store %[[M]], %[[Y]][%[[Q]]]
// CHECK-NOT:     linalg
// WIDE-LABEL: plan.kernel @elementwise(
// WIDE:         vector.load {{.*}}, vector<16xf32>
plan.kernel @elementwise(%x: memref<64xf32>, %y: memref<64xf32>) {
  linalg.generic {indexing_maps = [#i, #i], iterator_types = ["parallel"]} ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  plan.return
}

// One vector, and elements 4 to 6 one by one.
// CHECK-LABEL: plan.kernel @remainder(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<7xf32>, %[[Y:[a-z0-9]+]]: memref<7xf32>
// CHECK-DAG:     %[[C0:.+]] = arith.constant 0 : index
// CHECK-DAG:     %[[C4:.+]] = arith.constant 4 : index
// CHECK-DAG:     %[[C7:.+]] = arith.constant 7 : index
// CHECK:           %[[V:.+]] = vector.load %[[X]][%[[C0]]] : memref<7xf32>, vector<4xf32>
// CHECK-NEXT:      %[[N:.+]] = arith.negf %[[V]]
// CHECK-NEXT:      vector.store %[[N]], %[[Y]][%[[C0]]]
// CHECK-NEXT:      scf.for %[[I:.+]] = %[[C4]] to %[[C7]]
// CHECK-NEXT:        %[[A:.+]] = memref.load %[[X]][%[[I]]]
// CHECK-NEXT:        %[[M:.+]] = arith.negf %[[A]] : f32
// CHECK-NEXT:        memref.store %[[M]], %[[Y]][%[[I]]]
plan.kernel @remainder(%x: memref<7xf32>, %y: memref<7xf32>) {
  linalg.generic {indexing_maps = [#i, #i], iterator_types = ["parallel"]} ins(%x : memref<7xf32>) outs(%y : memref<7xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  plan.return
}

// A row of 8 is two vectors, which are added, then folded in halves (4, 2, 1), and
// last comes what the result held: y + (((x0 + x4) + (x2 + x6)) + ((x1 + x5) + (x3 + x7))).
// CHECK-LABEL: plan.kernel @sum_of_a_row(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x8xf32>, %[[Y:[a-z0-9]+]]: memref<4xf32>)
// CHECK-SAME:    form(vector) range(4)
// CHECK-DAG:     %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : vector<4xf32>
// CHECK-DAG:     %[[F:.+]] = memref.reinterpret_cast %[[X]] to offset: [0], sizes: [32], strides: [1]
// CHECK:         %[[BEGIN:.+]], %[[END:.+]] = plan.range
// CHECK:         scf.for %[[R:.+]] = %[[BEGIN]] to %[[END]]
// CHECK-NEXT:      %[[O:.+]] = memref.load %[[Y]][%[[R]]]
// CHECK:           %[[A:.+]] = vector.load %[[F]]
// CHECK:           %[[A0:.+]] = arith.addf %[[A]], %[[ZERO]]
// CHECK:           %[[B:.+]] = vector.load %[[F]]
// CHECK:           %[[B0:.+]] = arith.addf %[[B]], %[[ZERO]]
// CHECK:           %[[A1:.+]] = arith.addf %[[A0]], %[[ZERO]]
// CHECK:           %[[B1:.+]] = arith.addf %[[B0]], %[[ZERO]]
// CHECK:           %[[S4:.+]] = arith.addf %[[A1]], %[[B1]] : vector<4xf32>
// CHECK-NEXT:      %[[L2:.+]] = vector.extract_strided_slice %[[S4]] {offsets = [0], sizes = [2]
// CHECK-NEXT:      %[[H2:.+]] = vector.extract_strided_slice %[[S4]] {offsets = [2], sizes = [2]
// CHECK-NEXT:      %[[S2:.+]] = arith.addf %[[L2]], %[[H2]] : vector<2xf32>
// CHECK-NEXT:      %[[L1:.+]] = vector.extract_strided_slice %[[S2]] {offsets = [0], sizes = [1]
// CHECK-NEXT:      %[[H1:.+]] = vector.extract_strided_slice %[[S2]] {offsets = [1], sizes = [1]
// CHECK-NEXT:      %[[S1:.+]] = arith.addf %[[L1]], %[[H1]] : vector<1xf32>
// CHECK-NEXT:      %[[S:.+]] = vector.extract %[[S1]][0]
// CHECK-NEXT:      %[[T:.+]] = arith.addf %[[O]], %[[S]] : f32
// CHECK-NEXT:      memref.store %[[T]], %[[Y]][%[[R]]]
plan.kernel @sum_of_a_row(%x: memref<4x8xf32>, %y: memref<4xf32>) {
  linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<4x8xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  }
  plan.return
}

// [2, 2] x [2, 8]: four columns at a time; both rows of the result are in registers
// while the terms are walked, and an element of %x goes to all lanes.
// CHECK-LABEL: plan.kernel @product(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x2xf32>, %[[W:[a-z0-9]+]]: memref<2x8xf32>, %[[Y:[a-z0-9]+]]: memref<2x8xf32>)
// CHECK-SAME:    form(vector) range(2)
// CHECK-DAG:     %[[C0:.+]] = arith.constant 0 : index
// CHECK-DAG:     %[[C1:.+]] = arith.constant 1 : index
// CHECK-DAG:     %[[C2:.+]] = arith.constant 2 : index
// CHECK-DAG:     %[[C3:.+]] = arith.constant 3 : index
// CHECK-DAG:     %[[C4:.+]] = arith.constant 4 : index
// CHECK-DAG:     %[[C8:.+]] = arith.constant 8 : index
// CHECK-DAG:     %[[FX:.+]] = memref.reinterpret_cast %[[X]] to offset: [0], sizes: [4], strides: [1]
// CHECK-DAG:     %[[FW:.+]] = memref.reinterpret_cast %[[W]] to offset: [0], sizes: [16], strides: [1]
// CHECK-DAG:     %[[FY:.+]] = memref.reinterpret_cast %[[Y]] to offset: [0], sizes: [16], strides: [1]
// CHECK:         %[[BEGIN:.+]], %[[END:.+]] = plan.range
// CHECK:         scf.for %[[R:.+]] = %[[BEGIN]] to %[[END]]
// CHECK-NEXT:      %[[J:.+]] = arith.muli %[[R]], %[[C4]]
// CHECK-NEXT:      %[[Y0:.+]] = vector.load %[[FY]][%[[J]]]
// CHECK-NEXT:      %[[J8:.+]] = arith.addi %[[J]], %[[C8]]
// CHECK-NEXT:      %[[Y1:.+]] = vector.load %[[FY]][%[[J8]]]
// CHECK-NEXT:      %[[X00:.+]] = memref.load %[[FX]][%[[C0]]]
// CHECK-NEXT:      %[[W0:.+]] = vector.load %[[FW]][%[[J]]]
// CHECK-NEXT:      %[[V00:.+]] = vector.broadcast %[[X00]]
// CHECK-NEXT:      %[[S0:.+]] = vector.fma %[[V00]], %[[W0]], %[[Y0]]
// CHECK-NEXT:      %[[X10:.+]] = memref.load %[[FX]][%[[C2]]]
// CHECK-NEXT:      %[[V10:.+]] = vector.broadcast %[[X10]]
// CHECK-NEXT:      %[[S1:.+]] = vector.fma %[[V10]], %[[W0]], %[[Y1]]
// CHECK-NEXT:      %[[X01:.+]] = memref.load %[[FX]][%[[C1]]]
// CHECK-NEXT:      %[[W1:.+]] = vector.load %[[FW]][%[[J8]]]
// CHECK-NEXT:      %[[V01:.+]] = vector.broadcast %[[X01]]
// CHECK-NEXT:      %[[T0:.+]] = vector.fma %[[V01]], %[[W1]], %[[S0]]
// CHECK-NEXT:      %[[X11:.+]] = memref.load %[[FX]][%[[C3]]]
// CHECK-NEXT:      %[[V11:.+]] = vector.broadcast %[[X11]]
// CHECK-NEXT:      %[[T1:.+]] = vector.fma %[[V11]], %[[W1]], %[[S1]]
// CHECK-NEXT:      vector.store %[[T0]], %[[FY]][%[[J]]]
// CHECK-NEXT:      vector.store %[[T1]], %[[FY]][%[[J8]]]
plan.kernel @product(%x: memref<2x2xf32>, %w: memref<2x8xf32>, %y: memref<2x8xf32>) {
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : memref<2x2xf32>, memref<2x8xf32>) outs(%y : memref<2x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %r = arith.addf %o, %m : f32
    linalg.yield %r : f32
  }
  plan.return
}

// The reason goes with the kernel, for the message of the executor.
// CHECK-LABEL: plan.kernel @product_of_a_row(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x8xf32>, %[[Y:[a-z0-9]+]]: memref<4xf32>)
// CHECK-SAME:    form(scalar) declined("its payload is no sum, maximum or minimum of one term") range(4)
// CHECK:         scf.for %[[I:.+]] =
// CHECK-NEXT:      scf.for %[[J:.+]] =
// CHECK-NEXT:        %[[A:.+]] = memref.load %[[X]][%[[I]], %[[J]]]
// CHECK-NEXT:        %[[O:.+]] = memref.load %[[Y]][%[[I]]]
// CHECK-NEXT:        %[[R:.+]] = arith.mulf %[[O]], %[[A]]
// CHECK-NEXT:        memref.store %[[R]], %[[Y]][%[[I]]]
plan.kernel @product_of_a_row(%x: memref<4x8xf32>, %y: memref<4xf32>) {
  // expected-remark @below {{kernel takes the scalar fallback: its payload is no sum, maximum or minimum of one term}}
  linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<4x8xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.mulf %o, %a : f32
    linalg.yield %r : f32
  }
  plan.return
}

// CHECK-LABEL: plan.kernel @every_place_twice(
// CHECK-SAME:    declined("an operand is not indexed linearly")
plan.kernel @every_place_twice(%x: memref<4xf32>, %y: memref<8xf32>) {
  // expected-remark @below {{kernel takes the scalar fallback: an operand is not indexed linearly}}
  linalg.generic {indexing_maps = [affine_map<(i) -> (i floordiv 2)>, #i], iterator_types = ["parallel"]} ins(%x : memref<4xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  plan.return
}

// Only kernels without a form are looked at.
// CHECK-LABEL: plan.kernel @has_a_form(
// CHECK-NEXT:    linalg.copy
plan.kernel @has_a_form(%x: memref<64xf32>, %y: memref<64xf32>) form(vector) range(1) {
  linalg.copy ins(%x : memref<64xf32>) outs(%y : memref<64xf32>)
  plan.return
}
// CHECK-LABEL: func.func @no_kernel(
// CHECK-NEXT:    linalg.copy
func.func @no_kernel(%x: memref<64xf32>, %y: memref<64xf32>) {
  linalg.copy ins(%x : memref<64xf32>) outs(%y : memref<64xf32>)
  return
}
