"""Derivatives of exported functions against PyTorch's autograd."""

import importlib.util
import pathlib
import re
import subprocess
import tempfile
import unittest

for _module in ("numpy", "torch", "torch_mlir"):
    if importlib.util.find_spec(_module) is None:
        raise unittest.SkipTest(f"{_module} is not installed; scripts/setup --torch installs it")

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import pdq
from pdq import PDQError, _tools


class Objective(nn.Module):
    """The scalar `loss(x)` as a module; tensors that it reads are buffers."""

    def __init__(self, loss, **constants):
        super().__init__()
        self.loss, self.names = loss, tuple(constants)
        for name, value in constants.items():
            self.register_buffer(name, value)

    def forward(self, x):
        return self.loss(x, *(getattr(self, name) for name in self.names))


def random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def squared(y):
    """A loss whose derivative differs from element to element."""
    return (y * y).sum()


def batch_norm(x, mean, variance, gamma, beta):
    return squared(F.batch_norm(x, mean, variance, gamma, beta, eps=1e-3))


def interpolate(mode, size, align_corners):
    return lambda x: squared(F.interpolate(x, size=size, mode=mode, align_corners=align_corners))


def lstm(x, wi, wh, b):
    """All hidden states, as a front end sees them: steps, slices and concats."""
    h = c = torch.zeros(x.shape[0], 5)
    steps = []
    for t in range(x.shape[1]):
        i, f, g, o = (x[:, t] @ wi.T + h @ wh.T + b).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        steps.append(h)
    return torch.stack(steps, 1)


def gru(x, wi, wh, b):
    h = torch.zeros(x.shape[0], 5)
    steps = []
    for t in range(x.shape[1]):
        r, z, n = (x[:, t] @ wi.T + b).chunk(3, 1)
        hr, hz, hn = (h @ wh.T).chunk(3, 1)
        z = torch.sigmoid(z + hz)
        h = (1 - z) * torch.tanh(n + torch.sigmoid(r + hr) * hn) + z * h
        steps.append(h)
    return torch.stack(steps, 1)


def attend(x, mask=0.0):
    return torch.softmax(x @ (0.5 * x).transpose(-1, -2) / 2 + mask, -1) @ (x + 1)


# The bounds and poles of activations, and what lies between.
EDGES = torch.tensor([[-4.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 6.0, 7.0, -0.0]])

STATISTICS = {
    "mean": random(6),
    "variance": random(6).abs() + 0.5,
    "gamma": random(6),
    "beta": random(6),
}

