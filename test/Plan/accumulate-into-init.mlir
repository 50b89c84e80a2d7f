// Products that are added.

// RUN: pdq-opt %s --pdq-accumulate-into-init | FileCheck %s

#id = affine_map<(m, n) -> (m, n)>
#swap = affine_map<(m, n) -> (n, m)>
#col = affine_map<(m, n) -> (n)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#res = affine_map<(m, n, k) -> (m, n)>

// Each starts from a bias: the first from both, the second from the first.
// CHECK-LABEL: func.func @biases(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<8x4xf32>, %[[B:[a-z0-9]+]]: tensor<4x6xf32>, %[[C:[a-z0-9]+]]: tensor<8x5xf32>, %[[D:[a-z0-9]+]]: tensor<5x6xf32>,
// CHECK:         %[[BIAS0:.+]] = linalg.generic {{.*}} ins(%{{.+}} : tensor<6xf32>)
// CHECK:         %[[BIAS1:.+]] = linalg.generic {{.*}} ins(%{{.+}} : tensor<6xf32>)
// CHECK:         %[[BIAS:.+]] = linalg.generic {{.*}} ins(%[[BIAS0]], %[[BIAS1]] : tensor<8x6xf32>, tensor<8x6xf32>)
// CHECK:           arith.addf
// CHECK:         %[[P:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] : {{.*}}) outs(%[[BIAS]] :
// CHECK:         %[[Q:.+]] = linalg.generic {{.*}} ins(%[[C]], %[[D]] : {{.*}}) outs(%[[P]] :
// CHECK:         linalg.generic {{.*}} ins(%[[Q]] : tensor<8x6xf32>)
// CHECK-NEXT:    ^bb0(%[[IN:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:      arith.maximumf %[[IN]],
func.func @biases(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>, %c: tensor<8x5xf32>, %d: tensor<5x6xf32>, %u: tensor<6xf32>, %v: tensor<6xf32>) -> tensor<8x6xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x6xf32>
  %bias0 = linalg.generic {indexing_maps = [#col, #id], iterator_types = ["parallel", "parallel"]} ins(%u : tensor<6xf32>) outs(%e : tensor<8x6xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<8x6xf32>
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<8x4xf32>, tensor<4x6xf32>) outs(%bias0 : tensor<8x6xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<8x6xf32>
  %bias1 = linalg.generic {indexing_maps = [#col, #id], iterator_types = ["parallel", "parallel"]} ins(%v : tensor<6xf32>) outs(%e : tensor<8x6xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<8x6xf32>
  %q = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%c, %d : tensor<8x5xf32>, tensor<5x6xf32>) outs(%bias1 : tensor<8x6xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<8x6xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%q, %p : tensor<8x6xf32>, tensor<8x6xf32>) outs(%e : tensor<8x6xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %s = arith.addf %x, %z : f32
    %m = arith.maximumf %s, %zero : f32
    linalg.yield %m : f32
  } -> tensor<8x6xf32>
  return %y : tensor<8x6xf32>
}

// Zeros add nothing: the first starts from what the second started from.
// CHECK-LABEL: func.func @zeros(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<8x4xf32>, %[[B:[a-z0-9]+]]: tensor<4x6xf32>, %[[START:[a-z0-9]+]]: tensor<8x6xf32>)
// CHECK:         %[[P:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] : {{.*}}) outs(%[[START]] :
// CHECK:         %[[Q:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] : {{.*}}) outs(%[[P]] :
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[Q]] : tensor<8x6xf32>)
// CHECK:         return %[[Y]]
func.func @zeros(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>, %start: tensor<8x6xf32>) -> tensor<8x6xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x6xf32>
  %none = linalg.fill ins(%zero : f32) outs(%e : tensor<8x6xf32>) -> tensor<8x6xf32>
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<8x4xf32>, tensor<4x6xf32>) outs(%none : tensor<8x6xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<8x6xf32>
  %q = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<8x4xf32>, tensor<4x6xf32>) outs(%start : tensor<8x6xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<8x6xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p, %q : tensor<8x6xf32>, tensor<8x6xf32>) outs(%e : tensor<8x6xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %s = arith.addf %x, %z : f32
    %m = arith.mulf %s, %s : f32
    linalg.yield %m : f32
  } -> tensor<8x6xf32>
  return %y : tensor<8x6xf32>
}

