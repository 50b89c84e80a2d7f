"""Networks with dynamic height and width, through torch-mlir, pdq-quantize and pdq-run at other sizes."""

import importlib.util
import pathlib
import subprocess
import tempfile
import unittest

for _module in ("numpy", "torch", "torch_mlir"):
    if importlib.util.find_spec(_module) is None:
        raise unittest.SkipTest(f"{_module} is not installed; scripts/setup --torch installs it")

import numpy
import torch
from torch import nn
from torch.nn import functional as F

import pdq
from pdq import PDQError, _tools

SIZES = (16, 20)


class Maps(nn.Module):
    """Fully convolutional: a map of an eighth of the size, also with channels that are scaled by means of all pixels."""

    def __init__(self, is_scaled=False):
        super().__init__()
        self.is_scaled = is_scaled
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4))
        self.second, self.scale = nn.Conv2d(4, 4, 3, 1, 1), nn.Conv2d(4, 4, 1)
        self.last = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        x = F.avg_pool2d(F.max_pool2d(F.relu(self.first(x)), 3, 2, 1), 2)
        x = F.relu(self.second(x))
        if self.is_scaled:
            x = x * torch.sigmoid(self.scale(F.adaptive_avg_pool2d(x, 1)))
        return self.last(x)


class Residual(nn.Module):
    """Residual blocks, one with a strided slice as its shortcut, and a mean of all pixels."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4))
        self.a = nn.Sequential(nn.Conv2d(4, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4))
        self.b = nn.Sequential(nn.Conv2d(4, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4))
        self.c = nn.Sequential(nn.Conv2d(4, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8))
        self.last = nn.Linear(8, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.first(x)), 3, 2, 1)
        x = F.relu(x + self.b(F.relu(self.a(x))))
        x = F.relu(F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 2)) + self.c(x))
        return self.last(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class UNet(nn.Module):
    """Half the size and back again, beside what was there."""

    def __init__(self, form):
        super().__init__()
        self.form = form
        self.down = nn.Sequential(nn.Conv2d(3, 4, 3, 1, 1), nn.ReLU())
        self.low = nn.Sequential(nn.Conv2d(4, 4, 3, 2, 1), nn.ReLU())
        self.up, self.last = nn.ConvTranspose2d(4, 4, 2, 2), nn.Conv2d(8, 2, 3, 1, 1)

    def forward(self, x):
        x = self.down(x)
        y = self.low(x)
        y = self.up(y) if self.form == "transposed" else F.interpolate(y, scale_factor=2, mode=self.form)
        return self.last(torch.cat([x, y], 1))


class Fixed(nn.Module):
    """An interpolation to one size, also in front of a linear layer on all pixels."""

    def __init__(self, is_linear):
        super().__init__()
        self.is_linear = is_linear
        self.first, self.last = nn.Conv2d(3, 2, 3, 1, 1), nn.Linear(2 * 8 * 8, 3)

    def forward(self, x):
        x = F.interpolate(F.relu(self.first(x)), size=(8, 8), mode="bilinear")
        return self.last(torch.flatten(x, 1)) if self.is_linear else x


class SizesTest(unittest.TestCase):
    def setUp(self):
        try:
            self.opt, self.run_tool = _tools.find_tool("pdq-opt"), _tools.find_tool("pdq-run")
        except PDQError as error:
            self.skipTest(str(error))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        torch.manual_seed(0)
        numpy.save(self.folder / "data.npy", torch.randn(16, 3, *SIZES).numpy())

    def quantize(self, network, check=1):
        """The path of the exported module, and what was said."""
        text = pdq.torch.export(network.eval(), torch.zeros(2, 3, *SIZES), dynamic_batch=True, dynamic_sizes=True)
        options = f"calibration={self.folder}/data.npy iterations=2 batch=2 weight-bits=8 activation-bits=8"
        path = self.folder / f"{check}.mlir"
        command = [self.opt, "-", f"--pdq-quantize={options} check={check}", "-o", path]
        done = subprocess.run(command, input=text, text=True, check=True, capture_output=True)
        return path, done.stderr

    def run_module(self, path, samples):
        numpy.save(self.folder / "x.npy", samples.numpy())
        command = [self.run_tool, path, f"--input={self.folder}/x.npy", f"--output={self.folder}/y.npy"]
        subprocess.run(command, check=True, capture_output=True)
        return torch.from_numpy(numpy.load(self.folder / "y.npy"))

    def assert_dynamic(self, network, *others):
        path, said = self.quantize(network)
        self.assertIn("will be dynamic again in the exported network", said)
        self.assertRegex(path.read_text(), r"func\.func @main\(%\w+: tensor<\?x3x\?x\?xf32>\)")
        for sizes in (SIZES, *others):
            with self.subTest(sizes=sizes), torch.no_grad():
                x = torch.randn(16, 3, *sizes)
                expected, found = network(x), self.run_module(path, x)
                self.assertEqual(expected.shape, found.shape)
                self.assertLess((expected - found).norm() / expected.norm(), 0.3)
        return path

    def assert_parts_are_equal(self, network, path, kept):
        """Compares with the static module, on the data's sizes and on a part, away from its border, of larger images."""
        static, said = self.quantize(network, check=0)
        self.assertIn("stay those of the data: only a run at others", said)
        x = torch.randn(3, 3, *SIZES)
        self.assertTrue(torch.equal(self.run_module(path, x), self.run_module(static, x)))
        x = torch.randn(3, 3, 2 * SIZES[0], 2 * SIZES[1])
        whole = self.run_module(path, x)[:, :, :kept, :kept]
        part = self.run_module(static, x[:, :, : SIZES[0], : SIZES[1]])[:, :, :kept, :kept]
        self.assertEqual(whole.shape[2:], (kept, kept))
        self.assertLess((whole - part).norm() / part.norm(), 1e-5)

    def assert_static(self, network, reason, dynamic_batch=True):
        example = torch.zeros(2, 3, *SIZES)
        text = pdq.torch.export(network.eval(), example, dynamic_batch=dynamic_batch, dynamic_sizes=True)
        command = [self.opt, "-", "--pdq-annotate=check=1 sample-shape=3x16x20"]
        done = subprocess.run(command, input=text, text=True, check=True, capture_output=True)
        self.assertEqual(done.stderr.count("stay those of the data"), 1, done.stderr)
        self.assertRegex(done.stderr, f"sizes behind the batch stay those of the data: {reason}")
        self.assertNotIn("pdq.input_types", done.stdout)

    def test_maps_have_the_size_of_the_image(self):
        network = Maps()
        path = self.assert_dynamic(network, (24, 40), (17, 19))
        self.assert_parts_are_equal(network, path, 1)

    def test_channels_scaled_by_means(self):
        self.assert_dynamic(Maps(is_scaled=True), (24, 40), (17, 19))

    def test_residual_networks_take_the_mean_of_what_there_is(self):
        self.assert_dynamic(Residual(), (24, 40), (33, 31))

    def test_sizes_that_are_halved_and_doubled(self):
        for form in ("nearest", "transposed"):
            with self.subTest(form=form):
                network = UNet(form)
                path = self.assert_dynamic(network, (24, 40))
                if form == "nearest":
                    self.assert_parts_are_equal(network, path, 8)

    def test_positions_of_an_interpolation_stay_those_of_the_data(self):
        reason = "'linalg.generic' op reads at positions that were computed from sizes"
        self.assert_static(UNet("bilinear"), reason)
        self.assert_static(Fixed(is_linear=False), reason)
        self.assert_static(Fixed(is_linear=True), reason)

    def test_a_linear_layer_on_all_pixels_has_the_sizes_of_the_data(self):
        network = nn.Sequential(nn.Conv2d(3, 2, 3, 1, 1), nn.ReLU(), nn.Flatten(1), nn.Linear(2 * 16 * 20, 3))
        reason = "'linalg.matmul' op has an operand of type tensor<640x3xf32> with the sizes in it"
        self.assert_static(network, reason, dynamic_batch=False)

    def test_windows_beyond_the_border_depend_on_the_size(self):
        pool = nn.MaxPool2d(2, ceil_mode=True)
        reason = "'linalg.pooling_nchw_max' op gives 8 along a dimension where its operands give 9"
        self.assert_static(nn.Sequential(nn.Conv2d(3, 4, 3, 1, 1), pool, nn.Conv2d(4, 2, 1)), reason)


if __name__ == "__main__":
    unittest.main()
