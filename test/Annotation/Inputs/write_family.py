"""Writes a network of one of the paper's six families, or a ResNet-20, with
random weights, as torch-mlir does: batch norms as chains of generics.

Usage: write_family.py NETWORK > network.mlir

All layers are there, with few channels, for images of 16 x 16 pixels: where
regions and quantizers go does not depend on sizes.
"""

import math
import random
import struct
import sys

BATCH, PIXELS, CLASSES = 2, 16, 4
numbers = random.Random(1)
lines, resources = [], []


def emit(text):
    lines.append(f"%v{len(lines)} = {text}")
    return f"%v{len(lines) - 1}"


def tensor(shape):
    return "tensor<" + "".join(f"{size}x" for size in shape) + "f32>"


def constant(shape, draw):
    """A resource, as frontends write weights: nothing folds it."""
    count, name = math.prod(shape), f"weight{len(resources)}"
    data = struct.pack(f"<{count}f", *(draw() for _ in range(count)))
    resources.append(f'{name}: "0x04000000{data.hex()}"')
    return emit(f"arith.constant dense_resource<{name}> : {tensor(shape)}")


def empty(shape):
    return emit(f"tensor.empty() : {tensor(shape)}")


def zeros(shape):
    return emit(f"linalg.fill ins(%zero : f32) outs({empty(shape)} : {tensor(shape)}) -> {tensor(shape)}")


def generic(operands, maps, shape, body):
    """An elementwise operation; operands are (value, shape), `body` computes %r."""
    loops = ", ".join(f"d{i}" for i in range(len(shape)))
    maps = ", ".join(f"affine_map<({loops}) -> ({m if m is not None else loops})>" for m in [*maps, None])
    iterators = ", ".join(['"parallel"'] * len(shape))
    names = ", ".join(f"%{name}: f32" for name in [*"ab"[: len(operands)], "out"])
    values, types = ", ".join(v for v, _ in operands), ", ".join(tensor(s) for _, s in operands)
    return emit(
        f"linalg.generic {{indexing_maps = [{maps}], iterator_types = [{iterators}]}} ins({values} : {types}) "
        f"outs({empty(shape)} : {tensor(shape)}) {{ ^bb0({names}): {body} linalg.yield %r : f32 }} -> {tensor(shape)}"
    )


def per_channel(values, channels):
    shape = (channels, 1, 1)
    return emit(f"tensor.expand_shape {values} [[0, 1, 2]] output_shape [{channels}, 1, 1] : "
                f"{tensor((channels,))} into {tensor(shape)}"), shape


def batch_norm(value, shape):
    channels = shape[1]
    vector = (channels,)
    mean, variance = constant(vector, lambda: numbers.gauss(0, 0.1)), constant(vector, lambda: 1 + numbers.random())
    scale, shift = constant(vector, lambda: 1 + numbers.random()), constant(vector, lambda: numbers.gauss(0, 0.1))
    number = "%e = arith.truncf %epsilon : f64 to f32 %r = arith.addf %a, %e : f32"
    deviation = generic([(variance, vector)], [None], vector, number)
    deviation = generic([(deviation, vector)], [None], vector, "%r = math.sqrt %a : f32")
    guard = '%p = arith.cmpf one, %a, %zero : f32 cf.assert %p, "zero element" %r = arith.divf %one, %a : f32'
    inverse = generic([(deviation, vector)], [None], vector, guard)
    for name, statistic in (("subf", mean), ("mulf", inverse), ("mulf", scale), ("addf", shift)):
        operand = per_channel(statistic, channels)
        value = generic([(value, shape), operand], [None, "d1, 0, 0"], shape, f"%r = arith.{name} %a, %b : f32")
    return value


def relu(value, shape):
    return generic([(value, shape)], [None], shape, "%p = arith.cmpf ugt, %a, %zero : f32 %r = arith.select %p, %a, %zero : f32")


def relu6(value, shape):
    for predicate, bound in (("olt", "%low"), ("ogt", "%high")):
        body = f"%p = arith.cmpf {predicate}, %a, %b : f32 %r = arith.select %p, %b, %a : f32"
        value = generic([(value, shape), (bound, ())], [None, ""], shape, body)
    return value


def pad(value, shape, low, high):
    padded = tuple(size + a + b for size, a, b in zip(shape, low, high))
    body = "^bb0(%i0: index, %i1: index, %i2: index, %i3: index): tensor.yield %zero : f32"
    return emit(f"tensor.pad {value} low{list(low)} high{list(high)} {{ {body} }} : {tensor(shape)} to {tensor(padded)}"), padded


