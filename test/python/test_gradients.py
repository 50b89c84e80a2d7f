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
        text = differentiate(pdq.torch.export(objective, x), x.shape)
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
