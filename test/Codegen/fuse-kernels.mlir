// Which elementwise kernels a product takes along.

// RUN: pdq-opt %s --pdq-outline-kernels=absorb-fills --cse --pdq-fuse-kernels="elementwise=false rows=false groups=false" | FileCheck %s
// RUN: pdq-opt %s --pdq-outline-kernels=absorb-fills --cse --pdq-fuse-kernels="elementwise=false rows=false groups=false" --pdq-emit-gpu-kernels | FileCheck %s --check-prefix=EMIT

#id = affine_map<(m, n) -> (m, n)>
#pair = affine_map<(m, n, p) -> (m, n)>
#triple = affine_map<(m, n, p) -> (m, n, p)>
#col = affine_map<(m, n) -> (n)>
#row = affine_map<(m, n) -> (m)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>

// All three in one launch, and the sum itself is not stored.
// CHECK-LABEL: plan.program @all(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[B:[a-z0-9]+]]: memref<32xf32>, %[[Y:[a-z0-9]+]]: memref<64x32xf32>)
// CHECK:         %[[T:.+]] = memref.alloc
// CHECK:         plan.launch @fused_[[$ALL:[0-9a-f]+]](%[[B]], %[[T]], %[[X]], %[[W]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @all(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %bias: memref<32xf32>, %y: memref<64x32xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloc() : memref<64x32xf32>
  linalg.generic {indexing_maps = [#col, #id], iterator_types = ["parallel", "parallel"]}
    ins(%bias : memref<32xf32>) outs(%t : memref<64x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32>, memref<16x32xf32>) outs(%t : memref<64x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%t : memref<64x32xf32>) outs(%y : memref<64x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  }
  return
}

// A product that starts from another one: both, and what follows, in one launch.
// CHECK-LABEL: plan.program @added(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[U:[a-z0-9]+]]: memref<64x24xf32>, %[[V:[a-z0-9]+]]: memref<24x32xf32>, %[[Y:[a-z0-9]+]]: memref<64x32xf32>)
// CHECK:         %[[T:.+]] = memref.alloc
// CHECK:         plan.launch @fused_[[$ADDED:[0-9a-f]+]](%[[X]], %[[W]], %[[T]], %[[U]], %[[V]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @added(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %u: memref<64x24xf32>, %v: memref<24x32xf32>, %y: memref<64x32xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloc() : memref<64x32xf32>
  linalg.fill ins(%zero : f32) outs(%t : memref<64x32xf32>)
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32>, memref<16x32xf32>) outs(%t : memref<64x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%u, %v : memref<64x24xf32>, memref<24x32xf32>) outs(%t : memref<64x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%t : memref<64x32xf32>) outs(%y : memref<64x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  }
  return
}

// The launch between writes what the first product reads: two launches.
// CHECK-LABEL: plan.program @added_apart(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[Y:[a-z0-9]+]]: memref<64x32xf32>, %[[Z:[a-z0-9]+]]: memref<64x16xf32>)
// CHECK:         plan.launch @generic_{{[0-9a-f]+}}(%[[X]], %[[W]], %[[Y]])
// CHECK-NEXT:    plan.launch @copy_{{[0-9a-f]+}}(%[[Z]], %[[X]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[Z]], %[[W]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @added_apart(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %y: memref<64x32xf32>, %z: memref<64x16xf32>) {
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32>, memref<16x32xf32>) outs(%y : memref<64x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.copy ins(%z : memref<64x16xf32>) outs(%x : memref<64x16xf32>)
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%z, %w : memref<64x16xf32>, memref<16x32xf32>) outs(%y : memref<64x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  return
}

