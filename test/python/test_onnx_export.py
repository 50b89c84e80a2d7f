"""Exported ONNX files compute what pdq-run computes: digits at three widths."""

import importlib.util
import pathlib
import tempfile
import unittest

for module in ("numpy", "onnx", "onnxruntime"):
    if importlib.util.find_spec(module) is None:
        raise unittest.SkipTest(f"{module} is not installed; scripts/setup --tests installs it")

import numpy as np
import onnx
import onnxruntime

import pdq
from pdq import PDQError, _tools

DIGITS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "digits"


def can_export():
    """Whether the tools are built, with ONNX."""
    try:
        _tools.find_tool("pdq-opt")
        return "mlir-to-onnx" in _tools.run_tool("pdq-translate", ["--help"])
    except PDQError:
        return False


def run(path, images, optimize, batch=32):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: images[i : i + batch]})[0] for i in range(0, len(images), batch)])


@unittest.skipUnless(can_export(), "pdq is not built with ONNX; scripts/setup and a new build folder enable it")
class DigitsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "digits.onnx"
        self.images = np.load(DIGITS / "test_images.npy")

    def quantize(self, bits):
        return pdq.quantize(
            DIGITS / "digits.mlirbc", DIGITS / "calibration.npy", weight_bits=bits, activation_bits=bits, iterations=0, seed=1
        )

    def check(self, result, form):
        expected = pdq.run(result, self.images)
        result.to_onnx(self.path, form=form)
        onnx.checker.check_model(onnx.load(self.path), full_check=True)
        for optimize in (False, True):
            with self.subTest(form=form, optimize=optimize):
                logits = run(self.path, self.images, optimize)
                agreement = np.mean(logits.argmax(1) == expected.argmax(1))
                self.assertGreaterEqual(agreement, 0.999)

    def test_two_bits(self):
        result = self.quantize(2)
        for form in ("qdq", "int8"):
            self.check(result, form)

    def test_four_bits(self):
        result = self.quantize(4)
        for form in ("qdq", "int8"):
            self.check(result, form)

    def test_eight_bits(self):
        result = self.quantize(8)
        for form in ("qdq", "int8"):
            self.check(result, form)
        with self.assertRaisesRegex(PDQError, "form 'int4' is unknown, expected qdq or int8"):
            result.to_onnx(self.path, form="int4")


if __name__ == "__main__":
    unittest.main()
