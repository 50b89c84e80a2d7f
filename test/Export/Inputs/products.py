"""Products of a quantized activation with quantized weights of TYPE: u4, i8 and so on.

products.py samples              prints samples, ties among them
products.py write TYPE           prints a module of all products, as quant casts
products.py check TYPE SAMPLES FOLDER [TOLERANCE]
    compares FOLDER/output0.npy and so on with integer_1, computed on Python's
    integers and rounded to f32 after every operation: each bit, or within TOLERANCE
"""

import array
import itertools
import struct
import sys

BATCH, CHANNELS, SIZE = 2, 8, 6
SCALE = 0.0625
# name, filters, channels a group, kernel, stride, dilation, low and high padding, bias
PRODUCTS = [
    ("conv", 5, 8, 3, 1, 1, (1, 1), True),
    ("conv", 4, 8, 3, 2, 2, (1, 2), True),
    ("conv", 3, 8, 1, 2, 1, (0, 0), False),
    ("depthwise", 8, 1, 3, 1, 1, (1, 1), True),
    ("grouped", 6, 4, 3, 2, 1, (2, 1), True),
    ("transposed", 3, 8, 3, 1, 1, (1, 2), True),
    ("matmul", 7, 8, 1, SIZE, 1, (0, 0), True),
    ("tokens", 4, 8, 1, 1, 1, (0, 0), False),
]


def rounded(number):
    """As f32."""
    return struct.unpack("f", struct.pack("f", number))[0]


def numbers(seed, count, below):
    """Integers of a generator, the first ones 0 and the largest."""
    state, result = seed * 2654435761 % 2**32, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        result.append((state >> 8) % below)
    return [0, below - 1, *result][:count]