// Two products are added to rows of one buffer that are not the same: two launches.
// CHECK-LABEL: plan.program @added_elsewhere(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[V:[a-z0-9]+]]: memref<16x32xf32>, %[[Y:[a-z0-9]+]]: memref<66x32xf32>)
// CHECK:         plan.launch @generic_{{[0-9a-f]+}}(%[[X]], %[[W]], %[[Y]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[X]], %[[V]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @added_elsewhere(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %v: memref<16x32xf32>, %y: memref<66x32xf32>) {
  linalg.generic {indexing_maps = [#lhs, #rhs, affine_map<(m, n, k) -> (m + 2, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32>, memref<16x32xf32>) outs(%y : memref<66x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#lhs, #rhs, affine_map<(m, n, k) -> (m + 1, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %v : memref<64x16xf32>, memref<16x32xf32>) outs(%y : memref<66x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  return
}

// Somebody else reads the sum: it is stored too.
// CHECK-LABEL: plan.program @needed(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[B:[a-z0-9]+]]: memref<32xf32>, %[[Y:[a-z0-9]+]]: memref<64x32xf32>, %[[Z:[a-z0-9]+]]: memref<64x32xf32>)
// CHECK:         %[[T:.+]] = memref.alloc
// CHECK:         plan.launch @fused_[[$NEEDED:[0-9a-f]+]](%[[B]], %[[T]], %[[X]], %[[W]], %[[Y]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[T]], %[[Z]])
// CHECK-NEXT:    plan.return
func.func @needed(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %bias: memref<32xf32>, %y: memref<64x32xf32>, %z: memref<64x32xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloc() : memref<64x32xf32>
  linalg.generic {indexing_maps = [#col, #id], iterator_types = ["parallel", "parallel"]}
    ins(%bias : memref<32xf32>) outs(%t : memref<64x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32>, memref<16x32xf32>) outs(%t : memref<64x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%t : memref<64x32xf32>) outs(%y : memref<64x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%t : memref<64x32xf32>) outs(%z : memref<64x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.exp %a : f32
    linalg.yield %m : f32
  }
  return
}

// The bias changes between its use and the product, and what follows reads each
// element of the sum twice: nothing is fused.
// CHECK-LABEL: plan.program @apart(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[B:[a-z0-9]+]]: memref<32xf32>, %[[Y:[a-z0-9]+]]: memref<64x32x2xf32>)
// CHECK:         %[[T:.+]] = memref.alloc
// CHECK:         plan.launch @generic_{{[0-9a-f]+}}(%[[B]], %[[T]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[B]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[X]], %[[W]], %[[T]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[T]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @apart(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %bias: memref<32xf32>, %y: memref<64x32x2xf32>) {
  %t = memref.alloc() : memref<64x32xf32>
  linalg.generic {indexing_maps = [#col, #id], iterator_types = ["parallel", "parallel"]}
    ins(%bias : memref<32xf32>) outs(%t : memref<64x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  linalg.generic {indexing_maps = [affine_map<(n) -> (n)>], iterator_types = ["parallel"]} outs(%bias : memref<32xf32>) {
  ^bb0(%o: f32):
    %m = arith.addf %o, %o : f32
    linalg.yield %m : f32
  }
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32>, memref<16x32xf32>) outs(%t : memref<64x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#pair, #triple], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%t : memref<64x32xf32>) outs(%y : memref<64x32x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// The epilogue stores to rows that other blocks of the product still read: both
// are views of one buffer.
// CHECK-LABEL: plan.program @overwrites(
// CHECK-SAME:    %[[P:[a-z0-9]+]]: memref<65x16xf32>, %[[W:[a-z0-9]+]]: memref<16x16xf32>)
// CHECK:         %[[T:.+]] = memref.alloc
// CHECK:         %[[X:.+]] = memref.subview %[[P]][0, 0]
// CHECK:         %[[DOWN:.+]] = memref.subview %[[P]][1, 0]
// CHECK:         plan.launch @generic_{{[0-9a-f]+}}(%[[X]], %[[W]], %[[T]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[T]], %[[DOWN]])
// CHECK-NEXT:    plan.return
func.func @overwrites(%p: memref<65x16xf32>, %w: memref<16x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloc() : memref<64x16xf32>
  %x = memref.subview %p[0, 0] [64, 16] [1, 1] : memref<65x16xf32> to memref<64x16xf32, strided<[16, 1]>>
  %y = memref.subview %p[1, 0] [64, 16] [1, 1] : memref<65x16xf32> to memref<64x16xf32, strided<[16, 1], offset: 16>>
  linalg.fill ins(%zero : f32) outs(%t : memref<64x16xf32>)
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32, strided<[16, 1]>>, memref<16x16xf32>) outs(%t : memref<64x16xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%t : memref<64x16xf32>) outs(%y : memref<64x16xf32, strided<[16, 1], offset: 16>>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  }
  return
}

// A depthwise convolution is a product too, and ReLU runs on whole vectors of
// channels.
// CHECK-LABEL: plan.program @depthwise(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x8x8x16xf32>, %[[W:[a-z0-9]+]]: memref<3x3x16xf32>, %[[Y:[a-z0-9]+]]: memref<2x6x6x16xf32>)
// CHECK:         %[[T:.+]] = memref.alloc
// CHECK:         plan.launch @fused_[[$DEPTHWISE:[0-9a-f]+]](%[[X]], %[[W]], %[[T]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @depthwise(%x: memref<2x8x8x16xf32>, %w: memref<3x3x16xf32>, %y: memref<2x6x6x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloc() : memref<2x6x6x16xf32>
  linalg.fill ins(%zero : f32) outs(%t : memref<2x6x6x16xf32>)
  linalg.generic {indexing_maps = [affine_map<(n, h, w, c, i, j) -> (n, h + i, w + j, c)>, affine_map<(n, h, w, c, i, j) -> (i, j, c)>, affine_map<(n, h, w, c, i, j) -> (n, h, w, c)>],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
    ins(%x, %w : memref<2x8x8x16xf32>, memref<3x3x16xf32>) outs(%t : memref<2x6x6x16xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [affine_map<(n, h, w, c) -> (n, h, w, c)>, affine_map<(n, h, w, c) -> (n, h, w, c)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%t : memref<2x6x6x16xf32>) outs(%y : memref<2x6x6x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  }
  return
}

// A reduction that is no product stays alone.
// CHECK-LABEL: plan.program @no_product(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x32xf32>, %[[Y:[a-z0-9]+]]: memref<64xf32>)
// CHECK:         %[[T:.+]] = memref.alloc
// CHECK:         plan.launch @generic_{{[0-9a-f]+}}(%[[X]], %[[T]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[T]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @no_product(%x: memref<64x32xf32>, %y: memref<64xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%t : memref<64xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<64x32xf32>) outs(%t : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.addf %o, %a : f32
    linalg.yield %m : f32
  }
  linalg.generic {indexing_maps = [affine_map<(n) -> (n)>, affine_map<(n) -> (n)>], iterator_types = ["parallel"]} ins(%t : memref<64xf32>) outs(%y : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.exp %a : f32
    linalg.yield %m : f32
  }
  return
}

// The epilogue stores to the place of the sum: it needs its memory, but the sum is
// not stored there first.
// CHECK-LABEL: plan.program @in_place(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<80x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[Z:[a-z0-9]+]]: memref<32x80xf32>)
// CHECK:         %[[T:.+]] = memref.alloc
// CHECK:         plan.launch @fused_[[$IN_PLACE:[0-9a-f]+]](%[[X]], %[[W]], %[[T]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[T]], %[[Z]])
// CHECK-NEXT:    plan.return
func.func @in_place(%x: memref<80x16xf32>, %w: memref<16x32xf32>, %z: memref<32x80xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloc() : memref<80x32xf32>
  linalg.fill ins(%zero : f32) outs(%t : memref<80x32xf32>)
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<80x16xf32>, memref<16x32xf32>) outs(%t : memref<80x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%t : memref<80x32xf32>) outs(%t : memref<80x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.absf %a : f32
    linalg.yield %m : f32
  }
  linalg.generic {indexing_maps = [affine_map<(n, m) -> (m, n)>, #id], iterator_types = ["parallel", "parallel"]}
    ins(%t : memref<80x32xf32>) outs(%z : memref<32x80xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// What the sums start from, the product, and what takes them, each with its operands.
// CHECK:       plan.kernel @fused_[[$ALL]](%[[B:[a-z0-9]+]]: memref<32xf32>, %[[T:[a-z0-9]+]]: memref<64x32xf32> {plan.register_only}, %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[Y:[a-z0-9]+]]: memref<64x32xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[B]] : memref<32xf32>) outs(%[[T]] : memref<64x32xf32>)
// CHECK-NEXT:    ^bb0(%[[BIAS:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:      linalg.yield %[[BIAS]]
// CHECK:         linalg.generic {{.*}} ins(%[[X]], %[[W]] : memref<64x16xf32>, memref<16x32xf32>) outs(%[[T]] : memref<64x32xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[T]] : memref<64x32xf32>) outs(%[[Y]] : memref<64x32xf32>)
// CHECK:           arith.maximumf

// CHECK:       plan.kernel @fused_[[$ADDED]](%[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[T:[a-z0-9]+]]: memref<64x32xf32> {plan.register_only}, %[[U:[a-z0-9]+]]: memref<64x24xf32>, %[[V:[a-z0-9]+]]: memref<24x32xf32>, %[[Y:[a-z0-9]+]]: memref<64x32xf32>)
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[T]] : memref<64x32xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[X]], %[[W]] : memref<64x16xf32>, memref<16x32xf32>) outs(%[[T]] : memref<64x32xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[U]], %[[V]] : memref<64x24xf32>, memref<24x32xf32>) outs(%[[T]] : memref<64x32xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[T]] : memref<64x32xf32>) outs(%[[Y]] : memref<64x32xf32>)

// CHECK:       plan.kernel @fused_[[$NEEDED]](%{{.+}}: memref<32xf32>, %{{.+}}: memref<64x32xf32>, %{{.+}}: memref<64x16xf32>, %{{.+}}: memref<16x32xf32>, %{{.+}}: memref<64x32xf32>)

// CHECK:       plan.kernel @fused_[[$DEPTHWISE]](%[[X:[a-z0-9]+]]: memref<2x8x8x16xf32>, %[[W:[a-z0-9]+]]: memref<3x3x16xf32>, %[[T:[a-z0-9]+]]: memref<2x6x6x16xf32> {plan.register_only}, %[[Y:[a-z0-9]+]]: memref<2x6x6x16xf32>)
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[T]] : memref<2x6x6x16xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[X]], %[[W]] : memref<2x8x8x16xf32>, memref<3x3x16xf32>) outs(%[[T]] : memref<2x6x6x16xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[T]] : memref<2x6x6x16xf32>) outs(%[[Y]] : memref<2x6x6x16xf32>)