def grouped(value, shape, groups, dim):
    result = (*shape[:dim], groups, shape[dim] // groups, *shape[dim + 1 :])
    pairs = [[i] if i < dim else [i + 1] for i in range(len(shape))]
    pairs[dim] = [dim, dim + 1]
    return emit(f"tensor.expand_shape {value} {pairs} output_shape {list(result)} : {tensor(shape)} into {tensor(result)}"), result


def conv(value, shape, channels, kernel=1, stride=1, groups=1, act=None):
    """Convolution, batch norm and activation."""
    fan = shape[1] // groups * kernel * kernel
    filters = (channels, shape[1] // groups, kernel, kernel)
    weight = constant(filters, lambda: numbers.gauss(0, math.sqrt(2 / fan)))
    if kernel > 1:
        value, padded = pad(value, shape, *[(0, 0, kernel // 2, kernel // 2)] * 2)
    else:
        padded = shape
    size = (shape[2] - 1) // stride + 1
    result = target = (shape[0], channels, size, size)
    name = "conv_2d_nchw_fchw"
    if groups > 1 and groups == channels:
        name, flat = "depthwise_conv_2d_nchw_chw", (channels, kernel, kernel)
        weight = emit(f"tensor.collapse_shape {weight} [[0, 1], [2], [3]] : {tensor(filters)} into {tensor(flat)}")
        filters = flat
    elif groups > 1:
        name, target = "conv_2d_ngchw_gfchw", (shape[0], groups, channels // groups, size, size)
        value, padded = grouped(value, padded, groups, 1)
        weight, filters = grouped(weight, filters, groups, 0)
    value = emit(
        f"linalg.{name} {{dilations = dense<1> : vector<2xi64>, strides = dense<{stride}> : vector<2xi64>}} "
        f"ins({value}, {weight} : {tensor(padded)}, {tensor(filters)}) outs({zeros(target)} : {tensor(target)}) "
        f"-> {tensor(target)}"
    )
    if target != result:
        value = emit(f"tensor.collapse_shape {value} [[0], [1, 2], [3], [4]] : {tensor(target)} into {tensor(result)}")
    value = batch_norm(value, result)
    return (act(value, result) if act else value), result


def add(left, right, shape):
    return generic([(left, shape), (right, shape)], [None, None], shape, "%r = arith.addf %a, %b : f32")


def pad_shortcut(value, shape, wide):
    """Every second pixel, and channels of zeros (ResNet-20)."""
    half = (*shape[:2], wide[2], wide[3])
    steps = [1, 1, 2, 2]
    value = emit(f"tensor.extract_slice {value} [0, 0, 0, 0] {list(half)} {steps} : {tensor(shape)} to {tensor(half)}")
    extra = (0, (wide[1] - shape[1]) // 2, 0, 0)
    return pad(value, half, extra, extra)[0]


def basic(value, shape, channels, stride, without_parameters=False):
    left, wide = conv(value, shape, channels, 3, stride, act=relu)
    left, wide = conv(left, wide, channels, 3)
    if wide != shape:
        value = pad_shortcut(value, shape, wide) if without_parameters else conv(value, shape, channels, 1, stride)[0]
    return relu(add(left, value, wide), wide), wide


def bottleneck(value, shape, inner, channels, stride, groups=1):
    left, wide = conv(value, shape, inner, act=relu)
    left, wide = conv(left, wide, inner, 3, stride, groups, act=relu)
    left, wide = conv(left, wide, channels)
    right = conv(value, shape, channels, 1, stride)[0] if wide != shape else value
    return relu(add(left, right, wide), wide), wide


def inverted(value, shape, channels, stride, expand, kernel, act):
    inner, wide = (value, shape) if expand == 1 else conv(value, shape, shape[1] * expand, act=act)
    inner, wide = conv(inner, wide, wide[1], kernel, stride, wide[1], act=act)
    inner, wide = conv(inner, wide, channels)
    return (add(inner, value, wide) if wide == shape else inner), wide


def resnet20(value, shape):
    value, shape = conv(value, shape, 4, 3, act=relu)
    for channels in (4, 8, 16):
        for i in range(3):
            value, shape = basic(value, shape, channels, 2 if i == 0 and channels > 4 else 1, without_parameters=True)
    return value, shape


def resnet18(value, shape):
    value, shape = conv(value, shape, 4, 3, act=relu)
    for channels in (4, 8, 16, 32):
        for i in range(2):
            value, shape = basic(value, shape, channels, 2 if i == 0 and channels > 4 else 1)
    return value, shape


def resnet50(value, shape):
    value, shape = conv(value, shape, 4, 3, act=relu)
    for inner in (4, 8, 16, 32):
        for i in range(2):
            value, shape = bottleneck(value, shape, inner, 4 * inner, 2 if i == 0 and inner > 4 else 1)
    return value, shape


def regnetx600m(value, shape):
    value, shape = conv(value, shape, 8, 3, act=relu)
    for depth, width in ((1, 12), (3, 24), (5, 48)):
        for i in range(depth):
            value, shape = bottleneck(value, shape, width, width, 2 if i == 0 else 1, groups=width // 6)
    return value, shape


def mobilenetv2(value, shape):
    value, shape = conv(value, shape, 4, 3, act=relu6)
    stages = ((1, 2, 1, 1), (6, 4, 2, 1), (6, 4, 3, 2), (6, 8, 4, 2), (6, 12, 3, 1), (6, 20, 3, 2), (6, 40, 1, 1))
    for expand, channels, count, stride in stages:
        for i in range(count):
            value, shape = inverted(value, shape, channels, stride if i == 0 else 1, expand, 3, relu6)
    return conv(value, shape, 64, act=relu6)


def mnasnet(value, shape):
    value, shape = conv(value, shape, 4, 3, act=relu)
    value, shape = conv(value, shape, 4, 3, groups=4, act=relu)
    value, shape = conv(value, shape, 2)
    stages = ((3, 4, 3, 1, 3), (3, 6, 3, 2, 5), (6, 10, 3, 2, 5), (6, 12, 2, 1, 3), (6, 24, 4, 2, 5), (6, 40, 1, 1, 3))
    for expand, channels, count, stride, kernel in stages:
        for i in range(count):
            value, shape = inverted(value, shape, channels, stride if i == 0 else 1, expand, kernel, relu)
    return conv(value, shape, 64, act=relu)


def classify(value, shape):
    """Mean over the image and a linear layer."""
    n, c, h, w = shape
    pooled, flat, logits = (n, c, 1, 1), (n, c), (n, CLASSES)
    value = emit(
        f"linalg.pooling_nchw_sum {{dilations = dense<1> : vector<2xi64>, strides = dense<{h}> : vector<2xi64>}} "
        f"ins({value}, {empty((h, w))} : {tensor(shape)}, {tensor((h, w))}) "
        f"outs({zeros(pooled)} : {tensor(pooled)}) -> {tensor(pooled)}"
    )
    lines.append(f"%count = arith.constant {float(h * w)} : f32")
    value = generic([(value, pooled)], [None], pooled, "%r = arith.divf %a, %count : f32")
    value = emit(f"tensor.collapse_shape {value} [[0], [1, 2, 3]] : {tensor(pooled)} into {tensor(flat)}")
    weight = constant((CLASSES, c), lambda: numbers.gauss(0, math.sqrt(1 / c)))
    turned = (c, CLASSES)
    weight = emit(f"linalg.transpose ins({weight} : {tensor((CLASSES, c))}) outs({empty(turned)} : {tensor(turned)}) permutation = [1, 0]")
    value = emit(
        f"linalg.matmul ins({value}, {weight} : {tensor(flat)}, {tensor(turned)}) "
        f"outs({zeros(logits)} : {tensor(logits)}) -> {tensor(logits)}"
    )
    bias = constant((CLASSES,), lambda: numbers.gauss(0, 0.1))
    return generic([(value, logits), (bias, (CLASSES,))], [None, "d1"], logits, "%r = arith.addf %a, %b : f32")


def main():
    networks = {f.__name__: f for f in (resnet20, resnet18, resnet50, regnetx600m, mobilenetv2, mnasnet)}
    image = (BATCH, 3, PIXELS, PIXELS)
    result = classify(*networks[sys.argv[1]]("%image", image))
    logits = tensor((BATCH, CLASSES))
    print(f"func.func @main(%image: {tensor(image)}) -> {logits} {{")
    print("  %zero = arith.constant 0.0 : f32\n  %one = arith.constant 1.0 : f32")
    print("  %epsilon = arith.constant 1.0e-05 : f64")
    print("  %low = arith.constant dense<0.0> : tensor<f32>\n  %high = arith.constant dense<6.0> : tensor<f32>")
    print("\n".join("  " + line for line in lines))
    print(f"  return {result} : {logits}\n}}")
    print("{-# dialect_resources: { builtin: {\n  " + ",\n  ".join(resources) + "\n} } #-}")


main()
