// Elementwise operations on slices.

// RUN: pdq-opt %s --pdq-simplify-slices=split | FileCheck %s

#id = affine_map<(n, c) -> (n, c)>
#col = affine_map<(n, c) -> (c)>

// Nothing reads the whole: the operation moves behind the slices, and counts rows as
// before.
// CHECK-LABEL: func.func @halves(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<8x16xf32>, %[[B:[a-z0-9_]+]]: tensor<16xf32>)
// CHECK-DAG:     %[[X0:.+]] = tensor.extract_slice %[[X]][0, 0] [4, 16] [1, 1]
// CHECK-DAG:     %[[X1:.+]] = tensor.extract_slice %[[X]][4, 0] [4, 16] [1, 1]
// CHECK-DAG:     %[[Y0:.+]] = linalg.generic {{.*}} ins(%[[X0]], %[[B]] : tensor<4x16xf32>, tensor<16xf32>)
// CHECK-DAG:     %[[Y1:.+]] = linalg.generic {{.*}} ins(%[[X1]], %[[B]] : tensor<4x16xf32>, tensor<16xf32>)
// CHECK-DAG:     %[[FOUR:.+]] = arith.constant 4 : index
// CHECK-DAG:     arith.addi %{{.+}}, %[[FOUR]] : index
// CHECK-NOT:     tensor<8x16xf32>
// CHECK:         return %[[Y0]], %[[Y1]]
func.func @halves(%x: tensor<8x16xf32>, %b: tensor<16xf32>) -> (tensor<4x16xf32>, tensor<4x16xf32>) {
  %e = tensor.empty() : tensor<8x16xf32>
  %y = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x, %b : tensor<8x16xf32>, tensor<16xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %i : index to i32
    %f = arith.sitofp %j : i32 to f32
    %s = arith.addf %a, %c : f32
    %t = arith.addf %s, %f : f32
    linalg.yield %t : f32
  } -> tensor<8x16xf32>
  %0 = tensor.extract_slice %y[0, 0] [4, 16] [1, 1] : tensor<8x16xf32> to tensor<4x16xf32>
  %1 = tensor.extract_slice %y[4, 0] [4, 16] [1, 1] : tensor<8x16xf32> to tensor<4x16xf32>
  return %0, %1 : tensor<4x16xf32>, tensor<4x16xf32>
}

// What is put together is taken apart: the operation reads the pieces themselves.
// CHECK-LABEL: func.func @pieces(
// CHECK-SAME:    %[[A:[a-z0-9_]+]]: tensor<2x4xf32>, %[[B:[a-z0-9_]+]]: tensor<6x4xf32>)
// CHECK:         %[[LOW:.+]] = linalg.generic {{.*}} ins(%[[A]] : tensor<2x4xf32>)
// CHECK:         %[[FIRST:.+]] = tensor.insert_slice %[[LOW]] into %{{.+}}[0, 0] [2, 4] [1, 1]
// CHECK:         %[[HIGH:.+]] = linalg.generic {{.*}} ins(%[[B]] : tensor<6x4xf32>)
// CHECK:         %[[BOTH:.+]] = tensor.insert_slice %[[HIGH]] into %[[FIRST]][2, 0] [6, 4] [1, 1]
// CHECK:         return %[[BOTH]]
func.func @pieces(%a: tensor<2x4xf32>, %b: tensor<6x4xf32>) -> tensor<8x4xf32> {
  %e = tensor.empty() : tensor<8x4xf32>
  %0 = tensor.insert_slice %a into %e[0, 0] [2, 4] [1, 1] : tensor<2x4xf32> into tensor<8x4xf32>
  %1 = tensor.insert_slice %b into %0[2, 0] [6, 4] [1, 1] : tensor<6x4xf32> into tensor<8x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%1 : tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%p: f32, %o: f32):
    %n = arith.negf %p : f32
    linalg.yield %n : f32
  } -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// A sum starts from that of the piece before.