# What is differentiated, where, and the constants of it. The gradients of
# weights take the weights for the argument; pdq-run cannot follow those of
# several groups, whose first dimension it takes for a batch.
CASES = {
    "convolution, input": (
        lambda x, w: squared(F.conv2d(x, w, padding=1)),
        random(2, 3, 7, 7),
        {"w": random(4, 3, 3, 3)},
    ),
    "convolution, weight": (
        lambda w, x: squared(F.conv2d(x, w, padding=1)),
        random(4, 3, 3, 3),
        {"x": random(2, 3, 7, 7)},
    ),
    "stride 2, input": (lambda x, w: squared(F.conv2d(x, w, stride=2)), random(2, 3, 8, 8), {"w": random(4, 3, 3, 3)}),
    "stride 2, weight": (lambda w, x: squared(F.conv2d(x, w, stride=2)), random(4, 3, 3, 3), {"x": random(2, 3, 8, 8)}),
    "dilation, input": (
        lambda x, w: squared(F.conv2d(x, w, dilation=2)),
        random(2, 3, 8, 8),
        {"w": random(4, 3, 3, 3)},
    ),
    "two groups, input": (
        lambda x, w: squared(F.conv2d(x, w, groups=2)),
        random(2, 6, 5, 5),
        {"w": random(4, 3, 3, 3)},
    ),
    "depthwise, input": (
        lambda x, w: squared(F.conv2d(x, w, stride=2, padding=1, groups=6)),
        random(2, 6, 5, 5),
        {"w": random(6, 1, 3, 3)},
    ),
    "depthwise, weight": (
        lambda w, x: squared(F.conv2d(x, w, stride=2, padding=1, groups=6)),
        random(6, 1, 3, 3),
        {"x": random(2, 6, 5, 5)},
    ),
    "linear": (lambda x, w: squared(F.linear(x, w)), random(4, 6), {"w": random(5, 6)}),
    "batch norm": (batch_norm, random(2, 6, 3, 3), STATISTICS),
    "maximum pooling": (lambda x: squared(F.max_pool2d(x, 3, stride=2, padding=1)), random(2, 3, 7, 7), {}),
    "average pooling": (lambda x: squared(F.avg_pool2d(x, 3, stride=2)), random(2, 3, 7, 7), {}),
    "global pooling": (lambda x: squared(F.adaptive_avg_pool2d(x, 1)), random(2, 3, 7, 7), {}),
    "relu at 0": (lambda x: squared(F.relu(x) + x), torch.tensor([[-1.0, 0.0, 2.0]]), {}),
    "relu6 inside and outside": (lambda x: squared(F.relu6(x)), 6 * random(4, 9), {}),
    "hard swish": (lambda x: squared(F.hardswish(x)), 4 * random(4, 9), {}),
    "gelu": (lambda x: squared(F.gelu(x)), random(4, 9), {}),
    "silu": (lambda x: squared(F.silu(x)), random(4, 9), {}),
    "cube": (lambda x: (x**3).sum(), random(4, 9), {}),
    "softmax": (lambda x, t: (F.softmax(x, 1) * t).sum(), random(4, 9), {"t": random(4, 9)}),
    "divergence": (
        lambda x, t: F.kl_div(F.log_softmax(x / 4, 1), F.softmax(t / 4, 1), reduction="batchmean"),
        random(4, 10),
        {"t": random(4, 10) + 1},
    ),
    "layer norm": (lambda x, t: (F.layer_norm(x, (9,)) * t).sum(), random(4, 9), {"t": random(4, 9)}),
    # Windows in one and three dimensions, in every direction.
    "signals, input": (
        lambda x, w: squared(F.conv1d(x, w, stride=2, padding=1)),
        random(2, 3, 9),
        {"w": random(4, 3, 3)},
    ),
    "signals, weight": (
        lambda w, x: squared(F.conv1d(x, w, stride=2, padding=1)),
        random(4, 3, 3),
        {"x": random(2, 3, 9)},
    ),
    "signals, groups and dilation": (
        lambda x, w: squared(F.conv1d(x, w, dilation=2, groups=2)),
        random(2, 4, 9),
        {"w": random(6, 2, 3)},
    ),
    "volumes, input": (
        lambda x, w: squared(F.conv3d(x, w, stride=(1, 2, 1), padding=1)),
        random(2, 3, 4, 5, 4),
        {"w": random(4, 3, 3, 3, 3)},
    ),
    "volumes, weight": (
        lambda w, x: squared(F.conv3d(x, w, stride=2, padding=1)),
        random(4, 3, 3, 3, 3),
        {"x": random(2, 3, 4, 5, 4)},
    ),
    "volumes, groups": (
        lambda x, w: squared(F.conv3d(x, w, groups=2)),
        random(2, 4, 4, 5, 4),
        {"w": random(4, 2, 3, 3, 3)},
    ),
    "transposed signals": (
        lambda x, w: squared(F.conv_transpose1d(x, w, stride=2, padding=1, output_padding=1)),
        random(2, 3, 5),
        {"w": random(3, 4, 3)},
    ),
    "transposed, input": (
        lambda x, w: squared(F.conv_transpose2d(x, w, stride=2, padding=1)),
        random(2, 3, 5, 5),
        {"w": random(3, 4, 3, 3)},
    ),
    "transposed, weight": (
        lambda w, x: squared(F.conv_transpose2d(x, w, stride=2, padding=1)),
        random(3, 4, 3, 3),
        {"x": random(2, 3, 5, 5)},
    ),
    "transposed, groups": (
        lambda x, w: squared(F.conv_transpose2d(x, w, stride=2, groups=2)),
        random(2, 4, 4, 4),
        {"w": random(4, 3, 3, 3)},
    ),
    "transposed volumes": (
        lambda x, w: squared(F.conv_transpose3d(x, w, stride=2)),
        random(2, 3, 3, 3, 3),
        {"w": random(3, 2, 2, 2, 2)},
    ),
    "maximum pooling of signals": (lambda x: squared(F.max_pool1d(x, 3, stride=2, padding=1)), random(2, 3, 9), {}),
    "maximum pooling of volumes": (
        lambda x: squared(F.max_pool3d(x, 3, stride=2, ceil_mode=True)),
        random(2, 3, 5, 6, 7),
        {},
    ),
    "maximum pooling with dilation": (
        lambda x: squared(F.max_pool2d(x, 2, stride=1, dilation=2)),
        random(2, 3, 7, 7),
        {},
    ),
    "minimum pooling": (lambda x: squared(-F.max_pool2d(-x, 2)), random(2, 3, 6, 6), {}),
    "average without padding": (
        lambda x: squared(F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)),
        random(2, 3, 7, 7),
        {},
    ),
    "average beyond the border": (
        lambda x: squared(F.avg_pool2d(x, 2, stride=2, ceil_mode=True)),
        random(2, 3, 7, 7),
        {},
    ),
    "average of volumes": (
        lambda x: squared(F.avg_pool3d(x, 2, stride=2, padding=1, count_include_pad=False)),
        random(2, 3, 5, 6, 7),
        {},
    ),
    "uneven adaptive pooling": (lambda x: squared(F.adaptive_avg_pool2d(x, (3, 4))), random(2, 3, 7, 7), {}),
    "uneven adaptive pooling of volumes": (
        lambda x: squared(F.adaptive_avg_pool3d(x, (2, 2, 3))),
        random(2, 3, 4, 4, 7),
        {},
    ),
    # Reads at computed positions.
    "selected channels, some twice": (
        lambda x, i: squared(torch.index_select(x, 1, i)),
        random(2, 5, 3),
        {"i": torch.tensor([2, 0, 0, 3])},
    ),
    "roll": (lambda x: squared(torch.roll(x, (1, 2), (2, 3)) * torch.arange(6.0)), random(2, 3, 5, 6), {}),
    "flip": (lambda x: squared(torch.flip(x, [1, 2]) * torch.arange(6.0)), random(2, 3, 6), {}),
    "bilinear, aligned": (interpolate("bilinear", (7, 9), True), random(2, 3, 4, 5), {}),
    "bilinear, smaller": (interpolate("bilinear", (3, 2), False), random(2, 3, 4, 5), {}),
    "bicubic": (interpolate("bicubic", (7, 9), False), random(2, 3, 4, 5), {}),
    "nearest, uneven": (interpolate("nearest", (7, 9), None), random(2, 3, 4, 5), {}),
    "grid_sample, input": (
        lambda x, g: squared(F.grid_sample(x, g, align_corners=False)),
        random(2, 3, 4, 5),
        {"g": 0.6 * random(2, 4, 5, 2)},
    ),
    "grid_sample, grid": (
        lambda g, x: squared(F.grid_sample(x, g, align_corners=True)),
        0.6 * random(2, 4, 5, 2),
        {"x": random(2, 3, 4, 5)},
    ),
    "grid_sample, grid that is reflected": (
        lambda g, x: squared(F.grid_sample(x, g, padding_mode="reflection", align_corners=False)),
        2.5 * random(2, 4, 5, 2),
        {"x": random(2, 3, 4, 5)},
    ),
    "reflecting border": (lambda x: squared(F.pad(x, (1, 2, 1, 1), mode="reflect")), random(2, 3, 5, 5), {}),
    "negative border": (lambda x: squared(F.pad(x, (-1, 2))), random(2, 3, 5), {}),
    "pixel shuffle": (lambda x: squared(F.pixel_shuffle(x, 2) * torch.arange(6.0)), random(2, 4, 3, 3), {}),
    "unfold": (lambda x: squared(F.unfold(x, 2)), random(2, 3, 4, 4), {}),
    "gather at computed places": (
        lambda x: squared(torch.gather(x, 1, x.detach().argsort(1)[:, :3]) * torch.arange(3.0)),
        random(2, 5, 3).flatten(1),
        {},
    ),
    # Products.
    "product of a dimension": (lambda x: squared(torch.prod(x, 1)), random(2, 5, 3), {}),
    "product with a zero": (lambda x: squared(torch.prod(x, 1) + 1), EDGES.reshape(2, -1)[:, :4] + 0.0, {}),
    "product of everything": (lambda x: squared(x.prod()), random(2, 4), {}),
    # Writes at computed positions.
    "scatter to computed places": (
        lambda x: squared(torch.zeros(2, 6).scatter(1, x.detach().argsort(1), x * torch.arange(6.0)) + x),
        random(2, 6),
        {},
    ),
    "scatter over data": (
        lambda x, i: squared(x.scatter(1, i, 2 * x[:, :3]) * torch.arange(6.0)),
        random(2, 6),
        {"i": torch.tensor([[0, 4, 3], [5, 0, 1]])},
    ),
    "sums of scattered elements": (
        lambda x, i: squared(torch.ones(2, 4).scatter_add(1, i, x) * torch.arange(4.0)),
        random(2, 6),
        {"i": torch.tensor([[0, 2, 2, 3, 0, 2], [1, 1, 1, 3, 0, 2]])},
    ),
    "channels that are replaced": (
        lambda x, i: squared(x.index_copy(1, i, x[:, 2:4] ** 2) * torch.arange(3.0)),
        random(2, 5, 3),
        {"i": torch.tensor([3, 0])},
    ),
    # Recurrence and attention.
    "LSTM, unrolled": (
        lambda x, wi, wh, b: squared(lstm(x, wi, wh, b)),
        random(2, 4, 3),
        {"wi": random(20, 3), "wh": random(20, 5), "b": random(20)},
    ),
    "GRU, unrolled": (
        lambda x, wi, wh, b: squared(gru(x, wi, wh, b)),
        random(2, 4, 3),
        {"wi": random(15, 3), "wh": random(15, 5), "b": random(15)},
    ),
    "attention to itself": (lambda x: squared(attend(x)), random(2, 3, 5, 4), {}),
    "attention that is masked": (
        lambda x, m: squared(attend(x, m)),
        random(2, 3, 5, 4),
        {"m": torch.triu(torch.full((5, 5), -torch.inf), 1)},
    ),
    "masked softmax": (
        lambda x, m: squared(torch.softmax(x.masked_fill(~m, -torch.inf), -1) * torch.arange(5.0)),
        random(2, 5, 5),
        {"m": torch.tril(torch.ones(5, 5)).bool()},
    ),
    "log softmax of large values": (
        lambda x, t: (F.log_softmax(200 * x, 1) * t).sum(),
        random(4, 9),
        {"t": random(4, 9)},
    ),
    # Norms.
    "group norm": (lambda x, t: (F.group_norm(x, 2) * t).sum(), random(2, 4, 3, 3), {"t": random(2, 4, 3, 3)}),
    "instance norm": (lambda x, t: (F.instance_norm(x) * t).sum(), random(2, 4, 3, 3), {"t": random(2, 4, 3, 3)}),
    "unit length": (lambda x, t: (F.normalize(x, dim=1) * t).sum(), random(4, 9), {"t": random(4, 9)}),
    "norm of zeros": (lambda x: torch.linalg.vector_norm(x, dim=1).sum(), torch.zeros(2, 3), {}),
    "deviation of a constant": (lambda x: x.std(1).sum(), torch.ones(2, 3), {}),
    "standardized weight": (
        lambda w, x: squared(F.conv2d(x, (w - w.mean((1, 2, 3), keepdim=True)) / w.std((1, 2, 3), keepdim=True))),
        random(4, 3, 3, 3),
        {"x": random(2, 3, 5, 5)},
    ),
    # Edges.
    "logarithm at 0": (lambda x: torch.log(x).sum(), EDGES.abs(), {}),
    "power at 0": (lambda x: (x**2.5).sum(), EDGES.abs(), {}),
    "power 0 at 0": (lambda x: (x**0.0 + x).sum(), EDGES, {}),
    "negative power": (lambda x: (x**-2.0).sum(), torch.tensor([[-1.0, 2.0, -3.0]]), {}),
    "base and exponent 0": (
        lambda p, x: torch.pow(x, p).sum(),
        torch.tensor([[0.0, 1.0, 2.0, 3.0]]),
        {"x": torch.tensor([[0.0, 0.0, 2.0, 0.5]])},
    ),
    "branch that is not taken is no number": (
        lambda x, n: torch.where(x > 0, x * 2, n).sum(),
        torch.tensor([[1.0, 0.5, 4.0]]),
        {"n": torch.full((1, 3), torch.nan)},
    ),
    "two equal values": (
        lambda x, y: squared(torch.maximum(x, y)),
        torch.tensor([[1.0, 2.0, 3.0]]),
        {"y": torch.tensor([[1.0, 1.0, 4.0]])},
    ),
    "equal values in a window": (
        lambda x: squared(F.max_pool2d(x, 2, stride=1)),
        random(2, 2, 5, 5).round(),
        {},
    ),
    "negative values through slopes": (lambda x, a: squared(F.prelu(x, a)), random(2, 4, 3, 3), {"a": random(4)}),
    **{
        f"{function.__name__} at its edges": (
            lambda x, function=function: squared(function(x) + 0.5 * x),
            EDGES,
            {},
        )
        for function in (
            F.relu,
            F.relu6,
            F.hardtanh,
            F.leaky_relu,
            F.elu,
            F.softplus,
            F.softsign,
            F.mish,
            F.silu,
            F.gelu,
            F.tanhshrink,
            torch.abs,
            torch.atan,
            torch.exp,
            torch.sigmoid,
            torch.tan,
            torch.tanh,
        )
    },
    "clamp at its bounds": (lambda x: squared(torch.clamp(x, -1, 2) + 0.5 * x), EDGES, {}),
    "gated": (lambda x: squared(F.glu(x, 1)), random(4, 6), {}),
}


