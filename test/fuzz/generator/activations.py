# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Activation functions in the spellings of the frontends."""

import math

import numpy as np

from generator.builder import Value
from generator.formulas import ACTIVATIONS, along


def activation(b, x, r):
    name = list(ACTIVATIONS)[r.integers(len(ACTIVATIONS))] if r.random() < 0.6 else "relu"
    return named_activation(b, x, name, r)


def named_activation(b, x, name, r):
    data = ACTIVATIONS[name](x.data)
    if b.frontend == "tosa" and b.batch is not None and name in TOSA:
        return TOSA[name](b, x, data, r)
    return LINALG[name](b, x, data, r)


def rank_zero(b, value):
    """A bound that torch-mlir keeps in a tensor without dimensions."""
    bound = b.constant(np.full((), value, np.float32))
    return bound, []


def bound_by_tensor(b, x, value, which, data, r):
    """max or min with a bound in a tensor, on either side."""
    every = list(range(x.rank))
    predicate = "ogt" if which == "maximum" else "olt"
    bound = rank_zero(b, value)
    inputs = [(x, every), bound] if r.random() < 0.5 else [bound, (x, every)]
    return b.generic(
        x.shape, inputs, lambda p, a, c, out: p.select(p("arith.cmpf", predicate, a, c), a, c), data
    )


def relu(b, x, data, r):
    if r.random() < 0.25:
        return bound_by_tensor(b, x, 0.0, "maximum", data, r)
    return b.elementwise(x, lambda p, a: p.maximum(a, p.number(0.0), r), data)


def clip(b, x, low, high, data, r):
    """Two operations, or one as ONNX's Clip."""
    form = r.integers(3)
    if form == 0:
        return b.elementwise(
            x, lambda p, a: p.minimum(p.maximum(a, p.number(low), r), p.number(high), r), data
        )
    if form == 1:
        lower = bound_by_tensor(b, x, low, "maximum", None, r)
        return bound_by_tensor(b, lower, high, "minimum", data, r)
    lower = b.elementwise(x, lambda p, a: p.maximum(a, p.number(low), r), None)
    return b.elementwise(lower, lambda p, a: p.minimum(a, p.number(high), r), data)


def sigmoid_payload(p, a):
    one = p.number(1.0)
    return p("arith.divf", one, p("arith.addf", p("math.exp", p("arith.negf", a)), one))


def silu(b, x, data, r):
    if r.random() < 0.5:
        return b.elementwise(x, lambda p, a: p("arith.mulf", a, sigmoid_payload(p, a)), data)
    gate = b.elementwise(x, sigmoid_payload, None)
    return b.elementwise(x, lambda p, a, g: p("arith.mulf", a, g), data, (gate, list(range(x.rank))))


def gelu(b, x, data, r):
    def payload(p, a):
        e = p("math.erf", p("arith.divf", a, p.number(math.sqrt(2))))
        half = p("arith.mulf", p("arith.addf", e, p.number(1.0)), p.number(0.5))
        return p("arith.mulf", a, half)

    return b.elementwise(x, payload, data)


def gelu_tanh(b, x, data, r):
    def payload(p, a):
        cube = p.raw(f"math.fpowi {a}, {b.scalar(3, 'i64')} : f32, i64")
        inner = p("arith.addf", a, p("arith.mulf", cube, p.number(0.044715)))
        t = p("math.tanh", p("arith.mulf", inner, p.number(math.sqrt(2 / math.pi))))
        return p("arith.mulf", a, p("arith.mulf", p("arith.addf", t, p.number(1.0)), p.number(0.5)))

    return b.elementwise(x, payload, data)


def leaky_relu(b, x, data, r):
    every = list(range(x.rank))
    if r.random() < 0.5:
        def payload(p, a):
            return p.select(p("arith.cmpf", "ugt", a, p.number(0.0)), a, p("arith.mulf", a, p.number(0.1)))

        return b.elementwise(x, payload, data)
    positive = bound_by_tensor(b, x, 0.0, "maximum", None, r)
    negative = bound_by_tensor(b, x, 0.0, "minimum", None, r)

    def scale(p, a):
        slope = p.raw(f"arith.truncf {b.scalar(0.1, 'f64')} : f64 to f32")
        return p("arith.mulf", a, slope)

    scaled = b.elementwise(negative, scale, None)
    return b.elementwise(positive, lambda p, a, c: p("arith.addf", a, c), data, (scaled, every))


def hard(b, x, data, r, multiplied):
    """clip(x + 3, 0, 6) / 6, times x."""
    shifted = b.elementwise(x, lambda p, a: p("arith.addf", a, p.number(3.0)), None)
    gate = clip(b, shifted, 0.0, 6.0, None, r)
    if multiplied:
        gate = b.elementwise(x, lambda p, a, g: p("arith.mulf", a, g), None, (gate, list(range(x.rank))))
    return b.elementwise(gate, lambda p, a: p("arith.divf", a, p.number(6.0)), data)


