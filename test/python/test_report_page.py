"""The report as JSON and as a page: its schema, its size, and what a browser says."""

import importlib.util
import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock

if importlib.util.find_spec("numpy") is None:
    raise unittest.SkipTest("numpy is not installed; scripts/setup --tests installs it")

import pdq
from pdq import PDQError, _report_page, _tools
from pdq._cli import main

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "examples" / "tiny"
HAS_CHARTS = all(importlib.util.find_spec(name) for name in ("altair", "vl_convert"))
NEEDS_CHARTS = "altair is not installed; scripts/setup --tests installs it"
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
NEEDS_BROWSER = "there is no chromium; apt-get install chromium"


def make_quantizer(random_, kind, bits, channels):
    values = [math.floor(min(max(random_.gauss(0.5, 0.2), 0), 0.999) * 2**bits) for _ in range(2000)]
    return {
        "kind": kind,
        "shape": [channels, 64, 3, 3] if kind == "weight" else [32, 64, 14, 14],
        "bits": bits,
        "axis": 0 if kind == "weight" else None,
        "scales": [random_.uniform(0.01, 0.02) for _ in range(channels if kind == "weight" else 1)],
        "zero_points": [2 ** (bits - 1)] * (channels if kind == "weight" else 1),
        "level_counts": [values.count(level) for level in range(2**bits)],
        "saturation": random_.uniform(0, 0.02),
        "snr_db": 6.0 * bits - random_.uniform(1, 4),
    }


def make_region(random_, name, bits):
    iterations = list(range(1, 20001, 100)) + [20000]
    fall = [random_.uniform(0.8, 1.2) * math.exp(-i / 6000) for i in iterations]
    parts = {f"{part}_seconds": random_.uniform(0.1, 3) for part in ("compile", "initialization", "correction", "iteration", "evaluation")}
    difference = random_.uniform(0.001, 0.05)
    return {
        "name": name,
        "iterations": 20000,
        "seconds": sum(parts.values()),
        "milliseconds_per_iteration": 1.5,
        **parts,
        "reconstruction_loss": [random_.uniform(0.5, 1), random_.uniform(0.1, 0.4)],
        "prediction_difference": [2 * difference, difference],
        "sensitivity": difference / 3,
        "loss_curve": {
            "iterations": iterations,
            "total": [3 * loss for loss in fall],
            **{loss: fall for loss in ("reconstruction", "prediction_difference", "rounding_regularizer")},
        },
        "quantizers": [make_quantizer(random_, kind, bits, 256) for kind in ("weight", "weight", "activation", "activation")],
        "activation_scales": [0.01, 0.01],
        "rounding_flipped": 700,
    }


def make_report(regions, bits=4, seed=1):
    """A report as long calibrations write it."""
    random_ = random.Random(seed)
    return {
        "version": 3,
        "settings": {"iterations": 20000, "batch": 32, "granularity": "block", "learned-rounding": True, "scale-learning": True,
                     "prediction-difference": True, "distribution-correction": True, "target": "cpu", "weight-bits": bits},
        "seed": 1,
        "data_sha256": "0" * 64,
        "total_seconds": 600.0,
        "peak_memory_bytes": 2**30,
        "batch_norms_captured": 53,
        "coverage": [
            {"region": f"block{i}", "operation": "linalg.conv_2d_nchw_fchw", "location": "", "weight_bits": [bits], "input_bits": [bits], "reason": ""}
            for i in range(regions)
        ],
        "regions": [make_region(random_, f"block{i}", bits) for i in range(regions)],
        "accuracy": {"original": 0.7102, "quantized": 0.6874, "samples": 50000},
    }


def write(folder, name, report):
    path = pathlib.Path(folder) / name
    path.write_text(json.dumps(report))
    return path