// A bias behind a product, read across: the sum starts from it, and nothing is left to
// do behind it.
// CHECK-LABEL: func.func @bias_behind(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<80x4xf32>, %[[B:[a-z0-9]+]]: tensor<4x64xf32>, %[[U:[a-z0-9]+]]: tensor<64xf32>)
// CHECK:         %[[BIAS:.+]] = linalg.generic {{.*}} ins(%[[U]] : tensor<64xf32>) outs(%{{.+}} : tensor<80x64xf32>)
// CHECK-NEXT:    ^bb0(%[[V:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:      linalg.yield %[[V]]
// CHECK:         %[[P:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] : {{.*}}) outs(%[[BIAS]] :
// CHECK-NOT:     linalg.generic
// CHECK:         return %[[P]]
func.func @bias_behind(%a: tensor<80x4xf32>, %b: tensor<4x64xf32>, %u: tensor<64xf32>) -> tensor<80x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<80x64xf32>
  %none = linalg.fill ins(%zero : f32) outs(%e : tensor<80x64xf32>) -> tensor<80x64xf32>
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<80x4xf32>, tensor<4x64xf32>) outs(%none : tensor<80x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<80x64xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, m) -> (m, n)>, affine_map<(n, m) -> (n)>, affine_map<(n, m) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
    ins(%p, %u : tensor<80x64xf32>, tensor<64xf32>) outs(%e : tensor<80x64xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %s = arith.addf %x, %z : f32
    linalg.yield %s : f32
  } -> tensor<80x64xf32>
  return %y : tensor<80x64xf32>
}

// A small product is left alone: its kernel would read the bias from memory.
// CHECK-LABEL: func.func @small(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<8x4xf32>, %[[B:[a-z0-9]+]]: tensor<4x6xf32>, %[[U:[a-z0-9]+]]: tensor<6xf32>)
// CHECK:         %[[P:.+]] = linalg.generic {{.*}}"reduction"]} ins(%[[A]], %[[B]] :
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[P]], %[[U]] : tensor<8x6xf32>, tensor<6xf32>)
// CHECK:         return %[[Y]]
func.func @small(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>, %u: tensor<6xf32>) -> tensor<8x6xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x6xf32>
  %none = linalg.fill ins(%zero : f32) outs(%e : tensor<8x6xf32>) -> tensor<8x6xf32>
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<8x4xf32>, tensor<4x6xf32>) outs(%none : tensor<8x6xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<8x6xf32>
  %y = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p, %u : tensor<8x6xf32>, tensor<6xf32>) outs(%e : tensor<8x6xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %s = arith.addf %x, %z : f32
    linalg.yield %s : f32
  } -> tensor<8x6xf32>
  return %y : tensor<8x6xf32>
}

// The sum so far is halved for every term, or the reader is in a loop: left alone. Of
// extents that are not known nothing is made.
// CHECK-LABEL: func.func @no_sum(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<80x4xf32>, %[[B:[a-z0-9]+]]: tensor<4x64xf32>, %[[U:[a-z0-9]+]]: tensor<64xf32>)
// CHECK:         %[[P:.+]] = linalg.generic {{.*}}"reduction"]} ins(%[[A]], %[[B]] :
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[P]], %[[U]] : tensor<80x64xf32>, tensor<64xf32>)
// CHECK:         return %[[Y]]
func.func @no_sum(%a: tensor<80x4xf32>, %b: tensor<4x64xf32>, %u: tensor<64xf32>) -> tensor<80x64xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<80x64xf32>
  %none = linalg.fill ins(%zero : f32) outs(%e : tensor<80x64xf32>) -> tensor<80x64xf32>
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<80x4xf32>, tensor<4x64xf32>) outs(%none : tensor<80x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %d = arith.mulf %o, %half : f32
    %n = arith.addf %d, %t : f32
    linalg.yield %n : f32
  } -> tensor<80x64xf32>
  %y = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p, %u : tensor<80x64xf32>, tensor<64xf32>) outs(%e : tensor<80x64xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %s = arith.addf %x, %z : f32
    linalg.yield %s : f32
  } -> tensor<80x64xf32>
  return %y : tensor<80x64xf32>
}

