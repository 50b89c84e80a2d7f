"""The one-call API: options and reports, and the digits network end to end."""

import importlib.util
import json
import pathlib
import tempfile
import unittest

if importlib.util.find_spec("numpy") is None:
    raise unittest.SkipTest("numpy is not installed; scripts/setup --tests installs it")

import numpy as np

import pdq
from pdq import PDQError, _tools
from pdq.quantize import _option

DIGITS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "digits"

REGION = {
    "name": "region0",
    "iterations": 10,
    "seconds": 0.5,
    "milliseconds_per_iteration": 5.0,
    "compile_seconds": 0.25,
    "initialization_seconds": 0.125,
    "correction_seconds": 0.0,
    "iteration_seconds": 0.0625,
    "evaluation_seconds": 0.03125,
    "sensitivity": 0.125,
    "loss_curve": {"iterations": [1, 10], "total": [3.0, 1.5]},
    "quantizers": [
        {
            "kind": "activation",
            "shape": [32, 4],
            "bits": 2,
            "axis": None,
            "scales": [0.125],
            "zero_points": [0],
            "level_counts": [64, 32, 16, 16],
            "saturation": 0.125,
            "snr_db": None,
        }
    ],
    "reconstruction_loss": [2.0, 1.0],
    "prediction_difference": [0.5, 0.25],
    "activation_scales": [0.125],
    "rounding_flipped": 3,
}
REPORT = {
    "version": 3,
    "settings": {"iterations": 10, "batch": 32, "init": "mse", "drop-in": 0.5, "scale-learning": True},
    "seed": 1,
    "data_sha256": "00",
    "total_seconds": 1.0,
    "peak_memory_bytes": 1024,
    "batch_norms_captured": 1,
    "regions": [REGION],
    "coverage": [
        {
            "region": "layer0",
            "operation": "linalg.matmul",
            "location": "a.mlir:3:1",
            "weight_bits": [8],
            "input_bits": [0],
            "reason": "the network's input",
            "later": 1,
        }
    ],
}


def built(tool):
    try:
        return _tools.find_tool(tool)
    except PDQError:
        return None


class OptionsTest(unittest.TestCase):
    def test_underscores_become_hyphens_and_booleans_lower_case(self):
        self.assertEqual(_option("weight_bits", 2), "weight-bits=2")
        self.assertEqual(_option("learned_rounding", False), "learned-rounding=false")

    def test_a_path_with_a_space_is_quoted(self):
        self.assertEqual(_option("checkpoint", "a b.mlirbc"), 'checkpoint="a b.mlirbc"')

    def test_a_value_cannot_end_the_pipeline(self):
        with self.assertRaisesRegex(PDQError, "braces"):
            _option("checkpoint", "a} {b")

    def test_the_calibration_option_is_not_the_users(self):
        with self.assertRaisesRegex(PDQError, "calibration"):
            pdq.quantize(DIGITS / "digits.mlirbc", np.zeros((1, 1, 8, 8)), calibration="x.npy")


class ReportTest(unittest.TestCase):
    def test_pairs_are_tuples_and_unknown_keys_are_ignored(self):
        report = pdq.Report.from_json(json.dumps({**REPORT, "later": 1}))
        self.assertEqual(report.regions[0].reconstruction_loss, (2.0, 1.0))
        self.assertEqual(report.batch_norms_captured, 1)

    def test_the_coverage_is_a_table(self):
        report = pdq.Report.from_json(json.dumps(REPORT))
        self.assertFalse(report.coverage[0].is_quantized)
        self.assertEqual(
            report.coverage_table(),
            "region  operation      weight  input  why it is floating point\n"
            "layer0  linalg.matmul  8       float  the network's input",
        )

    def test_a_missing_key_is_named(self):
        with self.assertRaisesRegex(PDQError, "no 'seed'"):
            pdq.Report.from_json(json.dumps({k: v for k, v in REPORT.items() if k != "seed"}))


@unittest.skipUnless(built("pdq-opt") and built("pdq-run"), "pdq is not built")
class DigitsTest(unittest.TestCase):
    def test_quantize_and_run(self):
        calibration = np.load(DIGITS / "calibration.npy")[:64]
        images = np.load(DIGITS / "test_images.npy")[:50]
        labels = np.load(DIGITS / "test_labels.npy")[:50]
        result = pdq.quantize(
            DIGITS / "digits.mlirbc",
            calibration,
            weight_bits=4,
            activation_bits=4,
            iterations=4,
            distribution_correction_steps=2,
            seed=1,
        )
        self.assertEqual(result.report.batch_norms_captured, 11)
        self.assertEqual(len(result.report.regions), 6)
        self.assertTrue(all(product.is_quantized for product in result.report.coverage[1:]))
        logits = pdq.run(result, images)
        self.assertEqual(logits.shape, (50, 10))
        self.assertGreater((logits.argmax(1) == labels).mean(), 0.8)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "q.mlirbc"
            result.save(path)
            np.testing.assert_array_equal(pdq.run(path, images), logits)
            # Version 4, whatever this MLIR's own is.
            self.assertEqual(path.read_bytes()[:5], b"ML\xefR\x09")

    def test_packed_weights_are_smaller_and_compute_the_same(self):
        images = np.load(DIGITS / "test_images.npy")[:32]
        plain, packed = (
            pdq.quantize(
                DIGITS / "digits.mlirbc",
                np.load(DIGITS / "calibration.npy")[:32],
                weight_bits=2,
                activation_bits=2,
                iterations=0,
                distribution_correction=False,
                seed=1,
                pack_constants=pack,
            )
            for pack in (False, True)
        )
        self.assertLess(len(packed.module), 0.4 * len(plain.module))
        np.testing.assert_array_equal(pdq.run(packed, images), pdq.run(plain, images))
        if importlib.util.find_spec("torch_mlir") is None:
            self.skipTest("torch-mlir is not installed; scripts/setup --torch installs it")
        from torch_mlir import ir

        # torch-mlir has an MLIR of its own, of another version.
        for result in (plain, packed):
            with ir.Context() as context:
                self.assertIn("quant.scast", str(ir.Module.parse(result.module, context)))

    def test_an_error_carries_the_compilers_message(self):
        with self.assertRaises(PDQError) as caught:
            pdq.quantize("func.func @main(\n", np.zeros((1, 1, 8, 8)))
        self.assertIn("error:", str(caught.exception))
        self.assertRegex(str(caught.exception), "^input.mlir:1")

    def test_an_unknown_option_is_an_error(self):
        with self.assertRaises(PDQError) as caught:
            pdq.quantize(DIGITS / "digits.mlirbc", np.zeros((1, 1, 8, 8)), wieght_bits=2)
        self.assertIn("option 'wieght-bits' is unknown; did you mean 'weight-bits'?", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
