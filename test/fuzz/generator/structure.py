# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers without weights: poolings, slices, pads, shuffles."""

import numpy as np

from generator import views
from generator.activations import channel_axis
from generator.builder import Value
from generator.formulas import pooling, sigmoid
from generator.products import LETTERS, Window, make_exact, named, to_first, to_last


def pool(b, x, r):
    """Maximum or average over windows."""
    rank = x.rank - 2
    if rank not in (1, 2, 3):
        return None
    last = b.channels_last
    sizes = x.shape[1:-1] if last else x.shape[2:]
    window = Window(sizes, r)
    window.dilation = [1] * rank
    for i in range(rank):  # no window of padding alone
        window.low[i], window.high[i] = min(window.low[i], window.kernel[i] // 2), min(window.high[i], window.kernel[i] // 2)
    maximum = r.random() < 0.6
    if b.frontend == "tosa" and b.batch is not None:
        return tosa_pool(b, x, window, maximum) if rank == 2 else None
    low, high = [0] * x.rank, [0] * x.rank
    where = slice(1, -1) if last else slice(2, None)
    low[where], high[where] = window.low, window.high
    start = -np.inf if maximum else 0.0
    padded = views.pad(b, x, low, high, start)
    data = to_first(padded.data) if last else padded.data
    reduce = (lambda v: np.max(v, 0)) if maximum else (lambda v: np.sum(v, 0))
    data = pooling(data, window.kernel, window.stride, window.dilation, reduce)
    data = to_last(data) if last else data
    shape = [x.shape[0], *data.shape[1:]]
    letters = LETTERS[rank]
    layout = f"n{letters}c" if last else f"nc{letters}"
    if layout not in ("nwc", "ncw", "nhwc", "nchw", "ndhwc"):
        return None
    op = f"pooling_{layout}_{'max' if maximum else 'sum'}"
    frame = b.emit(f"tensor.empty() : {b.type(window.kernel)}")
    y = named(b, op, padded, Value(frame, window.kernel, None), window, shape, b.fill(shape, start), data)
    if maximum:
        return y
    count = float(np.prod(window.kernel))
    return b.elementwise(y, lambda p, a: p("arith.divf", a, p.number(count)), data / count)


def tosa_pool(b, x, window, maximum):
    x = x if b.channels_last else views.to_channels_last(b, x)
    x, window = make_exact(b, x, window)
    pads = list(zip(window.low, window.high))
    if not maximum:
        x = views.pad(b, x, [0, *window.low, 0], [0, *window.high, 0])
        pads = [(0, 0), (0, 0)]
    data = np.pad(to_first(x.data), [(0, 0), (0, 0), *pads], constant_values=-np.inf if maximum else 0)
    reduce = (lambda v: np.max(v, 0)) if maximum else (lambda v: np.mean(v, 0))
    data = to_last(pooling(data, window.kernel, window.stride, [1, 1], reduce))
    numbers = [f"{name} = array<i64: {', '.join(map(str, v))}>" for name, v in
               (("kernel", window.kernel), ("pad", [n for p in pads for n in p]), ("stride", window.stride))]
    operands = [(x.name, b.type_of(x))]
    if not maximum:
        zero = b.tosa_constant(np.zeros((1,), np.float32))
        operands += [(zero.name, b.type_of(zero))] * 2
        numbers.insert(0, "acc_type = f32")
    shape = [x.shape[0], *data.shape[1:]]
    op = "max_pool2d" if maximum else "avg_pool2d"
    y = b.tosa(op, operands, shape, data, f" {{{', '.join(numbers)}}}")
    return y if b.channels_last else views.to_channels_first(b, y)


# Slices and pads


def slice_layer(b, x, r):
    axis = int(r.integers(1, x.rank))
    if x.shape[axis] < 2:
        return None
    offsets, sizes, strides = [0] * x.rank, list(x.shape), [1] * x.rank
    offsets[axis] = int(r.integers(0, x.shape[axis] - 1))
    strides[axis] = int(r.integers(1, 3))
    sizes[axis] = int(r.integers(1, (x.shape[axis] - 1 - offsets[axis]) // strides[axis] + 2))
    return views.extract(b, x, offsets, sizes, strides)


def pad_layer(b, x, r):
    low, high = [0] * x.rank, [0] * x.rank
    axis = int(r.integers(1, x.rank))
    low[axis], high[axis] = int(r.integers(0, 3)), int(r.integers(0, 3))
    return views.pad(b, x, low, high, 0.0 if r.random() < 0.8 else 0.5)


def gated_linear_unit(b, x, r):
    """First half times the sigmoid of the second."""
    axis = channel_axis(b, x)
    if x.shape[axis] % 2:
        return None
    half = x.shape[axis] // 2
    sizes = [half if i == axis else d for i, d in enumerate(x.shape)]
    first, second = (
        views.extract(b, x, [at if i == axis else 0 for i in range(x.rank)], sizes) for at in (0, half)
    )

    def payload(p, a, g):
        one = p.number(1.0)
        gate = p("arith.divf", one, p("arith.addf", p("math.exp", p("arith.negf", g)), one))
        return p("arith.mulf", a, gate)

    return b.elementwise(first, payload, first.data * sigmoid(second.data), (second, list(range(x.rank))))


# Views


def shuffle_channels(b, x, r):
    """Channels [G, C / G] -> [C / G, G]."""
    if b.channels_last or x.rank < 3:
        return None
    divisors = [g for g in range(2, x.shape[1]) if x.shape[1] % g == 0]
    if not divisors:
        return None
    groups = int(r.choice(divisors))
    wide = views.view(b, x, [x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]])
    turned = views.transpose(b, wide, [0, 2, 1, *range(3, wide.rank)], r)
    return views.view(b, turned, x.shape)


def pixel_shuffle(b, x, r):
    if b.channels_last or x.rank != 4 or x.shape[1] % 4:
        return None
    batch, channels, height, width = x.shape
    wide = views.view(b, x, [batch, channels // 4, 2, 2, height, width])
    turned = views.transpose(b, wide, [0, 1, 4, 2, 5, 3])
    return views.view(b, turned, [batch, channels // 4, 2 * height, 2 * width])


def transpose_layer(b, x, r):
    if x.rank < 3:
        return None
    order = [0, *(1 + r.permutation(x.rank - 1))]
    return views.transpose(b, x, order, r)


def view_layer(b, x, r):
    """Another shape of the sample: split a dimension, or join two."""
    shape = list(x.shape)
    if x.rank > 2 and (r.random() < 0.5 or x.rank == 5):
        axis = int(r.integers(1, x.rank - 1))
        return views.view(b, x, [*shape[:axis], shape[axis] * shape[axis + 1], *shape[axis + 2 :]])
    axis = int(r.integers(1, x.rank))
    divisors = [d for d in range(1, shape[axis] + 1) if shape[axis] % d == 0]
    part = int(r.choice(divisors))
    return views.view(b, x, [*shape[:axis], part, shape[axis] // part, *shape[axis + 1 :]])


def spatial_view(b, x, r):
    """A vector as an image, as decoders do."""
    if x.rank != 2 or x.shape[1] < 4:
        return None
    size = 2
    if x.shape[1] % (size * size):
        return None
    shape = [x.shape[0], x.shape[1] // 4, 2, 2]
    if b.channels_last:
        shape = [x.shape[0], 2, 2, x.shape[1] // 4]
    return views.view(b, x, shape)


def flatten(b, x, r):
    return views.view(b, x, [x.shape[0], views.product(x.shape[1:])]) if x.rank > 2 else None


def roll(b, x, r):
    """Two slices the other way round."""
    axis = int(r.integers(1, x.rank))
    if x.shape[axis] < 2:
        return None
    at = int(r.integers(1, x.shape[axis]))

    def part(start, size):
        offsets = [start if i == axis else 0 for i in range(x.rank)]
        return views.extract(b, x, offsets, [size if i == axis else d for i, d in enumerate(x.shape)])

    return views.concatenate(b, [part(at, x.shape[axis] - at), part(0, at)], axis, r)