// CHECK-LABEL: func.func @loop(
// CHECK:         linalg.generic {{.*}}"reduction"]}
// CHECK:         scf.for
// CHECK-NOT:       "reduction"]}
func.func @loop(%a: tensor<80x4xf32>, %b: tensor<4x64xf32>, %u: tensor<64xf32>, %n: index) -> tensor<80x64xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<80x64xf32>
  %none = linalg.fill ins(%zero : f32) outs(%e : tensor<80x64xf32>) -> tensor<80x64xf32>
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<80x4xf32>, tensor<4x64xf32>) outs(%none : tensor<80x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %s = arith.addf %o, %t : f32
    linalg.yield %s : f32
  } -> tensor<80x64xf32>
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%last = %e) -> tensor<80x64xf32> {
    %z = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %u : tensor<80x64xf32>, tensor<64xf32>) outs(%last : tensor<80x64xf32>) {
    ^bb0(%x: f32, %v: f32, %o: f32):
      %s = arith.addf %x, %v : f32
      linalg.yield %s : f32
    } -> tensor<80x64xf32>
    scf.yield %z : tensor<80x64xf32>
  }
  return %y : tensor<80x64xf32>
}

// CHECK-LABEL: func.func @dynamic(
// CHECK:         linalg.generic {{.*}}"reduction"]}
// CHECK-NEXT:    ^bb0
// CHECK:         linalg.generic {{.*}} : tensor<?x64xf32>, tensor<64xf32>)
func.func @dynamic(%a: tensor<?x4xf32>, %b: tensor<4x64xf32>, %u: tensor<64xf32>, %none: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<?x4xf32>, tensor<4x64xf32>) outs(%none : tensor<?x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %s = arith.addf %o, %t : f32
    linalg.yield %s : f32
  } -> tensor<?x64xf32>
  %y = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p, %u : tensor<?x64xf32>, tensor<64xf32>) outs(%none : tensor<?x64xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %s = arith.addf %x, %z : f32
    linalg.yield %s : f32
  } -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// What the second starts from would have to be read; a product has two readers; one
// is read across: left alone.
// CHECK-LABEL: func.func @declined(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<6x4xf32>, %[[B:[a-z0-9]+]]: tensor<4x6xf32>, %[[S:[a-z0-9]+]]: tensor<6x6xf32>, %[[T:[a-z0-9]+]]: tensor<6x6xf32>)
// CHECK:         %[[P:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] : {{.*}}) outs(%[[S]] :
// CHECK:         %[[Q:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] : {{.*}}) outs(%[[T]] :
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[P]], %[[Q]] :
// CHECK:         %[[R:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] :
// CHECK:         %[[U:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] :
// CHECK:         %[[Z:.+]] = linalg.generic {{.*}} ins(%[[R]], %[[U]] :
// CHECK:         return %[[Y]], %[[Z]]
func.func @declined(%a: tensor<6x4xf32>, %b: tensor<4x6xf32>, %s: tensor<6x6xf32>, %t: tensor<6x6xf32>) -> (tensor<6x6xf32>, tensor<6x6xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<6x6xf32>
  %none = linalg.fill ins(%zero : f32) outs(%e : tensor<6x6xf32>) -> tensor<6x6xf32>
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<6x4xf32>, tensor<4x6xf32>) outs(%s : tensor<6x6xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.mulf %x, %y : f32
    %n = arith.addf %o, %m : f32
    linalg.yield %n : f32
  } -> tensor<6x6xf32>
  %q = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<6x4xf32>, tensor<4x6xf32>) outs(%t : tensor<6x6xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.mulf %x, %y : f32
    %n = arith.addf %o, %m : f32
    linalg.yield %n : f32
  } -> tensor<6x6xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p, %q : tensor<6x6xf32>, tensor<6x6xf32>) outs(%e : tensor<6x6xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %m = arith.addf %x, %z : f32
    linalg.yield %m : f32
  } -> tensor<6x6xf32>
  %r = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<6x4xf32>, tensor<4x6xf32>) outs(%none : tensor<6x6xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %m = arith.mulf %x, %z : f32
    %n = arith.addf %o, %m : f32
    linalg.yield %n : f32
  } -> tensor<6x6xf32>
  %u = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<6x4xf32>, tensor<4x6xf32>) outs(%none : tensor<6x6xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %m = arith.mulf %x, %z : f32
    %n = arith.addf %o, %m : f32
    linalg.yield %n : f32
  } -> tensor<6x6xf32>
  %w = linalg.generic {indexing_maps = [#id, #swap, #id], iterator_types = ["parallel", "parallel"]}
    ins(%r, %u : tensor<6x6xf32>, tensor<6x6xf32>) outs(%e : tensor<6x6xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %m = arith.addf %x, %z : f32
    linalg.yield %m : f32
  } -> tensor<6x6xf32>
  return %y, %w : tensor<6x6xf32>, tensor<6x6xf32>
}
