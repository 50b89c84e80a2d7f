"""Export through torch-mlir: buffers are constants and pdq-opt reads the result."""

import importlib.util
import re
import subprocess
import unittest

for _module in ("numpy", "torch", "torch_mlir"):
    if importlib.util.find_spec(_module) is None:
        raise unittest.SkipTest(f"{_module} is not installed; scripts/setup --torch installs it")

import torch

import pdq
from pdq import PDQError, _tools


def small_network():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1, bias=False),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(1),
        torch.nn.Linear(4, 10),
    )


def main_arguments(text):
    return re.search(r"func\.func @main\((.*?)\)\s*->", text)[1]


class ExportTest(unittest.TestCase):
    def test_running_statistics_are_constants_not_arguments(self):
        text = pdq.torch.export(small_network(), torch.zeros(2, 3, 8, 8))
        self.assertEqual(main_arguments(text).count("%"), 1)
        self.assertIn("tensor<2x3x8x8xf32>", main_arguments(text))

    def test_the_network_is_not_changed(self):
        network = small_network().train()
        pdq.torch.export(network, torch.zeros(2, 3, 8, 8))
        self.assertIn("1.running_var", dict(network.named_buffers()))
        self.assertTrue(network.training)

    def test_a_dynamic_batch_stays_open_even_from_a_batch_of_one(self):
        text = pdq.torch.export(small_network(), torch.zeros(1, 3, 8, 8), dynamic_batch=True)
        self.assertIn("tensor<?x3x8x8xf32>", main_arguments(text))

    def test_an_unknown_form_names_the_known_ones(self):
        with self.assertRaisesRegex(PDQError, "linalg, plain, tosa"):
            pdq.torch.export(small_network(), torch.zeros(2, 3, 8, 8), form="onnx")

    def test_padding_in_front_of_a_strided_transposed_convolution_is_kept(self):
        network = torch.nn.Sequential(torch.nn.ZeroPad2d(1), torch.nn.ConvTranspose2d(1, 1, 2, stride=2))
        text = pdq.torch.export(network, torch.zeros(2, 1, 3, 3))
        # Upstream's canonicalizer would make one of the two: x at offset 2, not 3.
        self.assertRegex(text, r"insert_slice %padded into %\w+\[0, 0, 1, 1\] \[2, 1, 5, 5\] \[1, 1, 2, 2\]")

    def test_positions_may_be_constants_of_the_network(self):
        class Bias(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.table = torch.nn.Parameter(torch.zeros(3, 2))
                self.register_buffer("places", torch.tensor([2, 0, 1, 2]))

            def forward(self, x):
                return x[:, self.places] + self.table[self.places].T[0]

        for form in ("linalg", "plain", "tosa"):
            with self.subTest(form=form):
                text = pdq.torch.export(Bias(), torch.zeros(2, 5), form=form)
                self.assertEqual(main_arguments(text), "%arg0: tensor<2x5xf32>")

    def test_a_scatter_may_count_its_dimension_from_the_end(self):
        class Sorted(torch.nn.Module):
            def forward(self, x):
                return torch.zeros_like(x).scatter(-1, x.argsort(-1), x)

        for form in ("linalg", "plain"):
            with self.subTest(form=form):
                text = pdq.torch.export(Sorted(), torch.zeros(2, 5), form=form)
                self.assertIn("tm_tensor.scatter", text)

    def test_every_form_parses_in_pdq_opt(self):
        try:
            tool = _tools.find_tool("pdq-opt")
        except PDQError as error:
            self.skipTest(str(error))
        for form in ("linalg", "plain", "tosa"):
            with self.subTest(form=form):
                text = pdq.torch.export(small_network(), torch.zeros(2, 3, 8, 8), form=form)
                subprocess.run([tool, "-"], input=text, text=True, check=True, capture_output=True)


if __name__ == "__main__":
    unittest.main()
