"""Writes a small network with one block of a family, or a ResNet-18 of 1000
classes, with random weights.

Usage: write_network.py FAMILY|resnet18 [SIZE] > network.mlir

Images are SIZE x SIZE (8).
"""

import math
import random
import struct
import sys

BATCH = 2
CLASSES = 1000 if sys.argv[1] == "resnet18" else 4
SIZE = int(sys.argv[2]) if len(sys.argv) > 2 else 8
numbers = random.Random(1)
lines, resources = [], []
names = iter(range(10000))


def emit(text):
    name = f"%v{next(names)}"
    lines.append(f"{name} = {text}")
    return name


def tensor(shape):
    return "tensor<" + "x".join(map(str, shape)) + "xf32>"


def weight(shape, fan):
    count = math.prod(shape)
    values = [numbers.gauss(0, math.sqrt(2 / fan)) for _ in range(count)]
    # A resource, as frontends write weights: nothing folds it.
    name = f"weight{len(resources)}"
    resources.append(f'{name}: "0x04000000{struct.pack(f"<{count}f", *values).hex()}"')
    return emit(f"arith.constant dense_resource<{name}> : {tensor(shape)}")


def empty(shape):
    return emit(f"tensor.empty() : {tensor(shape)}")


def fill(number, shape):
    return emit(f"linalg.fill ins({number} : f32) outs({empty(shape)} : {tensor(shape)}) -> {tensor(shape)}")


def zeros(shape):
    return fill("%zero", shape)


def pointwise(value, shape, operations, inputs=()):
    """`operations` compute %r from %a and, with one more input, %b."""
    maps = ", ".join(["affine_map<(n, c, h, w) -> (n, c, h, w)>"] * (2 + len(inputs)))
    operands = ", ".join([value, *inputs])
    types = ", ".join([tensor(shape)] * (1 + len(inputs)))
    arguments = "%a: f32, %b: f32, %o: f32" if inputs else "%a: f32, %o: f32"
    return emit(
        f'linalg.generic {{indexing_maps = [{maps}], iterator_types = ["parallel", "parallel", "parallel", '
        f'"parallel"]}} ins({operands} : {types}) outs({empty(shape)} : {tensor(shape)}) {{ ^bb0({arguments}): '
        f"{operations} linalg.yield %r : f32 }} -> {tensor(shape)}"
    )


def relu(value, shape, limit=None):
    first = "%p = arith.cmpf ogt, %a, %zero : f32 %r = arith.select %p, %a, %zero : f32"
    value = pointwise(value, shape, first)
    if limit:
        last = "%p = arith.cmpf olt, %a, %six : f32 %r = arith.select %p, %a, %six : f32"
        value = pointwise(value, shape, last)
    return value


def pad(value, shape, width, number="%zero"):
    n, c, h, w = shape
    padded = (n, c, h + 2 * width, w + 2 * width)
    if width == 0:
        return value, padded
    body = f"^bb0(%i0: index, %i1: index, %i2: index, %i3: index): tensor.yield {number} : f32"
    low = f"[0, 0, {width}, {width}]"
    return emit(f"tensor.pad {value} low{low} high{low} {{ {body} }} : {tensor(shape)} to {tensor(padded)}"), padded


def add_bias(value, shape):
    maps = ", ".join(f"affine_map<(n, c, h, w) -> ({dims})>" for dims in ("n, c, h, w", "c", "n, c, h, w"))
    bias = (shape[1],)
    return emit(
        f'linalg.generic {{indexing_maps = [{maps}], iterator_types = ["parallel", "parallel", "parallel", '
        f'"parallel"]}} ins({value}, {weight(bias, 200)} : {tensor(shape)}, {tensor(bias)}) '
        f"outs({empty(shape)} : {tensor(shape)}) {{ ^bb0(%a: f32, %b: f32, %o: f32): "
        f"%r = arith.addf %a, %b : f32 linalg.yield %r : f32 }} -> {tensor(shape)}"
    )


