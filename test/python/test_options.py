"""The options of quantize() are those of the pass, with types."""

import importlib.util
import pathlib
import typing
import unittest

if importlib.util.find_spec("numpy") is None:
    raise unittest.SkipTest("numpy is not installed; scripts/setup --tests installs it")

import numpy as np

import pdq

IMAGES = [[0.5, -0.25], [1.0, 0.75]]
NETWORK = """
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<[[0.5, -1.0], [2.0, 0.25]]> : tensor<2x2xf32>
  %z = arith.constant dense<0.0> : tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
"""


class OptionsTest(unittest.TestCase):
    def test_types_and_meanings(self):
        hints = typing.get_type_hints(pdq.QuantizeOptions)
        self.assertIs(hints["weight_bits"], int)
        self.assertIs(hints["warmup"], float)
        self.assertIs(hints["strict"], bool)
        self.assertEqual(hints["preset"], typing.Literal["auto", "resnet", "regnetx", "mobilenetv2", "mnasnet"])
        self.assertEqual(hints["init"], typing.Literal["mse", "minmax"])
        self.assertEqual(hints["mean"], typing.Union[str, float, typing.Sequence[float]])
        for name in hints:
            self.assertIn(f"    {name}: ", pdq.QuantizeOptions.__doc__)
        self.assertNotIn("calibration", hints)

    def test_typed_values_are_taken(self):
        options = dict(weight_bits=2, activation_bits=8, first_last="none", warmup=0.5, strict=False, seed=3)
        result = pdq.quantize(NETWORK, np.array(IMAGES, np.float32), iterations=1, batch=2, preset="resnet", **options)
        self.assertEqual(result.report.settings["weight-bits"], 2)
        self.assertEqual(result.report.settings["warmup"], 0.5)
        self.assertEqual(result.report.settings["seed"], 3)

    def test_unknown_option(self):
        with self.assertRaisesRegex(pdq.PDQError, "option 'weight-bit' is unknown; did you mean 'weight-bits'?"):
            pdq.quantize(NETWORK, np.array(IMAGES, np.float32), weight_bit=2)

    def test_value_that_is_none(self):
        with self.assertRaisesRegex(pdq.PDQError, "option 'init' is 'best', expected 'mse' or 'minmax'"):
            pdq.quantize(NETWORK, np.array(IMAGES, np.float32), init="best")

    def test_package_is_typed(self):
        self.assertTrue((pathlib.Path(pdq.__file__).parent / "py.typed").exists())


if __name__ == "__main__":
    unittest.main()
