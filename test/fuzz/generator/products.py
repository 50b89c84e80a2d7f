# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutions in every direction and linear layers."""

import numpy as np

from generator import views
from generator.builder import Value
from generator.formulas import convolution, transposed_convolution
from generator.weights import add_bias, draw_bias, draw_weight, initial_bias, weight

LETTERS = {1: "w", 2: "hw", 3: "dhw"}


def attribute_list(name, numbers):
    return f"{name} = dense<[{', '.join(map(str, numbers))}]> : vector<{len(numbers)}xi64>"


def to_first(data):
    return np.moveaxis(data, -1, 1)


def to_last(data):
    return np.moveaxis(data, 1, -1)


class Window:
    """Kernel, strides, dilations and padding of a layer, drawn so that they fit."""

    def __init__(self, sizes, r):
        self.kernel = [int(r.integers(1, min(4, n + 1))) for n in sizes]
        plain = r.random() < 0.5
        self.stride = [1 if plain else int(r.integers(1, 3)) for _ in sizes]
        self.dilation = [1 if plain or k == 1 else int(r.integers(1, 3)) for k in self.kernel]
        self.low = [int(r.integers(0, k)) if r.random() < 0.6 else 0 for k in self.kernel]
        self.high = list(self.low) if r.random() < 0.8 else [int(r.integers(0, k)) for k in self.kernel]
        for i, n in enumerate(sizes):  # at least one window
            if n + self.low[i] + self.high[i] < self.dilation[i] * (self.kernel[i] - 1) + 1:
                self.dilation[i] = 1

    def count(self, sizes):
        return [
            (n + l + h - d * (k - 1) - 1) // s + 1
            for n, k, s, d, l, h in zip(sizes, self.kernel, self.stride, self.dilation, self.low, self.high)
        ]

    def attributes(self):
        return f"{{{attribute_list('dilations', self.dilation)}, {attribute_list('strides', self.stride)}}}"


def draw_groups(channels, r):
    """Groups and filters: dense, grouped, depthwise, depthwise with a multiplier."""
    form = r.random()
    if form < 0.6 or channels == 1:
        return 1, int(r.choice([1, 2, 3, 4, 6, 8]))
    if form < 0.8:
        return channels, channels * int(r.choice([1, 1, 1, 2]))
    divisors = [g for g in range(2, channels + 1) if channels % g == 0]
    groups = int(r.choice(divisors))
    return groups, groups * int(r.integers(1, 4))


