# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a network as MLIR text; each value has its numbers beside its name.

A dimension -k is k times the batch, whatever that is in the text (1, n or `?`). The
numbers are float64 of all samples; layers compute them by their own formulas, not from
the text.
"""

import numpy as np


class Value:
    """A tensor of the network: SSA name, symbolic shape, element type, numbers."""

    def __init__(self, name, shape, data, element="f32"):
        self.name, self.shape, self.data, self.element = name, tuple(shape), data, element

    @property
    def rank(self):
        return len(self.shape)


class Payload:
    """The scalar operations inside of a `linalg.generic`."""

    def __init__(self, builder):
        self.builder, self.lines = builder, []

    def __call__(self, op, *operands, type="f32", attributes=""):
        name = f"%p{self.builder.next_number()}"
        self.lines.append(f"{name} = {op}{attributes} {', '.join(operands)} : {type}")
        return name

    def number(self, value, type="f32"):
        return self.builder.scalar(value, type)

    def index(self, loop):
        name = f"%p{self.builder.next_number()}"
        self.lines.append(f"{name} = linalg.index {loop} : index")
        return name

    def raw(self, text):
        name = f"%p{self.builder.next_number()}"
        self.lines.append(f"{name} = {text}")
        return name

    def maximum(self, x, bound, r):
        """max(x, bound) as one of the frontends writes it."""
        form = r.integers(4)
        if form == 0:
            return self("arith.maximumf", x, bound)
        if form == 1:
            return self.select(self("arith.cmpf", "ugt", x, bound), x, bound)
        if form == 2:
            return self.select(self("arith.cmpf", "ult", x, bound), bound, x)
        return self.select(self("arith.cmpf", "ogt", x, bound), x, bound)

    def minimum(self, x, bound, r):
        form = r.integers(3)
        if form == 0:
            return self("arith.minimumf", x, bound)
        if form == 1:
            return self.select(self("arith.cmpf", "ugt", x, bound), bound, x)
        return self.select(self("arith.cmpf", "olt", x, bound), x, bound)

    def select(self, condition, x, y, type="f32"):
        return self("arith.select", condition, x, y, type=type)


def spell_map(loops, results):
    """`affine_map<(d0, d1) -> (d1)>` of loop numbers and expressions."""
    inside = ", ".join(f"d{e}" if isinstance(e, (int, np.integer)) else e for e in results)
    return f"affine_map<({', '.join(f'd{i}' for i in range(loops))}) -> ({inside})>"


class Builder:
    """Collects the operations of one function.

    Args:
        batch: the batch in the text; None leaves it open (`?`).
        samples: the number of samples in the values.
        frontend: "linalg" or "tosa".
        channels_last: layers take the last dimension for the channels.
    """

    def __init__(self, batch, samples, frontend="linalg", channels_last=False):
        self.batch, self.samples = batch, samples
        self.frontend, self.channels_last = frontend, channels_last
        self.head, self.lines, self.resources = [], [], []
        self.number, self.known = 0, {}

    def next_number(self):
        self.number += 1
        return self.number

    def emit(self, text, results=1):
        name = f"%v{self.next_number()}"
        self.lines.append(f"{name}{f':{results}' if results > 1 else ''} = {text}")
        return name

    def once(self, text):
        """An operation without operands, shared by all that need it."""
        if text not in self.known:
            self.known[text] = f"%c{len(self.known)}"
            self.head.append(f"{self.known[text]} = {text}")
        return self.known[text]

    # Shapes

    def type(self, shape, element="f32"):
        def spell(dim):
            return str(dim) if dim >= 0 else "?" if self.batch is None else str(-dim * self.batch)

        return f"tensor<{''.join(spell(d) + 'x' for d in shape)}{element}>"

    def type_of(self, value):
        return self.type(value.shape, value.element)

    def count(self, shape):
        """The shape of the numbers."""
        return tuple(d if d >= 0 else -d * self.samples for d in shape)

    def size(self, dim):
        """The SSA name of a dynamic size."""
        if ("size", dim) not in self.known:
            batch = self.known.get(("size", -1))
            if batch is None:
                zero = self.once("arith.constant 0 : index")
                batch = self.known[("size", -1)] = "%batch"
                self.head.append(f"%batch = tensor.dim %x, {zero} : {self.input_type}")
            if dim != -1:
                self.known[("size", dim)] = f"%batch{-dim}"
                factor = self.once(f"arith.constant {-dim} : index")
                self.head.append(f"%batch{-dim} = arith.muli {batch}, {factor} : index")
        return self.known[("size", dim)]

    def sizes(self, shape):
        """Sizes as `tensor.expand_shape` and `tensor.extract_slice` take them."""
        if self.batch is not None:
            return ", ".join(str(d if d >= 0 else -d * self.batch) for d in shape)
        return ", ".join(str(d) if d >= 0 else self.size(d) for d in shape)

    # Constants

    def scalar(self, value, type="f32"):
        if type in ("index", "i64", "i32"):
            return self.once(f"arith.constant {int(value)} : {type}")
        bits = np.float32(value).view(np.uint32) if type == "f32" else np.float64(value).view(np.uint64)
        return self.once(f"arith.constant 0x{bits:0{8 if type == 'f32' else 16}X} : {type}")

    def elements(self, array, element="f32"):
        """`dense<...>` with the bits of the numbers."""
        kinds = {"f32": np.float32, "f64": np.float64, "i64": np.int64, "i32": np.int32, "i8": np.int8, "f16": np.float16}
        array = np.asarray(array, kinds[element], order="C")
        type = self.type(array.shape, element)
        if array.size and (array.size == 1 or (array == array.flat[0]).all()):
            return f'dense<"0x{array.flat[:1].tobytes().hex().upper()}"> : {type}'
        return f'dense<"0x{array.tobytes().hex().upper()}"> : {type}'

    def constant(self, array, element="f32", resource=False):
        array = np.asarray(array, np.float32 if element == "f32" else None)
        if resource and array.size > 1 and element == "f32":
            key = f"weights_{len(self.resources)}"
            self.resources.append(f'{key}: "0x04000000{array.tobytes().hex().upper()}"')
            name = self.emit(f"arith.constant dense_resource<{key}> : {self.type(array.shape)}")
        else:
            name = self.emit(f"arith.constant {self.elements(array, element)}")
        return Value(name, array.shape, array.astype(np.float64), element)

    def tosa_constant(self, array, element="f32"):
        array = np.asarray(array)
        type = self.type(array.shape, element)
        name = self.emit(f'"tosa.const"() <{{values = {self.elements(array, element)}}}> : () -> {type}')
        return Value(name, array.shape, np.asarray(array, np.float64), element)

    def tosa_shape(self, numbers):
        numbers = list(numbers)
        return self.once(
            f"tosa.const_shape {{values = dense<{numbers}> : tensor<{len(numbers)}xindex>}} : () -> !tosa.shape<{len(numbers)}>"
        )

    def tosa(self, op, operands, shape, data, attributes="", element="f32"):
        types = ", ".join(t for _, t in operands)
        names = ", ".join(n for n, _ in operands)
        name = self.emit(f"tosa.{op} {names}{attributes} : ({types}) -> {self.type(shape, element)}")
        return Value(name, shape, data, element)

    # Structured operations

    def empty(self, shape, element="f32"):
        dynamic = [self.size(d) for d in shape if d < 0] if self.batch is None else []
        return self.emit(f"tensor.empty({', '.join(dynamic)}) : {self.type(shape, element)}")

    def fill(self, shape, value, element="f32"):
        type = self.type(shape, element)
        scalar = self.scalar(value, element)
        return self.emit(
            f"linalg.fill ins({scalar} : {element}) outs({self.empty(shape, element)} : {type}) -> {type}"
        )

    def generic(self, shape, inputs, payload, data=None, loops=None, out=None, reductions=(), init=None, element="f32"):
        """`linalg.generic`; `inputs` are pairs of a value and the results of its map.

        `payload(p, *inputs, out)` gives the scalar that is yielded. Without `init` the
        result starts from `tensor.empty`.
        """
        loops = len(shape) if loops is None else loops
        maps = [spell_map(loops, results) for _, results in inputs]
        maps.append(spell_map(loops, range(loops) if out is None else out))
        kinds = ", ".join('"reduction"' if i in reductions else '"parallel"' for i in range(loops))
        type = self.type(shape, element)
        init = init or self.empty(shape, element)
        p = Payload(self)
        names = [f"%a{self.next_number()}" for _ in inputs] + [f"%a{self.next_number()}"]
        result = payload(p, *names)
        arguments = [f"{n}: {v.element}" for n, (v, _) in zip(names, inputs)] + [f"{names[-1]}: {element}"]
        ins = ""
        if inputs:
            ins = f"ins({', '.join(v.name for v, _ in inputs)} : {', '.join(self.type_of(v) for v, _ in inputs)}) "
        body = "".join(f"      {line}\n" for line in [*p.lines, f"linalg.yield {result} : {element}"])
        name = self.emit(
            f"linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = [{kinds}]}} {ins}"
            f"outs({init} : {type}) {{\n    ^bb0({', '.join(arguments)}):\n{body}    }} -> {type}"
        )
        return Value(name, shape, data, element)

    def elementwise(self, x, payload, data, *others, element="f32"):
        """A payload on every element of `x`; `others` are pairs as for `generic`."""
        every = list(range(x.rank))
        return self.generic(x.shape, [(x, every), *others], lambda p, *a: payload(p, *a[:-1]), data, element=element)

    def finish(self, output):
        """The module's text."""
        body = "".join(f"    {line}\n" for line in [*self.head, *self.lines])
        tail = ""
        if self.resources:
            entries = ",\n".join(f"      {line}" for line in self.resources)
            tail = f"\n{{-#\n  dialect_resources: {{\n    builtin: {{\n{entries}\n    }}\n  }}\n#-}}\n"
        result = self.type_of(output)
        return (
            f"module {{\n  func.func @main(%x: {self.input_type}) -> {result} {{\n{body}"
            f"    return {output.name} : {result}\n  }}\n}}\n{tail}"
        )

    def input(self, shape, data):
        self.input_type = self.type(shape)
        return Value("%x", shape, data)
