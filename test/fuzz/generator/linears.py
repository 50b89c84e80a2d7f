# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Matrix products: linear layers, attention, gates."""

import numpy as np

from generator import views
from generator.activations import named_activation
from generator.builder import Value
from generator.reductions import emit_mean, emit_softmax
from generator.weights import add_bias, draw_weight, initial_bias, weight


def linear(b, x, r, features=None):
    """x W^T on the last dimension."""
    features = features or int(r.choice([1, 2, 3, 4, 6, 8]))
    numbers = draw_weight(r, (features, x.shape[-1]), x.shape[-1])
    if b.frontend == "tosa" and b.batch is not None:
        y = tosa_linear(b, x, numbers)
    elif x.rank == 2:
        y = matrix_product(b, x, numbers, r)
    else:
        forms = [merged_linear, batched_linear, generic_linear]
        y = forms[r.choice(3, p=[0.5, 0.2, 0.3])](b, x, numbers, r)
    return add_bias(b, y, y.rank - 1, r)


def tosa_linear(b, x, numbers):
    rows = views.product(x.shape[:-1])
    flat = views.view(b, x, [1, rows, x.shape[-1]])
    w, zero = b.tosa_constant(numbers.T[None]), b.tosa_constant(np.zeros((1,), np.float32))
    operands = [(v.name, b.type_of(v)) for v in (flat, w, zero, zero)]
    data = x.data @ numbers.T.astype(np.float64)
    y = b.tosa("matmul", operands, [1, rows, numbers.shape[0]], None)
    y = views.view(b, y, [*x.shape[:-1], numbers.shape[0]])
    return Value(y.name, y.shape, data)


def matmul(b, x, w, shape, init, op="matmul", maps=""):
    type = b.type(shape)
    return b.emit(
        f"linalg.{op}{maps} ins({x.name}, {w.name} : {b.type_of(x)}, {b.type_of(w)}) outs({init} : {type}) -> {type}"
    )


def matrix_product(b, x, numbers, r):
    """[N, K] times the weight, which is transposed, or not, or stands on the left."""
    shape = [x.shape[0], numbers.shape[0]]
    form = r.random()
    init, bias = initial_bias(b, shape, 1, r)
    if form < 0.5:
        w = weight(b, numbers, r)
        data = x.data @ w.data.T + bias
        return Value(matmul(b, x, views.transpose(b, w, [1, 0]), shape, init), shape, data)
    if form < 0.75:
        w = weight(b, numbers.T, r)
        return Value(matmul(b, x, w, shape, init), shape, x.data @ w.data + bias)
    w = weight(b, numbers, r)
    data = x.data @ w.data.T + bias
    if form < 0.85:
        maps = (
            " indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, "
            "affine_map<(d0, d1, d2) -> (d0, d1)>]"
        )
        return Value(matmul(b, x, w, shape, init, maps=maps), shape, data)
    if form < 0.97:
        return b.generic(
            shape, [(x, [0, 2]), (w, [1, 2])], multiply_accumulate, data, 3, [0, 1], [2], init
        )
    tall = [shape[1], shape[0]]
    turned = Value(
        matmul(b, w, views.transpose(b, x, [1, 0]), tall, b.fill(tall, 0.0)), tall, w.data @ x.data.T
    )
    return views.transpose(b, turned, [1, 0])


def multiply_accumulate(p, a, c, out):
    return p("arith.addf", out, p("arith.mulf", a, c))


def merged_linear(b, x, numbers, r):
    """All rows as one matrix."""
    flat = views.view(b, x, [views.product(x.shape[:-1]), x.shape[-1]])
    y = matrix_product(b, flat, numbers, r)
    return views.view(b, y, [*x.shape[:-1], numbers.shape[0]])