def split(value, shape, groups, dim):
    """Dimension `dim` as groups times the rest."""
    result = (*shape[:dim], groups, shape[dim] // groups, *shape[dim + 1 :])
    pairs = [[i] if i < dim else [i + 1] for i in range(len(shape))]
    pairs[dim] = [dim, dim + 1]
    sizes = ", ".join(map(str, result))
    return emit(
        f"tensor.expand_shape {value} {pairs} output_shape [{sizes}] : {tensor(shape)} into {tensor(result)}"
    ), result


def convolve(value, shape, channels, kernel=3, stride=1, groups=1):
    value, padded = pad(value, shape, kernel // 2)
    n, c, h, _ = shape
    size = (h - 1) // stride + 1
    result = (n, channels, size, size)
    kernels = (channels, c // groups, kernel, kernel)
    filters = weight(kernels, c // groups * kernel * kernel)
    name = "conv_2d_nchw_fchw"
    output, target = zeros(result), result
    if groups == c == channels:
        name = "depthwise_conv_2d_nchw_chw"
        flat = (channels, kernel, kernel)
        filters = emit(
            f"tensor.collapse_shape {filters} [[0, 1], [2], [3]] : {tensor(kernels)} into {tensor(flat)}"
        )
        kernels = flat
    elif groups > 1:
        name = "conv_2d_ngchw_gfchw"
        value, padded = split(value, padded, groups, 1)
        filters, kernels = split(filters, kernels, groups, 0)
        target = (n, groups, channels // groups, size, size)
        output = zeros(target)
    sums = emit(
        f"linalg.{name} {{dilations = dense<1> : vector<2xi64>, strides = dense<{stride}> : vector<2xi64>}} "
        f"ins({value}, {filters} : {tensor(padded)}, {tensor(kernels)}) outs({output} : {tensor(target)}) "
        f"-> {tensor(target)}"
    )
    if target != result:
        sums = emit(f"tensor.collapse_shape {sums} [[0], [1, 2], [3], [4]] : {tensor(target)} into {tensor(result)}")
    return sums, result


def pool(value, shape, kind, number):
    """Windows of 3 x 3, every second one, over an image padded with `number`."""
    value, padded = pad(value, shape, 1, number)
    n, c, h, _ = shape
    result = (n, c, (h + 1) // 2, (h + 1) // 2)
    return emit(
        f"linalg.pooling_nchw_{kind} {{dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>}} "
        f"ins({value}, {empty((3, 3))} : {tensor(padded)}, {tensor((3, 3))}) outs({fill(number, result)} : "
        f"{tensor(result)}) -> {tensor(result)}"
    ), result


def pooled(value, shape):
    value, shape = pool(value, shape, "max", "%lowest")
    value, shape = convolve(value, shape, 24)
    return pool(relu(value, shape), shape, "sum", "%zero")


def add(value, other, shape):
    return pointwise(value, shape, "%r = arith.addf %a, %b : f32", (other,))


def basic(value, shape):
    left, wide = convolve(value, shape, 24, stride=2)
    left, _ = convolve(relu(left, wide), wide, 24)
    right, _ = convolve(value, shape, 24, kernel=1, stride=2)
    return relu(add(left, right, wide), wide), wide


def bottleneck(value, shape, groups=1):
    inner, narrow = convolve(value, shape, 16, kernel=1)
    inner, narrow = convolve(relu(inner, narrow), narrow, 16, groups=groups)
    inner, wide = convolve(relu(inner, narrow), narrow, shape[1], kernel=1)
    return relu(add(inner, value, wide), wide), wide


def deep(value, shape):
    """Products of one shape behind each other, each over a padded image."""
    inner, narrow = convolve(value, shape, 16, kernel=1)
    for _ in range(2):
        inner, narrow = convolve(relu(inner, narrow), narrow, 16)
    inner, wide = convolve(relu(inner, narrow), narrow, shape[1], kernel=1)
    return relu(add(inner, value, wide), wide), wide


def inverted(value, shape, kernel, limit):
    inner, wide = convolve(value, shape, 48, kernel=1)
    inner, wide = convolve(relu(inner, wide, limit), wide, 48, kernel=kernel, groups=48)
    inner, narrow = convolve(relu(inner, wide, limit), wide, shape[1], kernel=1)
    return add(inner, value, shape), shape


FAMILIES = {
    "basic": basic,
    "bottleneck": bottleneck,
    "deep": deep,
    "wide-groups": lambda value, shape: bottleneck(value, shape, groups=2),
    "narrow-groups": lambda value, shape: bottleneck(value, shape, groups=4),
    "inverted-3": lambda value, shape: inverted(value, shape, 3, limit=6),
    "pooled": pooled,
    "inverted-5": lambda value, shape: inverted(value, shape, 5, limit=None),
}


def resnet18(value, shape):
    """Batch norms are folded: convolutions have a bias."""

    def layer(value, shape, *arguments, **options):
        value, shape = convolve(value, shape, *arguments, **options)
        return add_bias(value, shape), shape

    value, shape = layer(value, shape, 64, kernel=7, stride=2)
    value, shape = pool(relu(value, shape), shape, "max", "%lowest")
    for channels in (64, 128, 256, 512):
        for stride in (1 if channels == 64 else 2, 1):
            left, wide = layer(value, shape, channels, stride=stride)
            left, _ = layer(relu(left, wide), wide, channels)
            if stride > 1:
                value, _ = layer(value, shape, channels, kernel=1, stride=stride)
            value, shape = relu(add(left, value, wide), wide), wide
    return value, shape


def classify(value, shape):
    """The sum over the image, and a matrix product."""
    flat, logits = (shape[0], shape[1]), (shape[0], CLASSES)
    pooled = emit(
        "linalg.generic {indexing_maps = [affine_map<(n, c, h, w) -> (n, c, h, w)>, affine_map<(n, c, h, w) -> "
        '(n, c)>], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} '
        f"ins({value} : {tensor(shape)}) outs({zeros(flat)} : {tensor(flat)}) {{ ^bb0(%a: f32, %o: f32): "
        f"%r = arith.addf %a, %o : f32 linalg.yield %r : f32 }} -> {tensor(flat)}"
    )
    filters = weight((shape[1], CLASSES), shape[1] * shape[2] * shape[3])
    return emit(
        f"linalg.matmul ins({pooled}, {filters} : {tensor(flat)}, {tensor((shape[1], CLASSES))}) "
        f"outs({zeros(logits)} : {tensor(logits)}) -> {tensor(logits)}"
    )


def main():
    image = (BATCH, 3, SIZE, SIZE)
    if sys.argv[1] == "resnet18":
        value, shape = resnet18("%image", image)
    else:
        value, shape = convolve("%image", image, 16)
        value, shape = FAMILIES[sys.argv[1]](relu(value, shape), shape)
    result = classify(value, shape)
    logits = tensor((BATCH, CLASSES))
    print(f"func.func @main(%image: {tensor(image)}) -> {logits} {{")
    print("  %zero = arith.constant 0.0 : f32\n  %six = arith.constant 6.0 : f32")
    print("  %lowest = arith.constant 0xFF800000 : f32")
    print("\n".join("  " + line for line in lines))
    print(f"  return {result} : {logits}\n}}")
    print("{-# dialect_resources: { builtin: {\n  " + ",\n  ".join(resources) + "\n} } #-}")


main()
