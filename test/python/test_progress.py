"""Progress of a quantization: what a callback gets, and what is shown."""

import contextlib
import importlib.util
import io
import unittest

if importlib.util.find_spec("numpy") is None:
    raise unittest.SkipTest("numpy is not installed; scripts/setup --tests installs it")

import numpy as np

import pdq
from pdq import _progress, _tools
from test_options import IMAGES, NETWORK

LINE = (
    '{"progress":{"phase":"optimizing","region":"block1","finished_regions":1,"regions":4,"iteration":50,'
    '"iterations":100,"loss":0.5,"reconstruction":0.25,"prediction_difference":0.125,"rounding_regularizer":0.125,'
    '"seconds_left":10,"later":1}}\n'
)


def is_built():
    try:
        return bool(_tools.find_tool("pdq-opt"))
    except pdq.PDQError:
        return False


class LineTest(unittest.TestCase):
    def test_a_line_of_progress_has_types(self):
        progress = pdq.Progress.from_line(LINE)
        self.assertEqual((progress.region, progress.phase, progress.iteration), ("block1", "optimizing", 50))
        self.assertEqual(progress.prediction_difference, 0.125)
        # One region of four, and half of another.
        self.assertEqual(progress.fraction, 0.375)
        self.assertIsNone(progress.report)

    def test_another_line_is_none(self):
        self.assertIsNone(pdq.Progress.from_line("a.mlir:1:1: remark: preset is resnet\n"))

    @unittest.skipIf(importlib.util.find_spec("tqdm") is None, "tqdm is not installed; pip install tqdm")
    def test_a_bar_shows_the_fraction(self):
        with contextlib.redirect_stderr(io.StringIO()) as err:
            bar = _progress.Bar()
            bar.show(pdq.Progress.from_line(LINE))
            bar.close()
        self.assertIn("block1 (optimizing):  38%", err.getvalue())
        self.assertIn("loss 0.5", err.getvalue())


@unittest.skipUnless(is_built(), "pdq is not built; scripts/build builds it")
class QuantizeTest(unittest.TestCase):
    SETTINGS = {"iterations": 1, "batch": 2, "preset": "resnet", "check": 0}

    def test_a_callback_gets_every_phase_and_the_report_of_the_region(self):
        seen = []
        result = pdq.quantize(NETWORK, np.array(IMAGES, np.float32), callback=seen.append, **self.SETTINGS)
        self.assertEqual((seen[0].region, seen[0].phase), ("network", "computing the predictions"))
        self.assertEqual(seen[-1].phase, "finished")
        self.assertEqual(seen[-1].report, result.report.regions[0])
        self.assertEqual((seen[-1].finished_regions, seen[-1].regions, seen[-1].fraction), (1, 1, 1.0))

    def test_an_exception_of_the_callback_ends_it(self):
        def fail(progress):
            raise KeyError(progress.phase)

        with self.assertRaisesRegex(KeyError, "computing the predictions"):
            pdq.quantize(NETWORK, np.array(IMAGES, np.float32), callback=fail, **self.SETTINGS)

    def test_where_nothing_changes_there_is_a_line_a_region(self):
        with contextlib.redirect_stderr(io.StringIO()) as err:
            result = pdq.quantize(NETWORK, np.array(IMAGES, np.float32), progress=True, **self.SETTINGS)
        name = result.report.regions[0].name
        self.assertRegex(err.getvalue(), rf"(?m)^\[1/1\] {name}: reconstruction .* s$")
        self.assertNotIn("{", err.getvalue())

    def test_the_result_runs_and_shows_itself(self):
        samples = np.array(IMAGES, np.float32)
        result = pdq.quantize(NETWORK, samples, weight_bits=8, activation_bits=8, **self.SETTINGS)
        np.testing.assert_array_equal(result.run(samples), pdq.run(result, samples))
        labels = result.run(samples).argmax(1)
        self.assertEqual(result.accuracy(samples, labels), 1.0)
        self.assertEqual(result.accuracy(samples, [labels[0], 1 - labels[1]]), 0.5)
        with self.assertRaisesRegex(pdq.PDQError, "labels"):
            result.accuracy(samples, [0, 1, 0])
        shown = result._repr_html_()
        self.assertIn("8-bit weights, 8-bit activations", shown)
        self.assertIn(f"<td>{result.report.regions[0].name}</td>", shown)


if __name__ == "__main__":
    unittest.main()
