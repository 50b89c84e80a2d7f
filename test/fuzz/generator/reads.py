# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads by index: `tensor.extract` at positions that are computed or stored."""

import numpy as np

from generator import views
from generator.builder import Value


def gather(b, x, shape, axis, position, data, r):
    """`tensor.extract` of x at the own indices, and at `position(p, index)` along `axis`.

    The index of the sample is the loop's, a constant where the batch is one (as frontends
    export it), or read from a tensor of indices.
    """

    def payload(p, *out):
        indices = [p.index(i) for i in range(x.rank)]
        if b.batch == 1 and r.random() < 0.7:
            indices[0] = p.number(0, "index")
        indices[axis] = position(p, indices[axis])
        return p.raw(f"tensor.extract {x.name}[{', '.join(indices)}] : {b.type_of(x)}")

    return b.generic(shape, [], payload, data)


def flip(b, x, r):
    axis = int(r.integers(1, x.rank))
    last = x.shape[axis] - 1
    data = np.flip(x.data, axis)
    return gather(
        b, x, x.shape, axis, lambda p, i: p("arith.subi", p.number(last, "index"), i, type="index"), data, r
    )


def select(b, x, r):
    """x[:, indices], with indices in a constant, as torch-mlir writes it."""
    axis = int(r.integers(1, x.rank))
    indices = r.integers(0, x.shape[axis], int(r.integers(1, 5))).astype(np.int64)
    shape = [len(indices) if i == axis else d for i, d in enumerate(x.shape)]
    data = np.take(x.data, indices, axis)
    table = b.constant(indices, "i64")

    def iota(size, place):
        """0, 1, ... in dimension `place` of a tensor that broadcasts."""
        if size < 0 and b.batch == 1 and r.random() < 0.5:
            zero = b.constant(np.zeros((1,), np.int64), "i64")
            return Value(zero.name, [size], None, "i64")
        def payload(p, out):
            return p.raw(f"arith.index_cast {p.index(0)} : index to i64")
        return b.generic([size], [], payload, element="i64")

    inputs = []
    for i in range(x.rank):
        value = table if i == axis else iota(x.shape[i], i)
        tail = x.rank - i - 1
        inputs.append((views.view(b, value, [value.shape[0]] + [1] * tail), [i] + ["0"] * tail))

    def payload(p, *operands):
        places = []
        for i, index in enumerate(operands[:-1]):
            size = p.number(max(x.shape[i], 1), "i64")
            if x.shape[i] < 0 and b.batch is not None:
                size = p.number(-x.shape[i] * b.batch, "i64")
            below = p("arith.cmpi", "slt", index, p.number(0, "i64"), type="i64")
            wrapped = p.select(below, p("arith.addi", index, size, type="i64"), index, type="i64")
            places.append(p.raw(f"arith.index_cast {wrapped} : i64 to index"))
        return p.raw(f"tensor.extract {x.name}[{', '.join(places)}] : {b.type_of(x)}")

    return b.generic(shape, inputs, payload, data)


def upsample(b, x, r):
    """Nearest neighbours, each dimension twice as large, by floating point positions."""
    if x.rank not in (3, 4) or views.product(x.shape[1:]) > 200:
        return None
    spatial = range(1, x.rank - 1) if b.channels_last else range(2, x.rank)
    shape = [2 * d if i in spatial else d for i, d in enumerate(x.shape)]
    data = x.data
    for i in spatial:
        data = np.repeat(data, 2, i)

    def payload(p, out):
        indices = [p.index(i) for i in range(x.rank)]
        if b.batch == 1 and r.random() < 0.5:
            indices[0] = p.number(0, "index")
        for i in spatial:
            number = p.raw(f"arith.index_cast {indices[i]} : index to i64")
            number = p.raw(f"arith.sitofp {number} : i64 to f32")
            number = p("math.floor", p("arith.divf", number, p.number(2.0)))
            number = p("arith.minimumf", p("arith.maximumf", number, p.number(0.0)), p.number(x.shape[i] - 1))
            number = p.raw(f"arith.fptosi {number} : f32 to i64")
            indices[i] = p.raw(f"arith.index_cast {number} : i64 to index")
        return p.raw(f"tensor.extract {x.name}[{', '.join(indices)}] : {b.type_of(x)}")

    return b.generic(shape, [], payload, data)