def batched_linear(b, x, numbers, r):
    """A batch of products with a weight that was broadcast."""
    if x.rank != 3:
        return merged_linear(b, x, numbers, r)
    w = weight(b, numbers.T, r)
    wide = [x.shape[0], *w.shape]
    many = b.generic(wide, [(w, [1, 2])], lambda p, a, out: a)
    shape = [*x.shape[:-1], numbers.shape[0]]
    init, bias = initial_bias(b, shape, 2, r)
    return Value(matmul(b, x, many, shape, init, "batch_matmul"), shape, x.data @ w.data + bias)


def generic_linear(b, x, numbers, r):
    n = x.rank
    w = weight(b, numbers, r)
    shape = [*x.shape[:-1], numbers.shape[0]]
    init, bias = initial_bias(b, shape, n - 1, r)
    inputs = [(x, [*range(n - 1), n]), (w, [n - 1, n])]
    return b.generic(
        shape, inputs, multiply_accumulate, x.data @ w.data.T + bias, n + 1, list(range(n)), [n], init
    )


# Products of data


def split_heads(b, x, heads, r):
    """[B, T, C] -> [B h, T, C / h]"""
    batch, tokens, channels = x.shape
    x = views.view(b, x, [batch, tokens, heads, channels // heads])
    x = views.transpose(b, x, [0, 2, 1, 3], r)
    return views.view(b, x, [batch * heads, tokens, channels // heads])


def batch_product(b, x, y):
    shape = [x.shape[0], x.shape[1], y.shape[2]]
    data = x.data @ y.data
    if b.frontend == "tosa" and b.batch is not None:
        zero = b.tosa_constant(np.zeros((1,), np.float32))
        return b.tosa("matmul", [(v.name, b.type_of(v)) for v in (x, y, zero, zero)], shape, data)
    return Value(matmul(b, x, y, shape, b.fill(shape, 0.0), "batch_matmul"), shape, data)


def attention(b, x, r):
    """Softmax attention of several heads on [B, T, C]."""
    if x.rank != 3:
        return None
    heads = int(r.choice([h for h in (1, 2, 3) if x.shape[2] % h == 0]))
    channels = x.shape[2]
    if r.random() < 0.5:  # one product for all three
        joined = linear(b, x, r, 3 * channels)
        q, k, v = (
            views.extract(b, joined, [0, 0, i * channels], [x.shape[0], x.shape[1], channels]) for i in range(3)
        )
    else:
        q, k, v = (linear(b, x, r, channels) for _ in range(3))
    q, k, v = (split_heads(b, part, heads, r) for part in (q, k, v))
    factor = float(np.float32((channels // heads) ** -0.5))
    q = b.elementwise(q, lambda p, a: p("arith.mulf", a, p.number(factor)), q.data * factor)
    scores = batch_product(b, q, views.transpose(b, k, [0, 2, 1], r))
    weights = emit_softmax(b, scores, 2, r)
    mixed = batch_product(b, weights, v)
    y = views.view(b, mixed, [x.shape[0], heads, x.shape[1], channels // heads])
    y = views.view(b, views.transpose(b, y, [0, 2, 1, 3]), x.shape)
    return linear(b, y, r, channels)


def squeeze_excite(b, x, r):
    """Channels scaled by a function of their means."""
    if x.rank != 4:
        return None
    channel = 3 if b.channels_last else 1
    others = [d for d in (1, 2, 3) if d != channel]
    mean = emit_mean(b, x, others, r)
    size = x.shape[channel]
    gate = linear(b, mean, r, max(1, size // 2))
    gate = named_activation(b, gate, "relu", r)
    gate = linear(b, gate, r, size)
    gate = named_activation(b, gate, ["sigmoid", "hard_sigmoid"][r.integers(2)], r)
    shape = [gate.shape[0], 1, 1, 1]
    shape[channel] = size
    data = x.data * gate.data.reshape(b.count(shape))
    return b.elementwise(x, lambda p, a, g: p("arith.mulf", a, g), data, (gate, [0, channel]))


