# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Batch norm with statistics, in the spellings of the frontends."""

import numpy as np

from generator import views
from generator.activations import channel_axis, tosa_multiply
from generator.builder import Value
from generator.formulas import along

EPSILON = 1e-5


class Parameters:
    """Statistics and affine parameters; gamma and beta may be missing."""

    def __init__(self, size, r):
        self.mean = r.normal(0, 0.5, size).astype(np.float32)
        self.variance = r.uniform(0.3, 2, size).astype(np.float32)
        self.gamma = r.normal(1, 0.4, size).astype(np.float32) if r.random() < 0.9 else None
        self.beta = r.normal(0, 0.4, size).astype(np.float32) if r.random() < 0.9 else None

    def apply(self, x, axis):
        def spread(vector):
            return along(vector.astype(np.float64), x.ndim, axis)

        y = (x - spread(self.mean)) / np.sqrt(spread(self.variance) + EPSILON)
        y = y * spread(self.gamma) if self.gamma is not None else y
        return y + spread(self.beta) if self.beta is not None else y


def batch_norm(b, x, r):
    """Over the channels; now and then over another axis."""
    axis = channel_axis(b, x) if r.random() < 0.85 else int(r.integers(1, x.rank))
    parameters = Parameters(x.shape[axis], r)
    data = parameters.apply(x.data, axis)
    if b.frontend == "tosa" and b.batch is not None:
        return tosa_norm(b, x, axis, parameters, data)
    forms = [decomposed, plain, in_one, folded]
    return forms[r.choice(4, p=[0.4, 0.25, 0.2, 0.15])](b, x, axis, parameters, data, r)


def add_epsilon(p, a):
    return p("arith.addf", a, p.raw(f"arith.truncf {p.builder.scalar(EPSILON, 'f64')} : f64 to f32"))


def apply_steps(b, x, steps, data):
    """Operations of `x` and one parameter each: (operation, parameter, place)."""
    for op, parameter, place in steps:
        x = b.elementwise(x, lambda p, a, c, op=op: p(op, a, c), None, (parameter, place))
    return Value(x.name, x.shape, data)


def decomposed(b, x, axis, parameters, data, r):
    """torch-mlir's default: statistics of [C], with an assertion, then [C, 1, 1]."""
    size = x.shape[axis]
    variance = b.constant(parameters.variance, resource=r.random() < 0.3)
    shifted = b.elementwise(variance, add_epsilon, None)
    root = b.elementwise(shifted, lambda p, a: p("math.sqrt", a), None)

    def invert(p, a):
        proper = p("arith.cmpf", "one", a, p.number(0.0))
        p.lines.append(f'cf.assert {proper}, "unimplemented: tensor with zero element"')
        return p("arith.divf", p.number(1.0), a)

    inverse = b.elementwise(root, invert, None)
    tail = x.rank - axis - 1

    def spread(vector):
        value = vector if isinstance(vector, Value) else b.constant(vector)
        return views.view(b, value, [size] + [1] * tail) if tail else value

    place = [axis] + ["0"] * tail
    steps = [("arith.subf", spread(parameters.mean), place), ("arith.mulf", spread(inverse), place)]
    if parameters.gamma is not None:
        steps.append(("arith.mulf", spread(parameters.gamma), place))
    if parameters.beta is not None:
        steps.append(("arith.addf", spread(parameters.beta), place))
    return apply_steps(b, x, steps, data)


def plain(b, x, axis, parameters, data, r):
    """torch-mlir without decomposition: [1, C, 1, 1] and rsqrt."""
    shape = [1] * x.rank
    shape[axis] = x.shape[axis]
    place = [i if i == axis else "0" for i in range(x.rank)]

    def spread(vector):
        return views.view(b, b.constant(vector), shape)

    shifted = b.elementwise(spread(parameters.variance), add_epsilon, None)
    inverse = b.elementwise(shifted, lambda p, a: p("math.rsqrt", a), None)
    steps = [("arith.subf", spread(parameters.mean), place), ("arith.mulf", inverse, place)]
    if parameters.gamma is not None:
        steps.append(("arith.mulf", spread(parameters.gamma), place))
    if parameters.beta is not None:
        steps.append(("arith.addf", spread(parameters.beta), place))
    return apply_steps(b, x, steps, data)


def in_one(b, x, axis, parameters, data, r):
    """One operation, as ONNX importers and fusions write it."""
    names = ["mean", "variance"] + [n for n in ("gamma", "beta") if getattr(parameters, n) is not None]
    others = [(b.constant(getattr(parameters, n)), [axis]) for n in names]
    divides = r.random() < 0.5

    def payload(p, a, *values):
        given = dict(zip(names, values))
        y = p("arith.subf", a, given["mean"])
        shifted = p("arith.addf", given["variance"], p.number(EPSILON))
        if divides:
            y = p("arith.divf", y, p("math.sqrt", shifted))
        else:
            y = p("arith.mulf", y, p("math.rsqrt", shifted))
        y = p("arith.mulf", y, given["gamma"]) if "gamma" in given else y
        return p("arith.addf", y, given["beta"]) if "beta" in given else y

    return b.elementwise(x, payload, data, *others)


def folded(b, x, axis, parameters, data, r):
    """x * scale + shift, as exporters fold it; there are no statistics."""
    gamma = parameters.gamma if parameters.gamma is not None else 1.0
    beta = parameters.beta if parameters.beta is not None else 0.0
    scale = (gamma / np.sqrt(parameters.variance.astype(np.float64) + EPSILON)).astype(np.float32)
    shift = (beta - parameters.mean.astype(np.float64) * scale).astype(np.float32)
    steps = [("arith.mulf", b.constant(scale), [axis]), ("arith.addf", b.constant(shift), [axis])]
    return apply_steps(b, x, steps, data)


def tosa_norm(b, x, axis, parameters, data):
    shape = [1] * x.rank
    shape[axis] = x.shape[axis]

    def constant(vector):
        return b.tosa_constant(np.reshape(vector, shape))

    def binary(op, first, second, to, numbers=None):
        return b.tosa(op, [(v.name, b.type_of(v)) for v in (first, second)], to, numbers)

    epsilon = b.tosa_constant(np.full((1,), EPSILON, np.float32))
    half = b.tosa_constant(np.full((1,), 0.5, np.float32))
    variance = b.tosa_constant(parameters.variance)
    root = binary("pow", binary("add", epsilon, variance, variance.shape), half, variance.shape)
    inverse = b.tosa("reciprocal", [(root.name, b.type_of(root))], root.shape, None)
    y = binary("sub", x, constant(parameters.mean), x.shape)
    y = tosa_multiply(b, y, views.view(b, inverse, shape), None)
    if parameters.gamma is not None:
        y = tosa_multiply(b, y, constant(parameters.gamma), None)
    if parameters.beta is not None:
        y = binary("add", y, constant(parameters.beta), x.shape)
    return Value(y.name, y.shape, data)