def convolve(b, x, r):
    """A convolution of any form over all dimensions that are not batch or channels."""
    rank = x.rank - 2
    if rank < 1 or rank > 3:
        return None
    last = b.channels_last
    sizes = x.shape[1:-1] if last else x.shape[2:]
    channels = x.shape[-1] if last else x.shape[1]
    window = Window(sizes, r)
    groups, filters = draw_groups(channels, r)
    if filters * int(np.prod(window.count(sizes))) > 1024:
        groups, filters = 1, 2
    numbers = draw_weight(r, (filters, channels // groups, *window.kernel), channels // groups * np.prod(window.kernel))
    if b.frontend == "tosa" and b.batch is not None and rank == 2:
        return tosa_convolution(b, x, numbers, window, groups, r)
    none = [0] * x.rank
    low, high = list(none), list(none)
    where = slice(1, -1) if last else slice(2, None)
    low[where], high[where] = window.low, window.high
    padded = views.pad(b, x, low, high)
    emit = emit_channels_last if last else emit_channels_first
    y = emit(b, padded, numbers, window, groups, r)
    return add_bias(b, y, y.rank - 1 if last else 1, r)


def compute(padded, w, window, groups, last):
    data = to_first(padded.data) if last else padded.data
    result = convolution(data, w, window.stride, window.dilation, groups)
    return to_last(result) if last else result


def named(b, op, x, w, window, shape, init, data):
    type = b.type(shape)
    return Value(
        b.emit(
            f"linalg.{op} {window.attributes()} ins({x.name}, {w.name} : {b.type_of(x)}, {b.type_of(w)}) "
            f"outs({init} : {type}) -> {type}"
        ),
        shape,
        data,
    )


def emit_channels_first(b, x, numbers, window, groups, r):
    rank, filters = x.rank - 2, numbers.shape[0]
    shape = [x.shape[0], filters, *[(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], window.kernel, window.stride, window.dilation)]]
    init, bias = initial_bias(b, shape, 1, r)
    w = weight(b, numbers, r)
    data = compute(x, w.data, window, groups, False) + bias
    letters = LETTERS[rank]
    if r.random() < 0.1 or (rank == 3 and groups > 1):
        return generic_convolution(b, x, w, window, groups, shape, init, data)
    if groups == 1:
        return named(b, f"conv_{rank}d_nc{letters}_fc{letters}", x, w, window, shape, init, data)
    if groups == x.shape[1] == filters and rank < 3 and r.random() < 0.8:
        small = views.view(b, w, [filters, *window.kernel])
        op = f"depthwise_conv_{rank}d_nc{letters}_c{letters}"
        return named(b, op, x, small, window, shape, init, data)
    return grouped_convolution(b, x, w, window, groups, shape, init, data)


def grouped_convolution(b, x, w, window, groups, shape, init, data):
    """As torch-mlir: two dimensions always, channels split into groups."""
    if x.rank == 3:
        tall = Window([1, 1], np.random.default_rng(0))
        tall.kernel, tall.stride = [*window.kernel, 1], [*window.stride, 1]
        tall.dilation, window = [*window.dilation, 1], tall
        x, w = views.view(b, x, [*x.shape, 1]), views.view(b, w, [*w.shape, 1])
        init = views.view(b, Value(init, shape, None), [*shape, 1]).name
        flat, shape = shape, [*shape, 1]
    else:
        flat = None
    split = [x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]]
    wide = [x.shape[0], groups, shape[1] // groups, *shape[2:]]
    start = views.view(b, Value(init, shape, None), wide)
    filters = views.view(b, w, [groups, w.shape[0] // groups, *w.shape[1:]])
    y = named(b, "conv_2d_ngchw_gfchw", views.view(b, x, split), filters, window, wide, start.name, None)
    y = views.view(b, y, shape)
    if flat:
        y = views.view(b, y, flat)
    return Value(y.name, y.shape, data)


def generic_convolution(b, x, w, window, groups, shape, init, data):
    """`linalg.generic` with the loops n, (g,) f, window positions, c, window."""
    rank = x.rank - 2
    if groups > 1:
        split = [x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]]
        wide = [x.shape[0], groups, shape[1] // groups, *shape[2:]]
        x, w = views.view(b, x, split), views.view(b, w, [groups, w.shape[0] // groups, *w.shape[1:]])
        init = views.view(b, Value(init, shape, None), wide).name
        lead, flat, shape = 3, shape, wide
    else:
        lead, flat = 2, None
    loops = lead + rank + 1 + rank
    channel = lead + rank
    places = [
        f"d{lead + i} * {window.stride[i]} + d{channel + 1 + i} * {window.dilation[i]}" for i in range(rank)
    ]
    front = [0] if lead == 2 else [0, 1]
    inputs = [
        (x, [*front, channel, *places]),
        (w, [*range(1, lead), channel, *range(channel + 1, loops)]),
    ]
    y = b.generic(
        shape, inputs, lambda p, a, c, out: p("arith.addf", out, p("arith.mulf", a, c)), data, loops,
        list(range(lead + rank)), range(channel, loops), init,
    )
    return Value(views.view(b, Value(y.name, y.shape, None), flat).name, flat, data) if flat else y


def emit_channels_last(b, x, numbers, window, groups, r):
    rank, filters, channels = x.rank - 2, numbers.shape[0], x.shape[-1]
    counts = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[1:-1], window.kernel, window.stride, window.dilation)]
    shape = [x.shape[0], *counts, filters]
    letters = LETTERS[rank]
    inner = [*range(2, rank + 2)]
    if groups > 1 and not (groups == channels and rank == 2):
        return split_convolution(b, x, numbers, window, groups, r)
    init, bias = initial_bias(b, shape, rank + 1, r)
    if groups == 1:
        order = [*inner, 1, 0]
        filter_first = rank == 2 and r.random() < 0.4
        if filter_first:
            order = [0, *inner, 1]
        w = weight(b, numbers.transpose(order), r)
        logical = w.data.transpose(np.argsort(order))
        data = compute(x, logical, window, 1, True) + bias
        form = f"f{letters}c" if filter_first else f"{letters}cf"
        return named(b, f"conv_{rank}d_n{letters}c_{form}", x, w, window, shape, init, data)
    # Depthwise: [kh, kw, C] or [kh, kw, C, multiplier].
    multiplier = filters // channels
    physical = numbers.reshape(channels, multiplier, *window.kernel).transpose(2, 3, 0, 1)
    if multiplier == 1:
        w = weight(b, physical[..., 0], r)
        logical = w.data.transpose(2, 0, 1)[:, None]
        data = compute(x, logical, window, groups, True) + bias
        return named(b, "depthwise_conv_2d_nhwc_hwc", x, w, window, shape, init, data)
    w = weight(b, physical, r)
    logical = w.data.transpose(2, 3, 0, 1).reshape(numbers.shape)
    data = compute(x, logical, window, groups, True) + bias
    wide = [*shape[:-1], channels, multiplier]
    start = views.view(b, Value(init, shape, None), wide)
    y = named(b, "depthwise_conv_2d_nhwc_hwcm", x, w, window, wide, start.name, None)
    return Value(views.view(b, y, shape).name, shape, data)


def split_convolution(b, x, numbers, window, groups, r):
    """Groups as slices that are convolved one by one and joined."""
    channels = x.shape[-1] // groups
    parts = []
    for i, filters in enumerate(np.split(numbers, groups, 0)):
        offsets = [0] * (x.rank - 1) + [i * channels]
        part = views.extract(b, x, offsets, [*x.shape[:-1], channels])
        parts.append(emit_channels_last(b, part, filters, window, 1, r))
    return views.concatenate(b, parts, x.rank - 1, r)


def tosa_convolution(b, x, numbers, window, groups, r):
    """tosa.conv2d between transposes, as torch-mlir; groups as slices."""
    if not b.channels_last:
        x = views.to_channels_last(b, x)
    x, window = make_exact(b, x, window)
    depthwise = groups == x.shape[-1] and groups > 1
    if groups == 1 or depthwise:
        y = emit_tosa(b, x, numbers, window, depthwise, r)
    else:
        channels, parts = x.shape[-1] // groups, []
        for i, filters in enumerate(np.split(numbers, groups, 0)):
            part = views.extract(b, x, [0, 0, 0, i * channels], [*x.shape[:-1], channels])
            parts.append(emit_tosa(b, part, filters, window, False, r))
        y = views.concatenate(b, parts, 3, r)
    return y if b.channels_last else views.to_channels_first(b, y)


def make_exact(b, x, window):
    """Drops what the last window does not reach, which TOSA does not allow."""
    sizes = list(x.shape[1:-1])
    for i in range(2):
        size = sizes[i] + window.low[i] + window.high[i]
        rest = (size - window.dilation[i] * (window.kernel[i] - 1) - 1) % window.stride[i]
        cut = min(rest, window.high[i])
        window.high[i] -= cut
        sizes[i] -= rest - cut
    return views.extract(b, x, [0] * 4, [x.shape[0], *sizes, x.shape[-1]]) if sizes != list(x.shape[1:-1]) else x, window


def emit_tosa(b, x, numbers, window, depthwise, r):
    filters, groups = numbers.shape[0], x.shape[-1] if depthwise else 1
    bias = draw_bias(r, filters) if r.random() < 0.7 else np.zeros(filters, np.float32)
    if depthwise:
        physical = numbers.reshape(groups, filters // groups, *window.kernel).transpose(2, 3, 0, 1)
    else:
        physical = numbers.transpose(0, 2, 3, 1)
    w, offset, zero = b.tosa_constant(physical), b.tosa_constant(bias), b.tosa_constant(np.zeros((1,), np.float32))
    low, high = window.low, window.high
    data = np.pad(to_first(x.data), [(0, 0), (0, 0), *zip(low, high)])
    data = to_last(convolution(data, numbers.astype(np.float64), window.stride, window.dilation, groups)) + bias
    shape = [x.shape[0], *data.shape[1:]]
    attributes = (
        f" {{acc_type = f32, dilation = array<i64: {window.dilation[0]}, {window.dilation[1]}>, "
        f"pad = array<i64: {low[0]}, {high[0]}, {low[1]}, {high[1]}>, "
        f"stride = array<i64: {window.stride[0]}, {window.stride[1]}>}}"
    )
    operands = [(v.name, b.type_of(v)) for v in (x, w, offset, zero, zero)]
    return b.tosa("depthwise_conv2d" if depthwise else "conv2d", operands, shape, data, attributes)


def convolve_transposed(b, x, r):
    """As torch-mlir: a reversed kernel and an input with zeros in between."""
    rank = x.rank - 2
    if rank not in (1, 2) or b.channels_last:
        return None
    sizes, channels = x.shape[2:], x.shape[1]
    filters = int(r.integers(1, 5))
    kernel = [int(r.integers(1, 4)) for _ in sizes]
    stride = [int(r.integers(1, 3)) for _ in sizes]
    dilation = [int(r.integers(1, 3)) if k > 1 and r.random() < 0.2 else 1 for k in kernel]
    reach = [d * (k - 1) for k, d in zip(kernel, dilation)]
    padding = [int(r.integers(0, min(2, n + 1))) for n in reach]
    extra = [int(r.integers(0, s)) for s in stride]
    grown = [(n - 1) * s + 1 + q - 2 * p + o for n, s, q, p, o in zip(sizes, stride, reach, padding, extra)]
    if min(grown) < 1 or np.prod(grown) * filters > 1024:
        return None
    numbers = draw_weight(r, (channels, filters, *kernel), channels * np.prod(kernel))
    source = b.constant(numbers)

    def payload(p, out):
        at = [p.index(i) for i in range(rank + 2)]
        ends = [p("arith.subi", p.number(k - 1, "index"), at[2 + i], type="index") for i, k in enumerate(kernel)]
        return p.raw(f"tensor.extract {source.name}[{', '.join([at[1], at[0], *ends])}] : {b.type_of(source)}")

    flipped = b.generic([filters, channels, *kernel], [], payload, init=b.fill([filters, channels, *kernel], 0.0))
    before = [q - p for q, p in zip(reach, padding)]
    spread = [g + q for g, q in zip(grown, reach)]
    # A pad in front, as nn.ZeroPad2d, is what canonicalization may join with it.
    wide = [x.shape[0], channels, *spread]
    inserted = b.emit(
        f"tensor.insert_slice {x.name} into {b.fill(wide, 0.0)}[0, 0, {', '.join(map(str, before))}] "
        f"[{b.sizes(x.shape)}] [1, 1, {', '.join(map(str, stride))}] : {b.type_of(x)} into {b.type(wide)}"
    )
    data = transposed_convolution(x.data, numbers.astype(np.float64), stride, padding, extra, dilation)
    shape = [x.shape[0], filters, *grown]
    init, bias = initial_bias(b, shape, 1, r)
    window = Window([9] * rank, np.random.default_rng(0))
    window.kernel, window.stride, window.dilation = kernel, [1] * rank, dilation
    op = f"conv_{rank}d_nc{LETTERS[rank]}_fc{LETTERS[rank]}"
    return named(b, op, Value(inserted, wide, None), flipped, window, shape, init, data + bias)