def elu(b, x, data, r):
    positive = bound_by_tensor(b, x, 0.0, "maximum", None, r)
    negative = bound_by_tensor(b, x, 0.0, "minimum", None, r)
    power = b.elementwise(negative, lambda p, a: p("arith.subf", p("math.exp", a), p.number(1.0)), None)
    return b.elementwise(positive, lambda p, a, c: p("arith.addf", a, c), data, (power, list(range(x.rank))))


def softplus(b, x, data, r):
    every = list(range(x.rank))
    soft = b.elementwise(x, lambda p, a: p("math.log1p", p("math.exp", a)), None)
    large = b.elementwise(x, lambda p, a: p("arith.cmpf", "ogt", a, p.number(20.0)), None, element="i1")
    return b.generic(
        x.shape, [(large, every), (x, every), (soft, every)], lambda p, c, a, s, out: p.select(c, a, s), data
    )


def mish(b, x, data, r):
    soft = softplus(b, x, None, r)
    gate = b.elementwise(soft, lambda p, a: p("math.tanh", a), None)
    return b.elementwise(x, lambda p, a, g: p("arith.mulf", a, g), data, (gate, list(range(x.rank))))


def square(b, x, data, r):
    def payload(p, a):
        bottom = p("arith.addf", p("math.absf", a), p.number(1.0))
        return p("arith.divf", p("arith.mulf", a, a), bottom)

    return b.elementwise(x, payload, data)


LINALG = {
    "relu": relu,
    "relu6": lambda b, x, data, r: clip(b, x, 0.0, 6.0, data, r),
    "silu": silu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "leaky_relu": leaky_relu,
    "hard_swish": lambda b, x, data, r: hard(b, x, data, r, True),
    "hard_sigmoid": lambda b, x, data, r: hard(b, x, data, r, False),
    "elu": elu,
    "tanh": lambda b, x, data, r: b.elementwise(x, lambda p, a: p("math.tanh", a), data),
    "sigmoid": lambda b, x, data, r: b.elementwise(x, sigmoid_payload, data),
    "softplus": softplus,
    "mish": mish,
    "square": square,
    "negate": lambda b, x, data, r: b.elementwise(x, lambda p, a: p("arith.negf", a), data),
    "scale": lambda b, x, data, r: b.elementwise(x, lambda p, a: p("arith.mulf", a, p.number(0.75)), data),
}


def tosa_unary(op, attributes=""):
    return lambda b, x, data, r: b.tosa(op, [(x.name, b.type_of(x))], x.shape, data, attributes)


def tosa_multiply(b, x, y, data, shape=None):
    shift = b.tosa_constant(np.zeros((1,), np.int8), "i8")
    operands = [(v.name, b.type_of(v)) for v in (x, y, shift)]
    return b.tosa("mul", operands, shape or x.shape, data)


def tosa_clamp(low, high):
    if high is None:
        high = float(np.finfo(np.float32).max)
    return tosa_unary("clamp", f" {{max_val = {high:.9e} : f32, min_val = {low:.9e} : f32}}")


def tosa_silu(b, x, data, r):
    return tosa_multiply(b, x, tosa_unary("sigmoid")(b, x, None, r), data)


def tosa_leaky_relu(b, x, data, r):
    zero = b.tosa_constant(np.zeros([1] * x.rank, np.float32))
    slope = b.tosa_constant(np.full([1] * x.rank, 0.1, np.float32))
    operands = [(x.name, b.type_of(x)), (zero.name, b.type_of(zero))]
    positive = b.tosa("maximum", operands, x.shape, None)
    negative = b.tosa("minimum", operands, x.shape, None)
    scaled = tosa_multiply(b, negative, slope, None)
    return b.tosa("add", [(v.name, b.type_of(v)) for v in (positive, scaled)], x.shape, data)


TOSA = {
    "relu": tosa_clamp(0.0, None),
    "relu6": tosa_clamp(0.0, 6.0),
    "silu": tosa_silu,
    "leaky_relu": tosa_leaky_relu,
    "tanh": tosa_unary("tanh"),
    "sigmoid": tosa_unary("sigmoid"),
}


def prelu(b, x, r):
    """A slope per channel."""
    axis = channel_axis(b, x)
    slope = r.normal(0.2, 0.1, x.shape[axis]).astype(np.float32)
    data = np.where(x.data > 0, x.data, x.data * along(slope.astype(np.float64), x.rank, axis))

    def payload(p, a, s):
        return p.select(p("arith.cmpf", "ogt", a, p.number(0.0)), a, p("arith.mulf", s, a))

    return b.elementwise(x, payload, data, (b.constant(slope), [axis]))


def channel_axis(b, x):
    return x.rank - 1 if b.channels_last or x.rank == 2 else 1