def interpolate(b, x, r):
    """Bilinear up-sampling to any size, as one operation with four reads."""
    if b.channels_last or x.rank != 4 or views.product(x.shape[1:]) > 200:
        return None
    sizes = [int(r.integers(1, 2 * n + 2)) for n in x.shape[2:]]
    aligned = bool(r.random() < 0.4)
    shape = [*x.shape[:2], *sizes]
    tables = [interpolation_table(n, m, aligned) for n, m in zip(x.shape[2:], sizes)]
    data = x.data
    for axis, (low, high, part) in zip((2, 3), tables):
        spread = part.reshape([-1 if i == axis else 1 for i in range(4)])
        data = np.take(data, low, axis) * (1 - spread) + np.take(data, high, axis) * spread

    def position(p, loop, n, m):
        number = p.raw(f"arith.index_cast {p.index(loop)} : index to i64")
        number = p.raw(f"arith.sitofp {number} : i64 to f32")
        if aligned:
            number = p("arith.mulf", number, p.number((n - 1) / (m - 1) if m > 1 else 0.0))
        else:
            number = p("arith.addf", number, p.number(0.5))
            number = p("arith.mulf", number, p.number(n / m))
            number = p("arith.subf", number, p.number(0.5))
            number = p("arith.maximumf", number, p.number(0.0))
        low = p("math.floor", number)
        part = p("arith.subf", number, low)
        low = p("arith.minimumf", low, p.number(n - 1))
        high = p("arith.minimumf", p("arith.addf", low, p.number(1.0)), p.number(n - 1))
        indices = []
        for value in (low, high):
            integer = p.raw(f"arith.fptosi {value} : f32 to i64")
            indices.append(p.raw(f"arith.index_cast {integer} : i64 to index"))
        return indices, part

    constant_sample = b.batch == 1 and r.random() < 0.5

    def payload(p, out):
        sample = p.number(0, "index") if constant_sample else p.index(0)
        channel = p.index(1)
        (rows, down), (columns, right) = (position(p, 2 + i, x.shape[2 + i], sizes[i]) for i in range(2))

        def read(i, j):
            return p.raw(f"tensor.extract {x.name}[{sample}, {channel}, {rows[i]}, {columns[j]}] : {b.type_of(x)}")

        def mix(first, second, part):
            rest = p("arith.subf", p.number(1.0), part)
            return p("arith.addf", p("arith.mulf", first, rest), p("arith.mulf", second, part))

        return mix(*(mix(read(i, 0), read(i, 1), right) for i in range(2)), down)

    return b.generic(shape, [], payload, data)


def interpolation_table(n, m, aligned):
    """Positions of both neighbours and the part of the second, in f32 as the network computes them."""
    one = np.float32
    place = np.arange(m, dtype=one)
    if aligned:
        place = place * one((n - 1) / (m - 1) if m > 1 else 0.0)
    else:
        place = np.maximum((place + one(0.5)) * one(n / m) - one(0.5), one(0))
    low = np.floor(place)
    part = (place - low).astype(np.float64)
    low = np.minimum(low.astype(int), n - 1)
    return low, np.minimum(low + 1, n - 1), part


def reflect(b, x, r):
    """A reflection in front and behind: the distance to an end, twice."""
    axis = int(r.integers(1, x.rank))
    n = x.shape[axis]
    if n < 2:
        return None
    low, high = int(r.integers(0, min(3, n))), int(r.integers(0, min(3, n)))
    shape = [d + low + high if i == axis else d for i, d in enumerate(x.shape)]
    data = np.pad(x.data, [(low, high) if i == axis else (0, 0) for i in range(x.rank)], mode="reflect")

    def position(p, index):
        number = p.raw(f"arith.index_cast {index} : index to i64")
        number = p.raw(f"math.absi {p('arith.subi', number, p.number(low, 'i64'), type='i64')} : i64")
        number = p("arith.subi", p.number(n - 1, "i64"), number, type="i64")
        number = p.raw(f"math.absi {number} : i64")
        number = p("arith.subi", p.number(n - 1, "i64"), number, type="i64")
        return p.raw(f"arith.index_cast {number} : i64 to index")

    return gather(b, x, shape, axis, position, data, r)


def adaptive_pool(b, x, r):
    """Means over windows of uneven places: reads at start + offset, masked, summed, divided.

    As torch-mlir writes it where the sizes do not divide; windows have the largest size.
    """
    if b.channels_last or x.rank != 3:
        return None
    n = x.shape[2]
    m = int(r.integers(1, n + 1))
    starts = [i * n // m for i in range(m)]
    ends = [-(-(i + 1) * n // m) for i in range(m)]
    largest = max(e - s for s, e in zip(starts, ends))
    counts = np.array([e - s for s, e in zip(starts, ends)])
    data = np.stack([x.data[:, :, s:e].mean(2) for s, e in zip(starts, ends)], 2)
    table = np.minimum(np.array(starts)[:, None] + np.arange(largest), n - 1)
    mask = np.arange(largest)[None] < counts[:, None]
    places, weights = b.constant(table.astype(np.int64), "i64"), b.constant(mask.astype(np.float32))
    wide = [*x.shape[:2], m, largest]
    constant_sample = b.batch == 1 and r.random() < 0.5

    def payload(p, place, weight, out):
        sample = p.number(0, "index") if constant_sample else p.index(0)
        index = p.raw(f"arith.index_cast {place} : i64 to index")
        value = p.raw(f"tensor.extract {x.name}[{sample}, {p.index(1)}, {index}] : {b.type_of(x)}")
        return p("arith.mulf", value, weight)

    parts = b.generic(wide, [(places, [2, 3]), (weights, [2, 3])], payload, None)
    total = b.generic(
        [*x.shape[:2], m], [(parts, [0, 1, 2, 3])], lambda p, a, out: p("arith.addf", a, out), None, 4, [0, 1, 2], [3],
        b.fill([*x.shape[:2], m], 0.0),
    )
    divisor = b.constant(counts.astype(np.float32))
    return b.elementwise(total, lambda p, a, c: p("arith.divf", a, c), data, (divisor, [2]))
