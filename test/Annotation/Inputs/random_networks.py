"""Random small networks: annotated and not yet calibrated, both bodies of every
region compute what the network computes.

Usage: random_networks.py PDQ_OPT PDQ_RUN [COUNT] [FIRST_SEED] [KEEP_DIRECTORY]

A network is a chain of layers (convolutions in both layouts, grouped, depthwise
and transposed ones, matrix products in every spelling), biases, batch norms over
any dimension, views, transposes and activation functions. Weights may be
computed. Each network is run as it is, and after --pdq-annotate with --mode=float
and --mode=quantized; quantizers without scales are the identity. The last line is
`N networks, 0 differ`. Only Python's own library is needed.
"""

import os
import random
import struct
import subprocess
import sys
import tempfile

BATCH = 2


def write_npy(path, shape, values):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }" % (tuple(shape),)
    head += " " * (63 - (len(head) + 10) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        file.write(struct.pack("<%df" % len(values), *values))


def read_npy(path):
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<H", data[8:10])[0]
    body = data[10 + size:]
    return struct.unpack("<%df" % (len(body) // 4), body)


def product(sizes):
    result = 1
    for size in sizes:
        result *= size
    return result


class Network:
    """Writes one network; `value` and `shape` are what has been computed."""

    def __init__(self, seed, half=True):
        """Without `half`, weights stored in f16 are written as the same numbers in
        f32, which runs as it is."""
        self.random = random.Random(seed)
        self.half = half
        self.lines = []
        self.count = 0
        self.norms = 0

    # -- text ---------------------------------------------------------------

    def name(self):
        self.count += 1
        return "%%v%d" % self.count

    def add(self, text):
        name = self.name()
        self.lines.append("  %s = %s" % (name, text))
        return name

    @staticmethod
    def type(shape):
        return "tensor<%s>" % "x".join([str(size) for size in shape] + ["f32"])

    def floats(self, shape, low=-1.0, high=1.0):
        return self.constant(shape, [self.random.uniform(low, high) for _ in range(product(shape))])

    def constant(self, shape, values):
        text = '"0x%s"' % struct.pack("<%df" % len(values), *values).hex().upper()
        if len(values) == 1:
            text = "%.9e" % values[0]
        return self.add("arith.constant dense<%s> : %s" % (text, self.type(shape)))

    def empty(self, shape):
        return self.add("tensor.empty() : %s" % self.type(shape))

    def zeros(self, shape):
        zero = self.add("arith.constant 0.0 : f32")
        return self.add("linalg.fill ins(%s : f32) outs(%s : %s) -> %s" % (
            zero, self.empty(shape), self.type(shape), self.type(shape)))

    def generic(self, inputs, maps, shape, payload, loops=None, init=None, iterators=None):
        """`inputs` are (value, shape); maps are texts of results; payload gets the
        arguments' names and returns lines with the yielded name last."""
        loops = loops or len(shape)
        dims = ", ".join("d%d" % i for i in range(loops))
        all_maps = ", ".join("affine_map<(%s) -> (%s)>" % (dims, m) for m in maps)
        kinds = ", ".join('"%s"' % k for k in (iterators or ["parallel"] * loops))
        arguments = ["%%a%d" % i for i in range(len(inputs))]
        lines = payload(arguments)
        out = init or self.empty(shape)
        block = ", ".join("%s: f32" % a for a in arguments + ["%o"])
        body = "".join("    %s\n" % line for line in lines[:-1])
        return self.add(
            "linalg.generic {indexing_maps = [%s], iterator_types = [%s]} ins(%s : %s) outs(%s : %s) {\n"
            "  ^bb0(%s):\n%s    linalg.yield %s : f32\n  } -> %s" % (
                all_maps, kinds, ", ".join(v for v, _ in inputs),
                ", ".join(self.type(s) for _, s in inputs), out, self.type(shape),
                block, body, lines[-1], self.type(shape)))

    @staticmethod
    def identity(rank):
        return ", ".join("d%d" % i for i in range(rank))

    # -- weights and biases --------------------------------------------------

    def weight(self, shape):
        """A constant, behind views or computations."""
        kind = self.random.choice(["plain"] * 4 + ["scaled", "sum", "standard", "slice",
                                                   "transposed", "view", "product", "half"])
        every = self.identity(len(shape))
        if kind == "scaled":
            w = self.floats(shape)
            return self.generic([(w, shape)], [every, every], shape, lambda a: [
                "%h = arith.constant 0.5 : f32", "%r = arith.mulf " + a[0] + ", %h : f32", "%r"])
        if kind == "sum":
            parts = [(self.floats(shape), shape) for _ in range(2)]
            return self.generic(parts, [every] * 3, shape, lambda a: [
                "%%r = arith.addf %s, %s : f32" % (a[0], a[1]), "%r"])
        if kind == "standard" and len(shape) > 1:
            w = self.floats(shape)
            kinds = ["parallel"] + ["reduction"] * (len(shape) - 1)
            total = self.generic([(w, shape)], [every, "d0"], [shape[0]], lambda a: [
                "%%r = arith.addf %s, %%o : f32" % a[0], "%r"], loops=len(shape),
                init=self.zeros([shape[0]]), iterators=kinds)
            return self.generic([(w, shape), (total, [shape[0]])], [every, "d0", every], shape,
                                lambda a: ["%%n = arith.constant %e : f32" % product(shape[1:]),
                                           "%%m = arith.divf %s, %%n : f32" % a[1],
                                           "%%r = arith.subf %s, %%m : f32" % a[0], "%r"])
        if kind == "slice":
            whole = [2 * shape[0]] + shape[1:]
            zeros, ones = ["0"] * len(shape), ["1"] * len(shape)
            first = self.random.choice([0, shape[0]])
            return self.add("tensor.extract_slice %s[%s] [%s] [%s] : %s to %s" % (
                self.floats(whole), ", ".join([str(first)] + zeros[1:]),
                ", ".join(map(str, shape)), ", ".join(ones), self.type(whole), self.type(shape)))
        if kind == "transposed":
            order = list(range(len(shape)))
            self.random.shuffle(order)
            source = [0] * len(shape)
            for place, dim in enumerate(order):
                source[dim] = shape[place]
            return self.transpose(self.floats(source), source, order)[0]
        if kind == "view" and len(shape) > 1:
            flat = [product(shape)]
            return self.add("tensor.expand_shape %s [[%s]] output_shape [%s] : %s into %s" % (
                self.floats(flat), ", ".join(map(str, range(len(shape)))),
                ", ".join(map(str, shape)), self.type(flat), self.type(shape)))
        if kind == "product" and len(shape) == 2:
            a, b = [shape[0], 2], [2, shape[1]]
            return self.add("linalg.matmul ins(%s, %s : %s, %s) outs(%s : %s) -> %s" % (
                self.floats(a), self.floats(b), self.type(a), self.type(b), self.zeros(shape),
                self.type(shape), self.type(shape)))
        if kind == "half":
            half = self.type(shape).replace("f32", "f16")
            numbers = [self.random.randint(-512, 512) / 512 for _ in range(product(shape))]
            if not self.half:
                return self.constant(shape, numbers)
            text = "%e" % numbers[0] if len(numbers) == 1 else '"0x%s"' % struct.pack(
                "<%de" % len(numbers), *numbers).hex().upper()
            w = self.add("arith.constant dense<%s> : %s" % (text, half))
            return self.add(
                "linalg.generic {indexing_maps = [affine_map<(%s) -> (%s)>, affine_map<(%s) -> (%s)>], "
                "iterator_types = [%s]} ins(%s : %s) outs(%s : %s) {\n  ^bb0(%%a: f16, %%o: f32):\n"
                "    %%r = arith.extf %%a : f16 to f32\n    linalg.yield %%r : f32\n  } -> %s" % (
                    every, every, every, every, ", ".join(['"parallel"'] * len(shape)), w, half,
                    self.empty(shape), self.type(shape), self.type(shape)))
        return self.floats(shape)

    def initial(self, shape, channels):
        """What a layer adds to: zeros, a bias, or something that only looks like
        one."""
        kind = self.random.choice(["zeros"] * 4 + ["bias"] * 4 + ["named", "negated", "other"])
        if kind == "zeros":
            return self.zeros(shape)
        dims = list(channels)
        if kind == "other":
            dims = [self.random.choice(range(1, len(shape)))]
        sizes = [shape[d] for d in dims]
        bias = self.floats(sizes)
        if kind == "named":
            others = ", ".join(str(d) for d in range(len(shape)) if d not in dims)
            return self.add("linalg.broadcast ins(%s : %s) outs(%s : %s) dimensions = [%s]" % (
                bias, self.type(sizes), self.empty(shape), self.type(shape), others))
        def payload(a):
            if kind == "negated":
                return ["%%r = arith.negf %s : f32" % a[0], "%r"]
            return [a[0]]
        return self.generic([(bias, sizes)], [", ".join("d%d" % d for d in dims),
                                              self.identity(len(shape))], shape, payload)

    # -- operations ----------------------------------------------------------

    def transpose(self, value, shape, order):
        result = [shape[d] for d in order]
        if self.random.random() < 0.5:
            text = "linalg.transpose ins(%s : %s) outs(%s : %s) permutation = [%s]" % (
                value, self.type(shape), self.empty(result), self.type(result),
                ", ".join(map(str, order)))
            return self.add(text), result
        source = [""] * len(shape)
        for place, dim in enumerate(order):
            source[dim] = "d%d" % place
        return self.generic([(value, shape)], [", ".join(source), self.identity(len(shape))],
                            result, lambda a: [a[0]]), result

    def named(self, op, inputs, attributes, shape, channels):
        self.value = self.add("linalg.%s %s ins(%s : %s) outs(%s : %s) -> %s" % (
            op, attributes, ", ".join(v for v, _ in inputs),
            ", ".join(self.type(s) for _, s in inputs), self.initial(shape, channels),
            self.type(shape), self.type(shape)))
        self.shape = shape

    def convolution(self):
        n, c, h, w = self.shape
        f, k = self.random.choice([1, 2, 3, 4]), self.random.choice([1, 2])
        shape = [f, c, k, k]
        self.named("conv_2d_nchw_fchw", [(self.value, self.shape), (self.weight(shape), shape)],
                   "", [n, f, h - k + 1, w - k + 1], [1])

    def convolution_last(self):
        n, h, w, c = self.shape
        f, k = self.random.choice([1, 2, 3, 4]), self.random.choice([1, 2])
        shape = [k, k, c, f]
        self.named("conv_2d_nhwc_hwcf", [(self.value, self.shape), (self.weight(shape), shape)],
                   "", [n, h - k + 1, w - k + 1, f], [3])

    def depthwise(self):
        n, c, h, w = self.shape
        shape = [c, 2, 2]
        self.named("depthwise_conv_2d_nchw_chw",
                   [(self.value, self.shape), (self.weight(shape), shape)],
                   "", [n, c, h - 1, w - 1], [1])

    def grouped(self):
        """Two groups, between views as frontends write them."""
        n, c, h, w = self.shape
        g, f = 2, self.random.choice([1, 2])
        inner = [n, g, c // g, h, w]
        x = self.add("tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [%s] : %s into %s" % (
            self.value, ", ".join(map(str, inner)), self.type(self.shape), self.type(inner)))
        whole, split = [g * f, c // g, 2, 2], [g, f, c // g, 2, 2]
        weight = self.add("tensor.expand_shape %s [[0, 1], [2], [3], [4]] output_shape [%s] : %s into %s" % (
            self.weight(whole), ", ".join(map(str, split)), self.type(whole), self.type(split)))
        self.named("conv_2d_ngchw_gfchw", [(x, inner), (weight, split)], "",
                   [n, g, f, h - 1, w - 1], [1, 2])
        out = [n, g * f, h - 1, w - 1]
        self.value = self.add("tensor.collapse_shape %s [[0], [1, 2], [3], [4]] : %s into %s" % (
            self.value, self.type(self.shape), self.type(out)))
        self.shape = out

    def matmul(self):
        n, k = self.shape
        m = self.random.choice([1, 3, 4, 8, 16])
        spelling = self.random.choice(["plain", "transposed", "maps", "first", "einsum"])
        loops = ["parallel", "parallel", "reduction"]
        multiply = lambda a: ["%%p = arith.mulf %s, %s : f32" % (a[0], a[1]),
                              "%r = arith.addf %o, %p : f32", "%r"]
        x = (self.value, self.shape)
        if spelling == "plain":
            self.named("matmul", [x, (self.weight([k, m]), [k, m])], "", [n, m], [1])
        elif spelling == "maps":
            maps = "indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, " \
                   "affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>]"
            self.named("matmul", [x, (self.weight([m, k]), [m, k])], maps, [n, m], [1])
        elif spelling == "transposed":
            w, shape = self.transpose(self.weight([m, k]), [m, k], [1, 0])
            self.named("matmul", [x, (w, shape)], "", [n, m], [1])
        elif spelling == "first":
            self.value = self.generic([(self.weight([m, k]), [m, k]), x],
                                      ["d1, d2", "d0, d2", "d0, d1"], [n, m], multiply, loops=3,
                                      init=self.initial([n, m], [1]), iterators=loops)
            self.shape = [n, m]
        else:
            w, shape = self.weight([k, m]), [k, m]
            self.value = self.generic([x, (w, shape)], ["d0, d2", "d2, d1", "d0, d1"], [n, m],
                                      multiply, loops=3, init=self.initial([n, m], [1]),
                                      iterators=loops)
            self.shape = [n, m]

    def tokens(self):
        """A linear layer on [N, T, K]: a weight for all samples, or for each head."""
        n, t, k = self.shape
        m = self.random.choice([2, 3, 4])
        multiply = lambda a: ["%%p = arith.mulf %s, %s : f32" % (a[0], a[1]),
                              "%r = arith.addf %o, %p : f32", "%r"]
        spelling = self.random.choice(["repeated", "each", "general"])
        if spelling == "repeated":
            w = self.weight([k, m])
            repeated = self.generic([(w, [k, m])], ["d1, d2", "d0, d1, d2"], [n, k, m],
                                    lambda a: [a[0]])
            self.named("batch_matmul", [(self.value, self.shape), (repeated, [n, k, m])], "",
                       [n, t, m], [2])
        elif spelling == "each":
            w = self.weight([t, k, m])
            self.value = self.generic([(self.value, self.shape), (w, [t, k, m])],
                                      ["d0, d1, d3", "d1, d3, d2", "d0, d1, d2"], [n, t, m],
                                      multiply, loops=4, init=self.initial([n, t, m], [1, 2]),
                                      iterators=["parallel"] * 3 + ["reduction"])
        else:
            w = self.weight([m, k])
            self.value = self.generic([(self.value, self.shape), (w, [m, k])],
                                      ["d0, d1, d3", "d2, d3", "d0, d1, d2"], [n, t, m],
                                      multiply, loops=4, init=self.initial([n, t, m], [2]),
                                      iterators=["parallel"] * 3 + ["reduction"])
        self.shape = [n, t, m]

    def bias(self):
        dim = self.random.choice(range(1, len(self.shape)))
        shape = [self.shape[dim]]
        b = self.floats(shape)
        every = self.identity(len(self.shape))
        sign = self.random.choice(["addf {0}, {1}", "addf {1}, {0}", "subf {0}, {1}",
                                   "subf {1}, {0}"])
        self.value = self.generic([(self.value, self.shape), (b, shape)],
                                  [every, "d%d" % dim, every], self.shape, lambda a: [
                                      "%r = arith." + sign.format(*a) + " : f32", "%r"])

    def norm(self):
        """Over any dimension; as one operation or as a chain, which may read data
        in another order."""
        rank = len(self.shape)
        dim = self.random.choice([1, 1, rank - 1] + list(range(1, rank)))
        shape = [self.shape[dim]]
        every, channel = self.identity(rank), "d%d" % dim
        parameters = [self.floats(shape), self.floats(shape, 0.3, 2.0), self.floats(shape),
                      self.floats(shape)]
        self.norms += 1
        epsilon = "%eps = arith.constant 1.0e-05 : f32"
        if self.random.random() < 0.5:
            inputs = [(self.value, self.shape)] + [(p, shape) for p in parameters]
            self.value = self.generic(inputs, [every] + [channel] * 4 + [every], self.shape,
                                      lambda a: [
                                          epsilon, "%%s = arith.subf %s, %s : f32" % (a[0], a[1]),
                                          "%%ve = arith.addf %s, %%eps : f32" % a[2],
                                          "%q = math.sqrt %ve : f32", "%d = arith.divf %s, %q : f32",
                                          "%%g = arith.mulf %%d, %s : f32" % a[3],
                                          "%%r = arith.addf %%g, %s : f32" % a[4], "%r"])
            return
        inverse = self.generic([(parameters[1], shape)], ["d0", "d0"], shape, lambda a: [
            epsilon, "%%ve = arith.addf %s, %%eps : f32" % a[0], "%r = math.rsqrt %ve : f32", "%r"])
        for op, other in (("subf", parameters[0]), ("mulf", inverse), ("mulf", parameters[2]),
                          ("addf", parameters[3])):
            source, read = self.value, every
            # Another order of equal sizes: no batch norm, but well defined.
            equal = [(i, j) for i in range(1, rank) for j in range(i + 1, rank)
                     if self.shape[i] == self.shape[j]]
            if equal and self.random.random() < 0.1:
                i, j = self.random.choice(equal)
                order = ["d%d" % d for d in range(rank)]
                order[i], order[j] = order[j], order[i]
                read = ", ".join(order)
            self.value = self.generic([(source, self.shape), (other, shape)],
                                      [read, channel, every], self.shape, lambda a: [
                                          "%%r = arith.%s %s, %s : f32" % (op, a[0], a[1]), "%r"])

    def relu(self):
        every = self.identity(len(self.shape))
        self.value = self.generic([(self.value, self.shape)], [every, every], self.shape, lambda a: [
            "%z = arith.constant 0.0 : f32", "%%r = arith.maximumf %s, %%z : f32" % a[0], "%r"])

    def permute(self):
        order = list(range(1, len(self.shape)))
        self.random.shuffle(order)
        self.value, self.shape = self.transpose(self.value, self.shape, [0] + order)

    def flatten(self):
        flat = [self.shape[0], product(self.shape[1:])]
        if len(self.shape) == 2:
            return
        group = ", ".join(str(i) for i in range(1, len(self.shape)))
        self.value = self.add("tensor.collapse_shape %s [[0], [%s]] : %s into %s" % (
            self.value, group, self.type(self.shape), self.type(flat)))
        self.shape = flat

    def unflatten(self):
        size = self.shape[1]
        parts = []
        for part in (2, 2, 3, 2):
            if size % part == 0 and len(parts) < self.random.choice([1, 2]):
                parts.append(part)
                size //= part
        parts.append(size)
        self.random.shuffle(parts)
        shape = [self.shape[0]] + parts
        if len(shape) < 3:
            return
        group = ", ".join(str(i) for i in range(1, len(shape)))
        self.value = self.add("tensor.expand_shape %s [[0], [%s]] output_shape [%s] : %s into %s" % (
            self.value, group, ", ".join(map(str, shape)), self.type(self.shape), self.type(shape)))
        self.shape = shape

    # -- the whole -------------------------------------------------------------

    def layer(self):
        rank = len(self.shape)
        if rank == 4:
            large = min(self.shape[2:]) > 1
            choices = ["convolution"] if large else []
            if min(self.shape[1:3]) > 1:
                choices.append("convolution_last")
            if large:
                choices.append("depthwise")
                if self.shape[1] % 2 == 0:
                    choices.append("grouped")
            if not choices:
                self.flatten()
                choices = ["matmul"]
            getattr(self, self.random.choice(choices))()
        elif rank == 3:
            self.tokens()
        elif rank == 2:
            self.matmul()
        else:
            self.flatten()
            self.matmul()

    def build(self):
        batch = self.random.choice([1, BATCH, BATCH])
        start = self.random.choice([[batch, 2, 4, 4], [batch, 4, 4, 4], [batch, 4, 3, 3],
                                    [batch, 4, 4, 3], [batch, 6], [batch, 3, 4], [batch, 1, 4, 4]])
        self.shape, self.value, self.input = start, "%x", list(start)
        for _ in range(self.random.choice([1, 2, 3])):
            if self.random.random() < 0.2:
                self.norm()
            self.layer()
            for step in ("bias", "permute", "flatten", "unflatten", "bias"):
                if self.random.random() < 0.2 and (step != "unflatten" or len(self.shape) == 2):
                    getattr(self, step)()
            if self.random.random() < 0.7:
                self.norm()
            if self.random.random() < 0.5:
                self.relu()
        self.layer()
        return "func.func @main(%%x: %s) -> %s {\n%s\n  return %s : %s\n}\n" % (
            self.type(self.input), self.type(self.shape), "\n".join(self.lines), self.value,
            self.type(self.shape))


def difference(expected, found):
    """Norm of the difference over the norm."""
    if len(expected) != len(found):
        return float("inf")
    distance = sum((a - b) ** 2 for a, b in zip(expected, found))
    return (distance / max(sum(a * a for a in expected), 1e-20)) ** 0.5


def run(command):
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


def check(opt, runner, seed, folder):
    """None where everything agrees, else what is wrong."""
    network = Network(seed)
    source = os.path.join(folder, "network.mlir")
    plain = os.path.join(folder, "plain.mlir")
    annotated = os.path.join(folder, "annotated.mlir")
    data = os.path.join(folder, "x.npy")
    with open(source, "w") as file:
        file.write(network.build())
    with open(plain, "w") as file:
        file.write(Network(seed, half=False).build())
    shape = network.input
    write_npy(data, shape, [network.random.gauss(0, 1) for _ in range(product(shape))])
    result = run([opt, source, "--pdq-annotate=first-last=none", "-o", annotated])
    if result.returncode != 0:
        return "annotation: " + result.stderr.strip()[:300]
    outputs = []
    for path, mode in ((plain, None), (annotated, "float"), (annotated, "quantized")):
        out = os.path.join(folder, "out.npy")
        result = run([runner, path, "--input=" + data, "--output=" + out,
                      "--batch=%d" % shape[0]] + (["--mode=" + mode] if mode else []))
        if result.returncode != 0:
            return "%s: %s" % (mode or "raw", result.stderr.strip()[:300])
        outputs.append(read_npy(out))
    for mode, found in zip(("float", "quantized"), outputs[1:]):
        if not difference(outputs[0], found) < 1e-4:
            return "%s body differs by %.2g" % (mode, difference(outputs[0], found))
    return None


def main():
    opt, runner = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    keep = sys.argv[5] if len(sys.argv) > 5 else None
    differ = 0
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder:
            wrong = check(opt, runner, seed, folder)
            if wrong is None:
                continue
            differ += 1
            print("seed %d: %s" % (seed, wrong), flush=True)
            if keep:
                os.makedirs(keep, exist_ok=True)
                os.replace(os.path.join(folder, "network.mlir"),
                           os.path.join(keep, "%d.mlir" % seed))
    print("%d networks, %d differ" % (count, differ))
    return differ != 0


if __name__ == "__main__":
    sys.exit(main())
