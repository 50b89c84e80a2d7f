# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sums, maxima and what is made of them: means, softmax, norms of the sample."""

import numpy as np

from generator import views
from generator.activations import channel_axis
from generator.formulas import along, softmax


def emit_sum(b, x, axes, r, keep=False, payload=None, data=None):
    """The sum over `axes`, which are kept with size 1 or dropped."""
    axes = [int(a) for a in axes]
    shape = [1 if i in axes else d for i, d in enumerate(x.shape)]
    out = ["0" if i in axes else i for i in range(x.rank)]
    if not keep:
        shape = [d for i, d in enumerate(x.shape) if i not in axes]
        out = [i for i in range(x.rank) if i not in axes]
    if data is None:
        data = x.data.sum(tuple(axes), keepdims=keep)
    if b.frontend == "tosa" and b.batch is not None and payload is None:
        for axis in axes:
            kept = [1 if i == axis else d for i, d in enumerate(x.shape)]
            x = b.tosa(
                "reduce_sum", [(x.name, b.type_of(x))], kept, x.data.sum(axis, keepdims=True), f" {{axis = {axis} : i32}}"
            )
        return x if keep else views.view(b, x, shape)
    order = r.random() < 0.5

    def accumulate(p, a, out):
        term = payload(p, a) if payload else a
        return p("arith.addf", *([term, out] if order else [out, term]))

    return b.generic(shape, [(x, list(range(x.rank)))], accumulate, data, x.rank, out, axes, b.fill(shape, 0.0))


def emit_mean(b, x, axes, r, keep=False):
    count = float(np.prod([x.shape[a] for a in axes]))
    total = emit_sum(b, x, axes, r, keep)
    return b.elementwise(total, lambda p, a: p("arith.divf", a, p.number(count)), total.data / count)


def emit_softmax(b, x, axis, r):
    data = softmax(x.data, axis)
    kept = [1 if i == axis else d for i, d in enumerate(x.shape)]
    if b.frontend == "tosa" and b.batch is not None:
        return tosa_softmax(b, x, axis, kept, data)
    dropped = [d for i, d in enumerate(x.shape) if i != axis]
    short = [i for i in range(x.rank) if i != axis]
    every = list(range(x.rank))
    top = b.generic(
        dropped, [(x, every)], lambda p, a, out: p("arith.maximumf", a, out), None, x.rank, short, [axis],
        b.fill(dropped, -np.inf),
    )
    if r.random() < 0.5:
        top, place = views.view(b, top, kept), ["0" if i == axis else i for i in every]
    else:
        place = short
    power = b.elementwise(x, lambda p, a, m: p("math.exp", p("arith.subf", a, m)), np.exp(x.data), (top, place))
    total = emit_sum(b, power, [axis], r, keep=True)
    place = ["0" if i == axis else i for i in every]
    return b.elementwise(power, lambda p, a, t: p("arith.divf", a, t), data, (total, place))


def tosa_softmax(b, x, axis, kept, data):
    def unary(op, value, shape, attributes=""):
        return b.tosa(op, [(value.name, b.type_of(value))], shape, None, attributes)

    axis = f" {{axis = {axis} : i32}}"
    top = unary("reduce_max", x, kept, axis)
    power = unary("exp", b.tosa("sub", [(v.name, b.type_of(v)) for v in (x, top)], x.shape, None), x.shape)
    factor = unary("reciprocal", unary("reduce_sum", power, kept, axis), kept)
    shift = b.tosa_constant(np.zeros((1,), np.int8), "i8")
    return b.tosa("mul", [(v.name, b.type_of(v)) for v in (power, factor, shift)], x.shape, data)


def softmax_layer(b, x, r):
    axis = int(r.integers(1, x.rank))
    y = emit_softmax(b, x, axis, r)
    size = float(x.shape[axis])
    return b.elementwise(y, lambda p, a: p("arith.mulf", a, p.number(size)), y.data * size)


def normalize(b, x, axes, r, epsilon=1e-5):
    """(x - mean) / sqrt(variance + epsilon) over `axes`, of one sample."""
    mean = x.data.mean(tuple(axes), keepdims=True)
    variance = ((x.data - mean) ** 2).mean(tuple(axes), keepdims=True)
    data = (x.data - mean) / np.sqrt(variance + epsilon)
    every = list(range(x.rank))
    place = ["0" if i in axes else i for i in every]
    middle = emit_mean(b, x, axes, r, keep=True)
    centred = b.elementwise(x, lambda p, a, m: p("arith.subf", a, m), x.data - mean, (middle, place))
    count = float(np.prod([x.shape[a] for a in axes]))
    squares = emit_sum(
        b, centred, axes, r, True, lambda p, a: p("arith.mulf", a, a), variance * count
    )
    inverse = b.elementwise(
        squares,
        lambda p, a: p("math.rsqrt", p("arith.addf", p("arith.divf", a, p.number(count)), p.number(epsilon))),
        None,
    )
    return b.elementwise(centred, lambda p, a, s: p("arith.mulf", a, s), data, (inverse, place))


def affine(b, x, axis, r):
    """x * gamma + beta along an axis."""
    gamma = r.normal(1, 0.3, x.shape[axis]).astype(np.float32)
    beta = r.normal(0, 0.3, x.shape[axis]).astype(np.float32)
    g, o = (along(v.astype(np.float64), x.rank, axis) for v in (gamma, beta))
    y = b.elementwise(x, lambda p, a, c: p("arith.mulf", a, c), x.data * g, (b.constant(gamma), [axis]))
    return b.elementwise(y, lambda p, a, c: p("arith.addf", a, c), y.data + o, (b.constant(beta), [axis]))


def layer_norm(b, x, r):
    if x.shape[-1] < 2:
        return None
    return affine(b, normalize(b, x, [x.rank - 1], r), x.rank - 1, r)


def group_norm(b, x, r):
    """Group and instance norm, on [B, G, elements of a group]."""
    if b.channels_last or x.rank < 3:
        return None
    groups = int(r.choice([g for g in range(1, x.shape[1] + 1) if x.shape[1] % g == 0]))
    inner = views.product(x.shape[1:]) // groups
    if inner < 2:
        return None
    y = normalize(b, views.view(b, x, [x.shape[0], groups, inner]), [2], r)
    return affine(b, views.view(b, y, x.shape), 1, r)


def mean_layer(b, x, r):
    """A global average pooling, or a mean over tokens."""
    if x.rank < 3:
        return None
    channel = channel_axis(b, x)
    return emit_mean(b, x, [d for d in range(1, x.rank) if d != channel], r, keep=r.random() < 0.2)
