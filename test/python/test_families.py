"""Where regions and quantizers go in a ResNet-20, as PyTorch's frontends write it.

The counts are those of the trained networks in test/Annotation/networks.mlir.
"""

import importlib.util
import pathlib
import subprocess
import sys
import unittest

for _module in ("torch", "torch_mlir"):
    if importlib.util.find_spec(_module) is None:
        raise unittest.SkipTest(f"{_module} is not installed; scripts/setup --torch installs it")

import torch
from torch import nn
from torch.nn import functional as F

import pdq
from pdq import PDQError, _tools

COUNT_OPS = pathlib.Path(__file__).resolve().parents[1] / "Annotation" / "Inputs" / "count_ops.py"
EXPECTED = "batch norms: 19, regions: 11, weights: 20 (2 of 8 bits), activations: 19 (1 of 8 bits)"


class Basic(nn.Module):
    """Two layers and a shortcut, of every second pixel and padded channels."""

    def __init__(self, channels, wide, stride):
        super().__init__()
        self.stride, self.extra = stride, (wide - channels) // 2
        self.first = nn.Sequential(nn.Conv2d(channels, wide, 3, stride, 1, bias=False), nn.BatchNorm2d(wide))
        self.second = nn.Sequential(nn.Conv2d(wide, wide, 3, 1, 1, bias=False), nn.BatchNorm2d(wide))

    def forward(self, x):
        y = self.second(F.relu(self.first(x)))
        if self.extra:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.extra, self.extra))
        return F.relu(x + y)


def resnet20():
    torch.manual_seed(0)
    units = [nn.Conv2d(3, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    channels = 4
    for wide in (4, 8, 16):
        for i in range(3):
            units.append(Basic(channels, wide, 2 if i == 0 and wide > 4 else 1))
            channels = wide
    return nn.Sequential(*units, nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(16, 10))


def count(text, tool):
    """What annotation finds in a module."""
    elide = ["--mlir-elide-resource-strings-if-larger=8", "--mlir-elide-elementsattrs-if-larger=8"]
    annotated = subprocess.run(
        [tool, "-", "--pdq-annotate", *elide], input=text, text=True, check=True, capture_output=True
    ).stdout
    counted = subprocess.run([sys.executable, COUNT_OPS], input=annotated, text=True, check=True, capture_output=True)
    return counted.stdout.strip()


class FormsTest(unittest.TestCase):
    def test_every_frontend_form_gets_the_same_places(self):
        try:
            tool = _tools.find_tool("pdq-opt")
        except PDQError as error:
            self.skipTest(str(error))
        example = torch.zeros(2, 3, 16, 16)
        for options in ({}, {"dynamic_batch": True}, {"form": "plain"}, {"form": "tosa"}):
            with self.subTest(**options):
                self.assertEqual(count(pdq.torch.export(resnet20(), example, **options), tool), EXPECTED)


if __name__ == "__main__":
    unittest.main()
