"""One network with channels first and last: channel_axis.py DIRECTORY writes
first.mlir, last.mlir and samples for each."""

import random
import struct
import sys

SAMPLES, CHANNELS, SIZE, FILTERS, CLASSES = 8, 3, 4, 16, 5

NETWORK = """
#all = affine_map<(a, b, c, d) -> (a, b, c, d)>
func.func @main(%x: tensor<INPUT>) -> tensor<4x5xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<WEIGHT> : tensor<FILTER>
  %v = arith.constant dense<MATRIX> : tensor<16x5xf32>
  %e = tensor.empty() : tensor<IMAGE>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<IMAGE>) -> tensor<IMAGE>
  %c = linalg.CONVOLUTION ins(%x, %w : tensor<INPUT>, tensor<FILTER>) outs(%z : tensor<IMAGE>) -> tensor<IMAGE>
  %r = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%c : tensor<IMAGE>) outs(%e : tensor<IMAGE>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  } -> tensor<IMAGE>
  %ep = tensor.empty() : tensor<4x16xf32>
  %zp = linalg.fill ins(%zero : f32) outs(%ep : tensor<4x16xf32>) -> tensor<4x16xf32>
  %p = linalg.generic {indexing_maps = [#all, affine_map<(a, b, c, d) -> (a, CHANNEL)>], iterator_types = [ITERATORS]} ins(%r : tensor<IMAGE>) outs(%zp : tensor<4x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.addf %a, %o : f32
    linalg.yield %m : f32
  } -> tensor<4x16xf32>
  %e2 = tensor.empty() : tensor<4x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x5xf32>) -> tensor<4x5xf32>
  %l = linalg.matmul ins(%p, %v : tensor<4x16xf32>, tensor<16x5xf32>) outs(%z2 : tensor<4x5xf32>) -> tensor<4x5xf32>
  return %l : tensor<4x5xf32>
}
"""


def dense(values):
    return '"0x%s"' % struct.pack("<%df" % len(values), *values).hex().upper()


def write_npy(path, shape, values):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }" % (shape,)
    head += " " * (63 - (len(head) + 10) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        file.write(struct.pack("<%df" % len(values), *values))


def fill(**parts):
    text = NETWORK
    for name, part in parts.items():
        text = text.replace(name, part)
    return text


def write(directory):
    draw = random.Random(1)
    images = {(n, c, y, x): draw.gauss(0, 1) for n in range(SAMPLES) for c in range(CHANNELS)
              for y in range(SIZE) for x in range(SIZE)}
    weight = {(f, c): draw.gauss(0, 1) for f in range(FILTERS) for c in range(CHANNELS)}
    matrix = dense([draw.gauss(0, 1) for _ in range(FILTERS * CLASSES)])
    first = fill(INPUT="4x3x4x4xf32", FILTER="16x3x1x1xf32", IMAGE="4x16x4x4xf32",
                 CONVOLUTION="conv_2d_nchw_fchw", CHANNEL="b", MATRIX=matrix,
                 ITERATORS='"parallel", "parallel", "reduction", "reduction"',
                 WEIGHT=dense([weight[f, c] for f in range(FILTERS) for c in range(CHANNELS)]))
    last = fill(INPUT="4x4x4x3xf32", FILTER="1x1x3x16xf32", IMAGE="4x4x4x16xf32",
                CONVOLUTION="conv_2d_nhwc_hwcf", CHANNEL="d", MATRIX=matrix,
                ITERATORS='"parallel", "reduction", "reduction", "parallel"',
                WEIGHT=dense([weight[f, c] for c in range(CHANNELS) for f in range(FILTERS)]))
    for name, text in (("first", first), ("last", last)):
        with open("%s/%s.mlir" % (directory, name), "w") as file:
            file.write(text)
    size = range(SIZE)
    write_npy(directory + "/first.npy", (SAMPLES, CHANNELS, SIZE, SIZE),
              [images[n, c, y, x] for n in range(SAMPLES) for c in range(CHANNELS)
               for y in size for x in size])
    write_npy(directory + "/last.npy", (SAMPLES, SIZE, SIZE, CHANNELS),
              [images[n, c, y, x] for n in range(SAMPLES) for y in size for x in size
               for c in range(CHANNELS)])


if __name__ == "__main__":
    write(sys.argv[1])