// CHECK:       plan.kernel @fused_[[$IN_PLACE]](%[[X:[a-z0-9]+]]: memref<80x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[T:[a-z0-9]+]]: memref<80x32xf32>)
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[T]] : memref<80x32xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[X]], %[[W]] : memref<80x16xf32>, memref<16x32xf32>) outs(%[[T]] : memref<80x32xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[T]] : memref<80x32xf32>) outs(%[[T]] : memref<80x32xf32>)
// CHECK:           math.absf

// The bias is loaded and ReLU computed between the product and its one store.
// EMIT-LABEL: plan.kernel @fused_
// EMIT-SAME:    form(matrix)
// EMIT:         nvvm.mma.sync
// EMIT:         scf.if
// EMIT:           memref.load
// EMIT:           arith.addf
// EMIT-NOT:       memref.store
// EMIT:           arith.maximumf
// EMIT:           memref.store

// The sums go from one loop to the next, and through shared memory once.
// EMIT:      plan.kernel @fused_{{.+}}memref<24x32xf32>{{.+}}form(matrix)
// EMIT:      %[[SUMS:.+]]:{{[0-9]+}} = scf.for
// EMIT:        nvvm.mma.sync
// EMIT:      scf.for {{.+}}%[[SUMS]]#0
// EMIT:        nvvm.mma.sync
// EMIT:      arith.maximumf

// EMIT:      plan.kernel @fused_{{.+}}form(direct)
// EMIT:      vector.fma
// EMIT:      arith.maximumf {{.+}} : vector<4xf32>
// EMIT-NOT:  memref.store
// EMIT:      vector.store {{.+}} : memref<1152xf32>, vector<4xf32>

// EMIT-LABEL: plan.kernel @fused_{{.*}}memref<80x32xf32>
// EMIT:         nvvm.mma.sync
// EMIT:         scf.for
// EMIT-NOT:       store
// EMIT:           math.absf
// EMIT:           memref.store
// EMIT-NOT:       store
// EMIT:         plan.return
