# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights and biases, as constants and as what is computed from constants."""

import numpy as np

from generator import views
from generator.builder import Value
from generator.formulas import along


def draw_weight(r, shape, fan_in):
    return (r.normal(0, 1, shape) / np.sqrt(max(fan_in, 1))).astype(np.float32)


def weight(b, array, r):
    """A constant with the numbers of `array`, most often without detours."""
    array = np.asarray(array, np.float32)
    if r.random() < 0.75 or array.size == 1:
        return b.constant(array, resource=r.random() < 0.3)
    forms = [scaled, sum_of_two, reversed_axis, part_of_larger, transposed, from_half]
    return forms[r.choice(6, p=[0.19, 0.19, 0.19, 0.19, 0.19, 0.05])](b, array, r)


def renew(value, array):
    """The numbers as they are computed, which may differ in the last bit."""
    return Value(value.name, value.shape, np.asarray(array, np.float64))


def scaled(b, array, r):
    """Equalized learning rate: a factor."""
    source = b.constant(array)
    return b.elementwise(source, lambda p, a: p("arith.mulf", a, p.number(0.5)), array * np.float32(0.5))


def sum_of_two(b, array, r):
    """Branches that were merged, or an adapter."""
    part = (array * np.float32(0.25)).astype(np.float32)
    other = b.constant(part)
    every = list(range(array.ndim))
    return b.elementwise(
        b.constant(array), lambda p, a, c: p("arith.addf", a, c), (array + part).astype(np.float64), (other, every)
    )


def reversed_axis(b, array, r):
    """Reads by index, as the kernels of transposed convolutions."""
    axis = int(r.integers(array.ndim))
    source = b.constant(np.flip(array, axis))

    def payload(p, out):
        indices = [p.index(i) for i in range(array.ndim)]
        last = p.number(array.shape[axis] - 1, "index")
        indices[axis] = p("arith.subi", last, indices[axis], type="index")
        return p.raw(f"tensor.extract {source.name}[{', '.join(indices)}] : {b.type_of(source)}")

    return b.generic(array.shape, [], payload, array.astype(np.float64))


def from_half(b, array, r):
    """Stored in f16."""
    half = array.astype(np.float16)
    source = b.constant(half, "f16")
    every = list(range(array.ndim))
    data = half.astype(np.float64)
    return b.generic(array.shape, [(source, every)], lambda p, a, out: p("arith.extf", a, type="f16 to f32"), data)


def part_of_larger(b, array, r):
    """A chunk of a fused weight."""
    whole = b.constant(np.concatenate([array, array[::-1]], 0))
    at = int(r.integers(2)) * array.shape[0]
    offsets = [at] + [0] * (array.ndim - 1)
    name = b.emit(
        f"tensor.extract_slice {whole.name}[{', '.join(map(str, offsets))}] [{', '.join(map(str, array.shape))}] "
        f"[{', '.join('1' for _ in offsets)}] : {b.type_of(whole)} to {b.type(array.shape)}"
    )
    data = array[::-1] if at else array
    return Value(name, array.shape, data.astype(np.float64))


def transposed(b, array, r):
    order = [int(i) for i in r.permutation(array.ndim)]
    source = b.constant(array.transpose(np.argsort(order)))
    type = b.type(array.shape)
    name = b.emit(
        f"linalg.transpose ins({source.name} : {b.type_of(source)}) outs({b.empty(array.shape)} : {type}) permutation = {order}"
    )
    return Value(name, array.shape, array.astype(np.float64))


# Biases


def draw_bias(r, size):
    return r.normal(0, 0.5, size).astype(np.float32)


def initial_bias(b, shape, axis, r):
    """What a product starts from, with its numbers: zeros, or a bias along `axis`.

    `shape` is that of the result; the numbers broadcast against it.
    """
    form = r.random()
    if form < 0.4:
        return b.fill(shape, 0.0), np.zeros([1] * len(shape))
    if form < 0.45:
        return b.fill(shape, 0.375), np.full([1] * len(shape), 0.375)
    if form < 0.52:
        axis = draw_other_axis(shape, r)
    bias = draw_bias(r, shape[axis])
    numbers = along(bias.astype(np.float64), len(shape), axis)
    constant = b.constant(bias)
    if form < 0.8:
        others = [d for d in range(len(shape)) if d != axis]
        type = b.type(shape)
        return (
            b.emit(
                f"linalg.broadcast ins({constant.name} : {b.type_of(constant)}) outs({b.empty(shape)} : {type}) "
                f"dimensions = {others}"
            ),
            numbers,
        )
    if form < 0.88:
        return b.generic(shape, [(constant, [axis])], lambda p, a, out: p("arith.negf", a)).name, -numbers
    return b.generic(shape, [(constant, [axis])], lambda p, a, out: a).name, numbers


def draw_other_axis(shape, r):
    return int(r.integers(1, len(shape)))


def add_bias(b, y, axis, r):
    """A bias behind a product: none, along the channels or, rarely, along another axis."""
    form = r.random()
    if form < 0.6:
        return y
    if form > 0.95:
        axis = draw_other_axis(y.shape, r)
    if y.shape[axis] < 0:
        return y
    bias = draw_bias(r, y.shape[axis])
    numbers = along(bias.astype(np.float64), y.rank, axis)
    if b.frontend == "tosa" and b.batch is not None:
        constant = b.tosa_constant(along(bias, y.rank, axis))
        operands = [(v.name, b.type_of(v)) for v in (y, constant)]
        return b.tosa("add", operands, y.shape, y.data + numbers)
    constant, place = b.constant(bias), [axis]
    if form > 0.75:  # [C, 1, 1] as torch-mlir broadcasts
        tail = y.rank - axis - 1
        constant = views.view(b, constant, [bias.size] + [1] * tail)
        place = [axis] + ["0"] * tail
    if form > 0.9:
        return b.elementwise(y, lambda p, a, c: p("arith.subf", a, c), y.data - numbers, (constant, place))
    order = (lambda p, a, c: p("arith.addf", a, c)) if r.random() < 0.5 else (lambda p, a, c: p("arith.addf", c, a))
    return b.elementwise(y, order, y.data + numbers, (constant, place))
