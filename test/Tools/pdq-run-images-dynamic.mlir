// Images of bytes with channels last, for a network whose sizes are all open: it
// takes channels first, as the data with channels first says.

// RUN: rm -rf %t && mkdir %t
// One image of 2 x 5 pixels and 3 channels, in either layout.
// RUN: %python %S/Inputs/write_npy.py %t/last.npy u1 1x2x5x3 0,51,102,255,153,204,0
// RUN: %python %S/Inputs/write_npy.py %t/first.npy u1 1x3x2x5 0,255,0,0,0,0,0,0,0,0,51,153,0,0,0,0,0,0,0,0,102,204,0
// RUN: pdq-run %s --input=%t/last.npy --output=%t/a.npy 2>&1 | FileCheck %s
// RUN: pdq-run %s --input=%t/first.npy --output=%t/b.npy
// RUN: cmp %t/a.npy %t/b.npy
// CHECK: remark: network takes 'tensor<?x?x?x?xf32>', taken as 'tensor<?x3x2x5xf32>'
// CHECK: remark: bytes are taken as images [N, H, W, C] and normalized

// The data of a calibration as well.
// RUN: not pdq-opt %s --pdq-quantize="calibration=%t/last.npy" -o /dev/null 2>&1 | FileCheck %s --check-prefix=QUANTIZE
// QUANTIZE: remark: network takes 'tensor<?x?x?x?xf32>', taken as 'tensor<?x3x2x5xf32>'

// A network with three channels last takes both layouts.
// RUN: sed s/?x?x?x?xf32/?x?x?x3xf32/g %s > %t/network-last.mlir
// RUN: pdq-run %t/network-last.mlir --input=%t/last.npy --output=%t/c.npy 2>&1 | FileCheck %s --check-prefix=LAST
// RUN: pdq-run %t/network-last.mlir --input=%t/first.npy --output=%t/d.npy 2>&1 | FileCheck %s --check-prefix=LAST
// RUN: cmp %t/c.npy %t/d.npy
// LAST: taken as 'tensor<?x2x5x3xf32>'

func.func @main(%x: tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32> {
  return %x : tensor<?x?x?x?xf32>
}