class Product:
    def __init__(self, place, bits):
        (self.form, self.filters, self.channels, self.kernel, self.stride, self.dilation, self.padding, bias) = PRODUCTS[place]
        count = self.filters * self.channels * self.kernel**2
        self.integers = numbers(place + 1, count, 2**bits)
        self.zeros = [(5 * f + 1) % 2**bits for f in range(self.filters)]  # as unsigned numbers
        self.scales = [rounded(0.01 * (f + 3)) for f in range(self.filters)]
        self.bias = [rounded(0.1 * (f - 1)) for f in range(self.filters)] if bias else None
        self.spread = 2 if self.form == "transposed" else 1
        grown = (SIZE - 1) * self.spread + 1 + sum(self.padding)
        self.size = (grown - self.dilation * (self.kernel - 1) - 1) // self.stride + 1

    def reference(self, x):
        """In the order [N, F, H, W]; `x` has q - z in the order [N, C, H, W]."""
        per_filter = self.channels * self.kernel**2
        filters_a_group = self.filters * self.channels // CHANNELS
        taps = list(itertools.product(range(self.channels), range(self.kernel), range(self.kernel)))
        for n, f, i, j in itertools.product(range(BATCH), range(self.filters), range(self.size), range(self.size)):
            total = 0
            for tap, (c, p, q) in enumerate(taps):
                y, r = divmod(i * self.stride + p * self.dilation - self.padding[0], self.spread)
                z, s = divmod(j * self.stride + q * self.dilation - self.padding[0], self.spread)
                if r or s or not (0 <= y < SIZE and 0 <= z < SIZE):
                    continue
                channel = f // filters_a_group * self.channels + c
                weight = self.integers[f * per_filter + tap] - self.zeros[f]
                total += x[((n * CHANNELS + channel) * SIZE + y) * SIZE + z] * weight
            result = rounded(rounded(total) * rounded(SCALE * self.scales[f]))
            yield rounded(result + self.bias[f]) if self.bias else result

    def order(self, values):
        """The reference in the order of the module's result."""
        if self.form != "tokens":
            return values
        pixels = self.size**2
        return [values[(n * self.filters + f) * pixels + p] for n in range(BATCH) for p in range(pixels) for f in range(self.filters)]

    def result_type(self):
        sizes = {
            "matmul": [BATCH, self.filters],
            "tokens": [BATCH, self.size**2, self.filters],
            "grouped": [BATCH, 2, self.filters // 2, self.size, self.size],
        }
        return tensor(*sizes.get(self.form, [BATCH, self.filters, self.size, self.size]))

    def weight_type(self):
        if self.form in ("matmul", "tokens"):
            return [self.filters, self.channels]
        return [self.filters, *([] if self.form == "depthwise" else [self.channels]), self.kernel, self.kernel]


def tensor(*sizes, element="f32"):
    return f"tensor<{'x'.join(map(str, sizes))}x{element}>"


class Storage:
    """Signed integers are unsigned ones less half of their number."""

    def __init__(self, name):
        self.name, self.bits = name, int(name[1:])
        self.lowest = -(2 ** (self.bits - 1)) if name[0] == "i" else 0
        self.zero = 2 ** (self.bits - 1) - 1

    def as_constant(self, value):
        """A number from 0 on as a constant of this type is printed."""
        value += self.lowest
        return value - 2**self.bits if value >= 2 ** (self.bits - 1) else value


def emit(k, product, storage):
    """The operations of a product; its result is %y{k}."""
    shape = product.weight_type()
    scales = ",".join(f"{s!r}:{z + storage.lowest}" for s, z in zip(product.scales, product.zeros))
    quantized = tensor(*shape, element=f"!quant.uniform<{storage.name}:f32:0, {{{scales}}}>")
    integers = tensor(*shape, element=f"i{storage.bits}")
    weight, result = tensor(*shape), product.result_type()
    nested = nest([storage.as_constant(v) for v in product.integers], shape)
    print(f"  %i{k} = arith.constant dense<{nested}> : {integers}")
    print(f"  %q{k} = quant.scast %i{k} : {integers} to {quantized}")
    print(f"  %w{k} = quant.dcast %q{k} : {quantized} to {weight}")
    print(f"  %e{k} = tensor.empty() : {result}")
    emit_init(k, product, result)
    globals()[f"emit_{product.form}"](k, product, weight, result)


def nest(values, shape):
    if len(shape) == 1:
        return str(list(values))
    part = len(values) // shape[0]
    return "[" + ", ".join(nest(values[i * part : (i + 1) * part], shape[1:]) for i in range(shape[0])) + "]"


def emit_init(k, product, result):
    """What the sum starts from: 0, or the bias along the dimensions of filters."""
    if not product.bias:
        print(f"  %b{k} = linalg.fill ins(%zero : f32) outs(%e{k} : {result}) -> {result}")
        return
    sizes, along = [product.filters], {"matmul": [0], "grouped": [0, 3, 4]}.get(product.form, [0, 2, 3])
    if product.form == "grouped":
        sizes = [2, product.filters // 2]
    bias = tensor(*sizes)
    print(f"  %v{k} = arith.constant dense<{nest(product.bias, sizes)}> : {bias}")
    print(f"  %b{k} = linalg.broadcast ins(%v{k} : {bias}) outs(%e{k} : {result}) dimensions = {along}")


def emit_padded(k, product, x, sizes):
    """Zeros around a value whose last two dimensions are the picture."""
    low, high = product.padding
    around = lambda n: ", ".join(["0"] * (len(sizes) - 2) + [str(n)] * 2)
    wide = tensor(*sizes[:-2], sizes[-2] + low + high, sizes[-1] + low + high)
    arguments = ", ".join(f"%{name}: index" for name in "abcde"[: len(sizes)])
    print(f"  %p{k} = tensor.pad {x} low[{around(low)}] high[{around(high)}] {{")
    print(f"  ^bb0({arguments}):\n    tensor.yield %zero : f32")
    print(f"  }} : {tensor(*sizes)} to {wide}")
    return f"%p{k}", wide


def emit_named(op, k, product, data, weight, result):
    (x, x_type), (w, w_type) = data, weight
    sizes = f"{{strides = dense<{product.stride}> : vector<2xi64>, dilations = dense<{product.dilation}> : vector<2xi64>}}"
    print(f"  %y{k} = linalg.{op} {sizes} ins({x}, {w} : {x_type}, {w_type}) outs(%b{k} : {result}) -> {result}")


def emit_conv(k, product, weight, result, op="conv_2d_nchw_fchw"):
    data = emit_padded(k, product, "%x", [BATCH, CHANNELS, SIZE, SIZE])
    emit_named(op, k, product, data, (f"%w{k}", weight), result)


def emit_depthwise(k, product, weight, result):
    emit_conv(k, product, weight, result, op="depthwise_conv_2d_nchw_chw")


def emit_grouped(k, product, weight, result):
    split, padded = [BATCH, 2, 4, SIZE, SIZE], "[[0], [1, 2], [3], [4]]"
    print(f"  %g{k} = tensor.expand_shape %x {padded} output_shape {split} : {X} into {tensor(*split)}")
    filters = [2, product.filters // 2, 4, product.kernel, product.kernel]
    print(f"  %f{k} = tensor.expand_shape %w{k} [[0, 1], [2], [3], [4]] output_shape {filters} : {weight} into {tensor(*filters)}")
    data = emit_padded(k, product, f"%g{k}", split)
    emit_named("conv_2d_ngchw_gfchw", k, product, data, (f"%f{k}", tensor(*filters)), result)


def emit_transposed(k, product, weight, result):
    low, wide = product.padding[0], 2 * SIZE - 1 + sum(product.padding)
    spread = tensor(BATCH, CHANNELS, wide, wide)
    print(f"  %s{k} = tensor.empty() : {spread}")
    print(f"  %f{k} = linalg.fill ins(%zero : f32) outs(%s{k} : {spread}) -> {spread}")
    place = f"[0, 0, {low}, {low}] [{BATCH}, {CHANNELS}, {SIZE}, {SIZE}] [1, 1, 2, 2]"
    print(f"  %p{k} = tensor.insert_slice %x into %f{k}{place} : {X} into {spread}")
    emit_named("conv_2d_nchw_fchw", k, product, (f"%p{k}", spread), (f"%w{k}", weight), result)


def emit_matmul(k, product, weight, result):
    corner, rows, turned = tensor(BATCH, CHANNELS, 1, 1), tensor(BATCH, CHANNELS), tensor(CHANNELS, product.filters)
    print(f"  %s{k} = tensor.extract_slice %x[0, 0, 0, 0] [{BATCH}, {CHANNELS}, 1, 1] [1, 1, 1, 1] : {X} to {corner}")
    print(f"  %r{k} = tensor.collapse_shape %s{k} [[0], [1, 2, 3]] : {corner} into {rows}")
    print(f"  %te{k} = tensor.empty() : {turned}")
    print(f"  %t{k} = linalg.transpose ins(%w{k} : {weight}) outs(%te{k} : {turned}) permutation = [1, 0]")
    print(f"  %y{k} = linalg.matmul ins(%r{k}, %t{k} : {rows}, {turned}) outs(%b{k} : {result}) -> {result}")


def emit_tokens(k, product, weight, result):
    flat = tensor(BATCH, CHANNELS, SIZE * SIZE)
    maps = ", ".join(f"affine_map<(n, t, f, c) -> ({indices})>" for indices in ("n, c, t", "f, c", "n, t, f"))
    loops = '["parallel", "parallel", "parallel", "reduction"]'
    print(f"  %r{k} = tensor.collapse_shape %x [[0], [1], [2, 3]] : {X} into {flat}")
    print(f"  %y{k} = linalg.generic {{indexing_maps = [{maps}], iterator_types = {loops}}}")
    print(f"      ins(%r{k}, %w{k} : {flat}, {weight}) outs(%b{k} : {result}) {{")
    print("  ^bb0(%a: f32, %b: f32, %sum: f32):\n    %m = arith.mulf %a, %b : f32")
    print(f"    %n = arith.addf %sum, %m : f32\n    linalg.yield %n : f32\n  }} -> {result}")


X = tensor(BATCH, CHANNELS, SIZE, SIZE)


def write(storage, products):
    types = ", ".join(product.result_type() for product in products)
    quantized = tensor(BATCH, CHANNELS, SIZE, SIZE, element=f"!quant.uniform<{storage.name}:f32, {SCALE}:{storage.zero + storage.lowest}>")
    print(f"func.func @main(%float: {X}) -> ({types}) {{")
    print(f"  %zero = arith.constant 0.0 : f32\n  %qx = quant.qcast %float : {X} to {quantized}")
    print(f"  %x = quant.dcast %qx : {quantized} to {X}")
    for k, product in enumerate(products):
        emit(k, product, storage)
    print(f"  return {', '.join(f'%y{k}' for k in range(len(products)))} : {types}\n}}")


def read(path):
    with open(path, "rb") as file:
        contents = file.read()
    return list(array.array("f", contents[10 + int.from_bytes(contents[8:10], "little") :]))


def check(storage, products, samples, folder, tolerance):
    last, zero = 2**storage.bits - 1, storage.zero
    x = [min(max(round(value / SCALE) + zero, 0), last) - zero for value in read(samples)]
    for k, product in enumerate(products):
        expected = product.order([value for value in product.reference(x)])
        found = read(f"{folder}/output{k}.npy")
        largest = max(abs(a - b) for a, b in zip(expected, found))
        if len(expected) != len(found) or largest > tolerance:
            sys.exit(f"{product.form} {k}: largest difference {largest} of {len(expected)} and {len(found)} numbers")


def main():
    if sys.argv[1] == "samples":
        print(",".join(str((n - 288) / 32) for n in numbers(99, BATCH * CHANNELS * SIZE**2, 577)))
        return
    storage = Storage(sys.argv[2])
    products = [Product(place, storage.bits) for place in range(len(PRODUCTS))]
    if sys.argv[1] == "write":
        write(storage, products)
    else:
        check(storage, products, sys.argv[3], sys.argv[4], float(sys.argv[5]) if len(sys.argv) > 5 else 0.0)


if __name__ == "__main__":
    main()
