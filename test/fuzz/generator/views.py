# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What moves elements around: views, transposes, slices, pads, joins."""

import numpy as np

from generator.builder import Value


def product(dims):
    """A product of dimensions, of which at most one has the batch."""
    result = 1
    for dim in dims:
        result *= dim
    return result


def split_blocks(source, target):
    """Pairs of ranges of two shapes with equal products, as short as possible."""
    blocks, i, j = [], 0, 0
    while i < len(source) and j < len(target):
        start, a, b = (i, j), source[i], target[j]
        i, j = i + 1, j + 1
        while a != b:
            if abs(a) < abs(b) or (abs(a) == abs(b) and a > 0):
                a, i = a * source[i], i + 1
            else:
                b, j = b * target[j], j + 1
        blocks.append(((start[0], i), (start[1], j)))
    # What is left are ones.
    (i, _), (j, _) = blocks.pop()
    return [*blocks, ((i, len(source)), (j, len(target)))]


def spell_groups(sizes):
    """Reassociation indices of consecutive groups."""
    groups, at = [], 0
    for size in sizes:
        groups.append(list(range(at, at + size)))
        at += size
    return str(groups)


def view(b, x, shape, r=None):
    """A view of the same elements: collapse_shape and expand_shape, or tosa.reshape."""
    shape = tuple(shape)
    if shape == x.shape:
        return x
    data = x.data.reshape(b.count(shape)) if x.data is not None else None
    if b.frontend == "tosa" and b.batch is not None and (r is None or r.random() < 0.9):
        sizes = b.tosa_shape(d if d >= 0 else -d * b.batch for d in shape)
        return b.tosa(
            "reshape", [(x.name, b.type_of(x)), (sizes, f"!tosa.shape<{len(shape)}>")], shape, data, element=x.element
        )
    blocks = split_blocks(x.shape, shape)
    middle = [product(x.shape[i:j]) for (i, j), _ in blocks]
    name = x.name
    if any(j - i > 1 for (i, j), _ in blocks):
        groups = spell_groups(j - i for (i, j), _ in blocks)
        type = b.type(middle, x.element)
        name = b.emit(f"tensor.collapse_shape {name} {groups} : {b.type_of(x)} into {type}")
    if any(j - i > 1 for _, (i, j) in blocks):
        groups = spell_groups(j - i for _, (i, j) in blocks)
        name = b.emit(
            f"tensor.expand_shape {name} {groups} output_shape [{b.sizes(shape)}] : "
            f"{b.type(middle, x.element)} into {b.type(shape, x.element)}"
        )
    return Value(name, shape, data, x.element)


def transpose(b, x, order, r=None):
    order = [int(i) for i in order]
    if order == list(range(x.rank)):
        return x
    shape = [x.shape[i] for i in order]
    data = x.data.transpose(order) if x.data is not None else None
    if b.frontend == "tosa" and b.batch is not None:
        perms = f" {{perms = array<i32: {', '.join(map(str, order))}>}}"
        return b.tosa("transpose", [(x.name, b.type_of(x))], shape, data, perms, x.element)
    if r is not None and r.random() < 0.15:
        # As a generic; the input's map is the inverse.
        inverse = [order.index(i) for i in range(x.rank)]
        return b.generic(shape, [(x, inverse)], lambda p, a, out: a, data, element=x.element)
    type = b.type(shape, x.element)
    name = b.emit(
        f"linalg.transpose ins({x.name} : {b.type_of(x)}) outs({b.empty(shape, x.element)} : {type}) permutation = {order}"
    )
    return Value(name, shape, data, x.element)


def to_channels_last(b, x):
    return transpose(b, x, [0, *range(2, x.rank), 1])


def to_channels_first(b, x):
    return transpose(b, x, [0, x.rank - 1, *range(1, x.rank - 1)])


def extract(b, x, offsets, sizes, strides=None):
    """A slice; `sizes` may have batch dimensions, which are taken whole."""
    strides = strides or [1] * x.rank
    data = None
    if x.data is not None:
        index = tuple(
            slice(o, o + (n - 1) * s + 1, s) if n >= 0 else slice(None) for o, n, s in zip(offsets, sizes, strides)
        )
        data = x.data[index]
    if b.frontend == "tosa" and b.batch is not None and all(s == 1 for s in strides):
        rank = f"!tosa.shape<{x.rank}>"
        start = b.tosa_shape(offsets)
        size = b.tosa_shape(n if n >= 0 else -n * b.batch for n in sizes)
        return b.tosa("slice", [(x.name, b.type_of(x)), (start, rank), (size, rank)], sizes, data)
    name = b.emit(
        f"tensor.extract_slice {x.name}[{', '.join(map(str, offsets))}] [{b.sizes(sizes)}] "
        f"[{', '.join(map(str, strides))}] : {b.type_of(x)} to {b.type(sizes)}"
    )
    return Value(name, sizes, data)


def pad(b, x, low, high, value=0.0):
    """A constant around; tosa.pad or tensor.pad."""
    if not any(low) and not any(high):
        return x
    shape = [d + l + h if d >= 0 else d for d, l, h in zip(x.shape, low, high)]
    data = np.pad(x.data, list(zip(low, high)), constant_values=value)
    if b.frontend == "tosa" and b.batch is not None:
        sizes = b.tosa_shape(n for pair in zip(low, high) for n in pair)
        filler = b.tosa_constant(np.full((1,), value, np.float32))
        operands = [(x.name, b.type_of(x)), (sizes, f"!tosa.shape<{2 * x.rank}>"), (filler.name, "tensor<1xf32>")]
        return b.tosa("pad", operands, shape, data)
    indices = ", ".join(f"%i{b.next_number()}: index" for _ in x.shape)
    name = b.emit(
        f"tensor.pad {x.name} low[{', '.join(map(str, low))}] high[{', '.join(map(str, high))}] {{\n"
        f"    ^bb0({indices}):\n      tensor.yield {b.scalar(value)} : f32\n    }} : {b.type_of(x)} to {b.type(shape)}"
    )
    return Value(name, shape, data)


def concatenate(b, values, axis, r):
    shape = list(values[0].shape)
    shape[axis] = sum(v.shape[axis] for v in values)
    data = np.concatenate([v.data for v in values], axis)
    types = ", ".join(b.type_of(v) for v in values)
    names = ", ".join(v.name for v in values)
    if b.frontend == "tosa" and b.batch is not None:
        return b.tosa("concat", [(v.name, b.type_of(v)) for v in values], shape, data, f" {{axis = {axis} : i32}}")
    if r.random() < 0.7:
        return Value(b.emit(f"tensor.concat dim({axis}) {names} : ({types}) -> {b.type(shape)}"), shape, data)
    name, at = b.empty(shape), 0
    for value in values:
        offsets = [0] * len(shape)
        offsets[axis], at = at, at + value.shape[axis]
        name = b.emit(
            f"tensor.insert_slice {value.name} into {name}[{', '.join(map(str, offsets))}] "
            f"[{b.sizes(value.shape)}] [{', '.join('1' for _ in shape)}] : {b.type_of(value)} into {b.type(shape)}"
        )
    return Value(name, shape, data)


def add(b, x, y, r):
    data = x.data + y.data
    if b.frontend == "tosa" and b.batch is not None:
        return b.tosa("add", [(x.name, b.type_of(x)), (y.name, b.type_of(y))], x.shape, data)
    every = list(range(x.rank))
    if r.random() < 0.5:
        return b.elementwise(x, lambda p, a, c: p("arith.addf", a, c), data, (y, every))
    return b.elementwise(x, lambda p, a, c: p("arith.addf", c, a), data, (y, every))