// CHECK-LABEL: func.func @sum(
// CHECK-SAME:    %[[A:[a-z0-9_]+]]: tensor<2x4xf32>, %[[B:[a-z0-9_]+]]: tensor<6x4xf32>, %[[S:[a-z0-9_]+]]: tensor<f32>)
// CHECK:         %[[FIRST:.+]] = linalg.generic {{.*}} ins(%[[A]] : tensor<2x4xf32>) outs(%[[S]] : tensor<f32>)
// CHECK:         linalg.generic {{.*}} ins(%[[B]] : tensor<6x4xf32>) outs(%[[FIRST]] : tensor<f32>)
func.func @sum(%a: tensor<2x4xf32>, %b: tensor<6x4xf32>, %s: tensor<f32>) -> tensor<f32> {
  %e = tensor.empty() : tensor<8x4xf32>
  %0 = tensor.insert_slice %a into %e[0, 0] [2, 4] [1, 1] : tensor<2x4xf32> into tensor<8x4xf32>
  %1 = tensor.insert_slice %b into %0[2, 0] [6, 4] [1, 1] : tensor<6x4xf32> into tensor<8x4xf32>
  %y = linalg.generic {indexing_maps = [#id, affine_map<(n, c) -> ()>], iterator_types = ["reduction", "reduction"]}
    ins(%1 : tensor<8x4xf32>) outs(%s : tensor<f32>) {
  ^bb0(%p: f32, %o: f32):
    %n = arith.addf %o, %p : f32
    linalg.yield %n : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}

#lhs = affine_map<(n, c, k) -> (n, k)>
#rhs = affine_map<(n, c, k) -> (k, c)>
#res = affine_map<(n, c, k) -> (n, c)>

// Pieces that lie apart but are computed by products, one of them in a sum: each
// product can store what becomes of it, for which it reads its part of the other
// operand.
// CHECK-LABEL: func.func @products(
// CHECK-SAME:    %[[A:[a-z0-9_]+]]: tensor<4x5xf32>, %[[B:[a-z0-9_]+]]: tensor<5x4xf32>, %[[R:[a-z0-9_]+]]: tensor<4x4xf32>, %[[M:[a-z0-9_]+]]: tensor<8x4xf32>,
// CHECK-DAG:     %[[P:.+]] = linalg.generic {{.*}}"reduction"]} ins(%[[A]], %[[B]] :
// CHECK-DAG:     %[[Q:.+]] = linalg.generic {{.*}}"reduction"]} ins(%[[A]], %[[B]] :
// CHECK-DAG:     %[[S:.+]] = linalg.generic {{.*}} ins(%[[Q]], %[[R]] : tensor<4x4xf32>, tensor<4x4xf32>)
// CHECK-DAG:     %[[M0:.+]] = tensor.extract_slice %[[M]][0, 0] [4, 4] [2, 1]
// CHECK-DAG:     %[[M1:.+]] = tensor.extract_slice %[[M]][1, 0] [4, 4] [2, 1]
// CHECK-DAG:     %[[Y0:.+]] = linalg.generic {{.*}} ins(%[[M0]], %[[P]] : tensor<4x4xf32>, tensor<4x4xf32>)
// CHECK-DAG:     %[[Y1:.+]] = linalg.generic {{.*}} ins(%[[M1]], %[[S]] : tensor<4x4xf32>, tensor<4x4xf32>)
// CHECK-DAG:     tensor.insert_slice %[[Y0]] into %{{.+}}[0, 0] [4, 4] [2, 1]
// CHECK-DAG:     tensor.insert_slice %[[Y1]] into %{{.+}}[1, 0] [4, 4] [2, 1]
// CHECK:         return
func.func @products(%a: tensor<4x5xf32>, %b: tensor<5x4xf32>, %r: tensor<4x4xf32>, %m: tensor<8x4xf32>, %sums: tensor<4x4xf32>) -> tensor<8x4xf32> {
  %e = tensor.empty() : tensor<8x4xf32>
  %f = tensor.empty() : tensor<4x4xf32>
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<4x5xf32>, tensor<5x4xf32>) outs(%sums : tensor<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<4x4xf32>
  %q = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<4x5xf32>, tensor<5x4xf32>) outs(%r : tensor<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%q, %r : tensor<4x4xf32>, tensor<4x4xf32>) outs(%f : tensor<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %n = arith.addf %x, %y : f32
    linalg.yield %n : f32
  } -> tensor<4x4xf32>
  %0 = tensor.insert_slice %p into %e[0, 0] [4, 4] [2, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %1 = tensor.insert_slice %s into %0[1, 0] [4, 4] [2, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%m, %1 : tensor<8x4xf32>, tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%x: f32, %d: f32, %o: f32):
    %n = arith.mulf %x, %d : f32
    linalg.yield %n : f32
  } -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// The elements are summed as well: products take sums along, too.
// CHECK-LABEL: func.func @summed(
// CHECK-SAME:    %[[A:[a-z0-9_]+]]: tensor<4x5xf32>, %[[B:[a-z0-9_]+]]: tensor<5x4xf32>, %[[SUM:[a-z0-9_]+]]: tensor<f32>,
// CHECK:         %[[P:.+]] = linalg.generic {{.*}}"reduction"]} ins(%[[A]], %[[B]] :
// CHECK:         %[[Q:.+]] = linalg.generic {{.*}}"reduction"]} ins(%[[A]], %[[B]] :
// CHECK-DAG:     %[[Y0:.+]] = linalg.generic {{.*}} ins(%[[P]] : tensor<4x4xf32>)
// CHECK-DAG:     %[[Y1:.+]] = linalg.generic {{.*}} ins(%[[Q]] : tensor<4x4xf32>)
// CHECK-DAG:     %[[S0:.+]] = linalg.generic {{.*}} ins(%[[Y0]] : tensor<4x4xf32>) outs(%[[SUM]] : tensor<f32>)
// CHECK-DAG:     %[[S1:.+]] = linalg.generic {{.*}} ins(%[[Y1]] : tensor<4x4xf32>) outs(%[[S0]] : tensor<f32>)
// CHECK:         return %{{.+}}, %[[S1]]
func.func @summed(%a: tensor<4x5xf32>, %b: tensor<5x4xf32>, %sum: tensor<f32>, %r: tensor<4x4xf32>) -> (tensor<8x4xf32>, tensor<f32>) {
  %e = tensor.empty() : tensor<8x4xf32>
  %q = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<4x5xf32>, tensor<5x4xf32>) outs(%r : tensor<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<4x4xf32>
  %s = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<4x5xf32>, tensor<5x4xf32>) outs(%r : tensor<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<4x4xf32>
  %0 = tensor.insert_slice %q into %e[0, 0] [4, 4] [2, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %1 = tensor.insert_slice %s into %0[1, 0] [4, 4] [2, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%1 : tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%d: f32, %o: f32):
    %n = arith.mulf %d, %d : f32
    linalg.yield %n : f32
  } -> tensor<8x4xf32>
  %z = linalg.generic {indexing_maps = [#id, affine_map<(n, c) -> ()>], iterator_types = ["reduction", "reduction"]}
    ins(%y : tensor<8x4xf32>) outs(%sum : tensor<f32>) {
  ^bb0(%d: f32, %o: f32):
    %n = arith.addf %o, %d : f32
    linalg.yield %n : f32
  } -> tensor<f32>
  return %y, %z : tensor<8x4xf32>, tensor<f32>
}

// The other operand is a product, which takes the sum along: it is not done piece by
// piece.
// CHECK-LABEL: func.func @other_product(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<4x5xf32>, %[[B:[a-z0-9]+]]: tensor<5x4xf32>, %[[C:[a-z0-9]+]]: tensor<8x5xf32>, %{{.+}}: tensor<4x4xf32>, %[[W:[a-z0-9]+]]: tensor<8x4xf32>)
// CHECK:         %[[PRODUCT:.+]] = linalg.generic {{.*}} ins(%[[C]], %[[B]] : tensor<8x5xf32>, tensor<5x4xf32>) outs(%[[W]] :
// CHECK:         tensor.insert_slice
// CHECK:         %[[PIECES:.+]] = tensor.insert_slice
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[PIECES]], %[[PRODUCT]] : tensor<8x4xf32>, tensor<8x4xf32>)
// CHECK:         return %[[Y]]
func.func @other_product(%a: tensor<4x5xf32>, %b: tensor<5x4xf32>, %c: tensor<8x5xf32>, %r: tensor<4x4xf32>, %w: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %e = tensor.empty() : tensor<8x4xf32>
  %q = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<4x5xf32>, tensor<5x4xf32>) outs(%r : tensor<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<4x4xf32>
  %s = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : tensor<4x5xf32>, tensor<5x4xf32>) outs(%r : tensor<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<4x4xf32>
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%c, %b : tensor<8x5xf32>, tensor<5x4xf32>) outs(%w : tensor<8x4xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %t = arith.mulf %x, %y : f32
    %n = arith.addf %o, %t : f32
    linalg.yield %n : f32
  } -> tensor<8x4xf32>
  %0 = tensor.insert_slice %q into %e[0, 0] [4, 4] [2, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %1 = tensor.insert_slice %s into %0[1, 0] [4, 4] [2, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%1, %p : tensor<8x4xf32>, tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%x: f32, %d: f32, %o: f32):
    %n = arith.addf %x, %d : f32
    linalg.yield %n : f32
  } -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// Somebody reads the whole; slices meet; pieces that lie apart are no products: left
// alone.
// CHECK-LABEL: func.func @declined(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<8x4xf32>, %[[P:[a-z0-9]+]]: tensor<4x4xf32>)
// CHECK:         %[[READ:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<8x4xf32>)
// CHECK:         %[[HALF:.+]] = tensor.extract_slice %[[READ]][0, 0] [4, 4] [1, 1]
// CHECK:         %[[Z:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<8x4xf32>)
// CHECK:         %[[LOW:.+]] = tensor.extract_slice %[[Z]][0, 0] [6, 4] [1, 1]
// CHECK:         %[[HIGH:.+]] = tensor.extract_slice %[[Z]][2, 0] [6, 4] [1, 1]
// CHECK:         %[[EVEN:.+]] = tensor.insert_slice %[[P]] into %{{.+}}[0, 0] [4, 4] [2, 1]
// CHECK:         %[[ALL:.+]] = tensor.insert_slice %[[P]] into %[[EVEN]][1, 0] [4, 4] [2, 1]
// CHECK:         %[[W:.+]] = linalg.generic {{.*}} ins(%[[ALL]] : tensor<8x4xf32>)
// CHECK:         return %[[READ]], %[[HALF]], %[[LOW]], %[[HIGH]], %[[W]]
func.func @declined(%x: tensor<8x4xf32>, %p: tensor<4x4xf32>) -> (tensor<8x4xf32>, tensor<4x4xf32>, tensor<6x4xf32>, tensor<6x4xf32>, tensor<8x4xf32>) {
  %e = tensor.empty() : tensor<8x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  } -> tensor<8x4xf32>
  %0 = tensor.extract_slice %y[0, 0] [4, 4] [1, 1] : tensor<8x4xf32> to tensor<4x4xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.addf %a, %a : f32
    linalg.yield %n : f32
  } -> tensor<8x4xf32>
  %1 = tensor.extract_slice %z[0, 0] [6, 4] [1, 1] : tensor<8x4xf32> to tensor<6x4xf32>
  %2 = tensor.extract_slice %z[2, 0] [6, 4] [1, 1] : tensor<8x4xf32> to tensor<6x4xf32>
  %3 = tensor.insert_slice %p into %e[0, 0] [4, 4] [2, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %4 = tensor.insert_slice %p into %3[1, 0] [4, 4] [2, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %w = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%4 : tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.mulf %a, %a : f32
    linalg.yield %n : f32
  } -> tensor<8x4xf32>
  return %y, %0, %1, %2, %w : tensor<8x4xf32>, tensor<4x4xf32>, tensor<6x4xf32>, tensor<6x4xf32>, tensor<8x4xf32>
}

#x = affine_map<(n, p, f, k) -> (n, p + k)>
#w = affine_map<(n, p, f, k) -> (k, f)>
#y = affine_map<(n, p, f, k) -> (n, p, f)>
#abc = affine_map<(n, p, f) -> (n, p, f)>
#f = affine_map<(n, p, f) -> (f)>

// Halves of a convolution go through different operations, which each half of the
// product can take along; so does what it starts from.
// CHECK-LABEL: func.func @product(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<8x10xf32>, %[[W:[a-z0-9_]+]]: tensor<3x16xf32>, %[[B:[a-z0-9_]+]]: tensor<16xf32>)
// CHECK-DAG:     %[[X0:.+]] = tensor.extract_slice %[[X]][0, 0] [4, 10] [1, 1]
// CHECK-DAG:     %[[X1:.+]] = tensor.extract_slice %[[X]][4, 0] [4, 10] [1, 1]
// CHECK-DAG:     %[[I0:.+]] = linalg.generic {{.*}} ins(%[[B]] : tensor<16xf32>) outs(%{{.+}} : tensor<4x8x16xf32>)
// CHECK-DAG:     %[[I1:.+]] = linalg.generic {{.*}} ins(%[[B]] : tensor<16xf32>) outs(%{{.+}} : tensor<4x8x16xf32>)
// CHECK-DAG:     linalg.generic {{.*}} ins(%[[X0]], %[[W]] : {{.*}}) outs(%[[I0]] : tensor<4x8x16xf32>)
// CHECK-DAG:     linalg.generic {{.*}} ins(%[[X1]], %[[W]] : {{.*}}) outs(%[[I1]] : tensor<4x8x16xf32>)
// CHECK-NOT:     tensor<8x8x16xf32>
// CHECK:         return
func.func @product(%x: tensor<8x10xf32>, %w: tensor<3x16xf32>, %b: tensor<16xf32>) -> (tensor<4x8x16xf32>, tensor<4x8x16xf32>) {
  %e = tensor.empty() : tensor<8x8x16xf32>
  %init = linalg.generic {indexing_maps = [#f, #abc], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%b : tensor<16xf32>) outs(%e : tensor<8x8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<8x8x16xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%x, %w : tensor<8x10xf32>, tensor<3x16xf32>) outs(%init : tensor<8x8x16xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %m = arith.mulf %a, %c : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x8x16xf32>
  %y0 = tensor.extract_slice %y[0, 0, 0] [4, 8, 16] [1, 1, 1] : tensor<8x8x16xf32> to tensor<4x8x16xf32>
  %y1 = tensor.extract_slice %y[4, 0, 0] [4, 8, 16] [1, 1, 1] : tensor<8x8x16xf32> to tensor<4x8x16xf32>
  %e4 = tensor.empty() : tensor<4x8x16xf32>
  %r0 = linalg.generic {indexing_maps = [#abc, #abc], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%y0 : tensor<4x8x16xf32>) outs(%e4 : tensor<4x8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = math.exp %a : f32
    linalg.yield %n : f32
  } -> tensor<4x8x16xf32>
  %r1 = linalg.generic {indexing_maps = [#abc, #abc], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%y1 : tensor<4x8x16xf32>) outs(%e4 : tensor<4x8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = math.absf %a : f32
    linalg.yield %n : f32
  } -> tensor<4x8x16xf32>
  return %r0, %r1 : tensor<4x8x16xf32>, tensor<4x8x16xf32>
}

// Slices across the pixels would share rows of %x; nothing takes the slices along.
// CHECK-LABEL: func.func @whole_product(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<8x10xf32>, %[[W:[a-z0-9]+]]: tensor<3x16xf32>, %[[INIT:[a-z0-9]+]]: tensor<8x8x16xf32>)
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[W]] : {{.*}}) outs(%[[INIT]] : tensor<8x8x16xf32>)
// CHECK:         tensor.extract_slice %[[Y]][0, 0, 0] [8, 4, 16] [1, 1, 1]
// CHECK:         %[[Z:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[W]] : {{.*}}) outs(%[[INIT]] : tensor<8x8x16xf32>)
// CHECK:         tensor.extract_slice %[[Z]][0, 0, 0] [4, 8, 16] [1, 1, 1]
// CHECK:         return
func.func @whole_product(%x: tensor<8x10xf32>, %w: tensor<3x16xf32>, %init: tensor<8x8x16xf32>) -> (tensor<8x4x16xf32>, tensor<4x8x16xf32>) {
  %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%x, %w : tensor<8x10xf32>, tensor<3x16xf32>) outs(%init : tensor<8x8x16xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %m = arith.mulf %a, %c : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x8x16xf32>
  %y0 = tensor.extract_slice %y[0, 0, 0] [8, 4, 16] [1, 1, 1] : tensor<8x8x16xf32> to tensor<8x4x16xf32>
  %e4 = tensor.empty() : tensor<8x4x16xf32>
  %r0 = linalg.generic {indexing_maps = [#abc, #abc], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%y0 : tensor<8x4x16xf32>) outs(%e4 : tensor<8x4x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = math.exp %a : f32
    linalg.yield %n : f32
  } -> tensor<8x4x16xf32>
  %z = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%x, %w : tensor<8x10xf32>, tensor<3x16xf32>) outs(%init : tensor<8x8x16xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %m = arith.mulf %c, %a : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x8x16xf32>
  %z0 = tensor.extract_slice %z[0, 0, 0] [4, 8, 16] [1, 1, 1] : tensor<8x8x16xf32> to tensor<4x8x16xf32>
  return %r0, %z0 : tensor<8x4x16xf32>, tensor<4x8x16xf32>
}