def differentiate(text, shape):
    """The module `text` with @main(x) -> the gradient of what @main gave."""
    tensor = f"tensor<{'x'.join(map(str, shape))}xf32>"
    text = re.sub(r"func\.func @main\b", "func.func private @objective", text)
    gradient = f"""
  func.func @main(%x: {tensor}) -> {tensor} {{
    %r:2 = pdq.value_and_grad @objective(%x) wrt [0] : ({tensor}) -> (tensor<f32>, {tensor})
    return %r#1 : {tensor}
  }}
"""
    end = text.index("\n}", text.index("@objective")) + 1
    return text[:end] + gradient + text[end:]


class GradientTest(unittest.TestCase):
    def setUp(self):
        try:
            self.opt, self.run_tool = _tools.find_tool("pdq-opt"), _tools.find_tool("pdq-run")
        except PDQError as error:
            self.skipTest(str(error))

    def compute(self, objective, x):
        text = pdq.torch.export(objective, x)
        if "tm_tensor" in text:  # has a derivative where it was lowered
            command = [self.opt, "-", "--pdq-normalize-frontend"]
            text = subprocess.run(command, input=text, text=True, capture_output=True, check=True).stdout
        text = differentiate(text, x.shape)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            np.save(folder / "x.npy", x.numpy())
            passes = ["--pdq-differentiate", "--inline", "--symbol-dce"]
            command = [self.opt, "-", *passes, "-o", folder / "gradient.mlir"]
            made = subprocess.run(command, input=text, text=True, capture_output=True)
            self.assertEqual(made.returncode, 0, made.stderr)
            command = [self.run_tool, folder / "gradient.mlir", f"--input={folder}/x.npy", f"--output={folder}/dx.npy"]
            ran = subprocess.run(command, text=True, capture_output=True)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            return np.load(folder / "dx.npy")

    def test_autograd_gives_the_same(self):
        for name, (loss, x, constants) in CASES.items():
            with self.subTest(name):
                objective = Objective(loss, **constants)
                x = x.clone().requires_grad_()
                objective(x).backward()
                got = self.compute(objective, x.detach())
                np.testing.assert_allclose(got, x.grad.numpy(), rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    unittest.main()