def open_page(page, width, picture=None, is_dark=False):
    """Opens a file in headless Chromium; returns (its elements after drawing, its messages)."""
    with tempfile.TemporaryDirectory(prefix="pdq-") as profile:
        command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--enable-logging=stderr",
                   f"--window-size={width},900", "--virtual-time-budget=20000", "--host-resolver-rules=MAP * ~NOTFOUND"]
        command += ["--blink-settings=preferredColorScheme=0"] if is_dark else []
        command += [f"--screenshot={picture}"] if picture else []
        done = subprocess.run([*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=240, check=True)
    return done.stdout, re.findall(r".*CONSOLE.*", done.stderr)


class CommandTest(unittest.TestCase):
    def fail_with(self, pattern, *arguments):
        with self.assertRaisesRegex(PDQError, pattern):
            _report_page.write_page(*arguments)

    def test_what_is_no_report_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.html"
            with unittest.mock.patch("importlib.util.find_spec", return_value=object()):
                self.fail_with("nowhere.json: cannot read: No such file", f"{folder}/nowhere.json", page)
                self.fail_with("a.json: no report of a quantization", write(folder, "a.json", [1]), page)
                self.fail_with("a.json: report has form 2, expected 3", write(folder, "a.json", {"version": 2, "regions": [1]}), page)
                self.fail_with("a.json: report has no region", write(folder, "a.json", {"version": 3, "regions": []}), page)
            self.assertFalse(page.exists())

    def test_what_is_missing_is_named(self):
        with unittest.mock.patch("importlib.util.find_spec", return_value=None):
            self.fail_with(r"needs altair, which is not installed; pip install 'pdq\[report\]'", "a.json", "page.html")


@unittest.skipUnless(HAS_CHARTS, NEEDS_CHARTS)
class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="pdq-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.report = write(cls.folder, "large.json", make_report(50))
        cls.page = cls.folder / "large.html"
        assert main(["report", str(cls.report), "-o", str(cls.page)]) == 0

    def test_fifty_regions_are_below_two_megabytes(self):
        self.assertLess(self.page.stat().st_size, 2_000_000)

    def test_nothing_is_loaded(self):
        text = re.sub(r"<script type='module'>.*", "", self.page.read_text(), flags=re.S)
        self.assertEqual(re.findall(r"""(?:src|href)=["'](?!data:)[^"']*""", text), [])

    def test_the_worst_region_and_the_accuracy_are_said(self):
        text = self.page.read_text()
        worst = max(json.loads(self.report.read_text())["regions"], key=lambda region: region["sensitivity"])["name"]
        self.assertIn(f"<b class='bad'>{worst}</b> hurts most", text)
        self.assertIn("68.74\N{NO-BREAK SPACE}%", text)
        self.assertIn("71.02\N{NO-BREAK SPACE}% before (-2.28)", text)

    def test_names_are_no_markup(self):
        report = make_report(1)
        report["regions"][0]["name"] = "</script><b>x"
        _report_page.write_page(write(self.folder, "names.json", report), self.folder / "names.html")
        self.assertNotIn("</script><b>x", (self.folder / "names.html").read_text())

    @unittest.skipUnless(BROWSER, NEEDS_BROWSER)
    def test_a_browser_draws_every_chart_and_says_nothing(self):
        other = write(self.folder, "other.json", make_report(3, bits=8, seed=2))
        both = self.folder / "both.html"
        _report_page.write_page(other, both, write(self.folder, "third.json", make_report(3, seed=3)))
        for page, width in ((self.page, 1200), (both, 390)):
            picture = self.folder / f"{page.stem}.png"
            elements, messages = open_page(page, width, picture)
            self.assertEqual(messages, [])
            self.assertTrue(re.search(r'data-drawn="\d+"', elements))
            charts = len(re.findall(r'<div class="chart[^"]*" id=', elements))
            self.assertEqual((charts, elements.count("<canvas")), (10, 10))
            self.assertGreater(picture.stat().st_size, 20_000)


def built():
    try:
        return _tools.find_tool("pdq-opt")
    except PDQError:
        return None


@unittest.skipUnless(built(), "pdq-opt is not built; scripts/build builds it")
class TinyTest(unittest.TestCase):
    """What the compiler writes is what the schema says and the page reads."""

    def test_the_report_of_the_tiny_network(self):
        result = pdq.quantize(TINY / "network.mlir", TINY / "calibration.npy", weight_bits=2, activation_bits=2, iterations=20,
                              batch=8, first_last="none", distribution_correction_steps=3, init_samples=16, threads=1)
        report = json.loads(result.report.to_json())
        with self.subTest("page"):
            if not HAS_CHARTS:
                self.skipTest(NEEDS_CHARTS)
            with tempfile.TemporaryDirectory() as folder:
                page = pathlib.Path(folder) / "page.html"
                _report_page.write_page(write(folder, "report.json", report), page)
                title = re.search("<h1>(.*?)</h1>", page.read_text()).group(1)
                self.assertEqual(title, "A network with 2-bit weights and 2-bit activations")
        with self.subTest("schema"):
            if importlib.util.find_spec("jsonschema") is None:
                self.skipTest("jsonschema is not installed; scripts/setup --tests installs it with altair")
            import jsonschema

            schema = json.loads((ROOT / "python" / "pdq" / "report.schema.json").read_text())
            jsonschema.Draft202012Validator.check_schema(schema)
            jsonschema.validate(report, schema)
            jsonschema.validate(make_report(2), schema)
            for region in report["regions"]:
                del region["sensitivity"]
            with self.assertRaisesRegex(jsonschema.ValidationError, "'sensitivity' is a required property"):
                jsonschema.validate(report, schema)


if __name__ == "__main__":
    unittest.main()
