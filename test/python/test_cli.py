"""The command line: what it takes, and the one line that each wrong input gives."""

import contextlib
import importlib.util
import io
import json
import pathlib
import tempfile
import typing
import unittest

if importlib.util.find_spec("numpy") is None:
    raise unittest.SkipTest("numpy is not installed; scripts/setup --tests installs it")

import numpy as np

import pdq
from pdq import _cli, _pictures, _tools

DIGITS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "digits"
NETWORK = """
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<[[0.5, -1.0], [2.0, 0.25]]> : tensor<2x2xf32>
  %z = arith.constant dense<0.0> : tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
"""

def call(*arguments):
    """(exit code, stdout, stderr) of a command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = _cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = stop.code
    return status, out.getvalue(), err.getvalue()


def is_built():
    try:
        return bool(_tools.find_tool("pdq-opt") and _tools.find_tool("pdq-run"))
    except pdq.PDQError:
        return False


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.network = self.folder / "net.mlir"
        self.network.write_text(NETWORK)
        self.samples = self.folder / "x.npy"
        np.save(self.samples, np.array([[0.5, -0.25], [1.0, 0.75], [-1.0, 0.5], [0.0, 1.0]], np.float32))

    def quantize(self, *arguments, network=None, data=None):
        return call("quantize", network or self.network, "--data", data or self.samples, "-o", self.folder / "q.mlirbc", *arguments)

    def check_error(self, result, message):
        status, out, err = result
        self.assertEqual((status, out), (1, ""))
        *remarks, error = err.splitlines()
        self.assertTrue(all(": remark: " in line for line in remarks), err)
        self.assertIn(message, error)
        self.assertFalse((self.folder / "q.mlirbc").exists())


class OptionsTest(CommandLineTest):
    def test_every_option_of_quantize_is_there_with_its_meaning(self):
        status, out, _ = call("quantize", "--help")
        text = " ".join(out.split())
        self.assertEqual(status, 0)
        for name in typing.get_type_hints(pdq.QuantizeOptions):
            self.assertIn(f"--{name.replace('_', '-')}", out)
        self.assertIn("Bits of weights, 2 to 8 (4)", text)
        self.assertIn("--learned-rounding | --no-learned-rounding", text.replace(", --no", " | --no"))
        self.assertIn("80 % of the machine's", text)

    def test_wrong_options(self):
        for arguments, message in (
            (["--weight-bit", "2"], "argument '--weight-bit' is unknown; did you mean '--weight-bits'?"),
            (["--weight-bits", "two"], "argument --weight-bits: invalid int value: 'two'"),
            (["extra"], "argument 'extra' is unknown"),
            (["--init", "best"], "argument --init: invalid choice: 'best'"),
            (["--resize", "2x"], "argument --resize: '2x' is no size, expected N or HxW"),
            (["--resize", "2"], "x.npy: option '--resize' is for folders of pictures"),
            (["--samples", "0"], "option '--samples' is 0, expected at least 1"),
            (["--labels", "y.npy"], "option '--labels' is for the samples of --test, which is missing"),
            (["--test", self.samples], "option '--test' needs labels"),
            (["--test", self.samples, "--labels", "y.npy"], "there is no file 'y.npy'"),
            (["--report", self.folder / "none" / "r.json"], "r.json: there is no folder"),
            (["--report", self.folder], "cannot be written"),
        ):
            with self.subTest(message):
                self.check_error(self.quantize(*arguments), message)

    def test_wrong_files(self):
        text = self.folder / "x.txt"
        text.write_text("1 2 3")
        onnx = self.folder / "none.onnx"
        self.check_error(self.quantize(data=self.folder / "none.npy"), "there is no file or folder")
        self.check_error(self.quantize(data=text), "x.txt: expected a .npy file or a folder of pictures")
        self.check_error(self.quantize(network=onnx), f"there is no file '{onnx}'")
        network = self.folder / "none.mlir"
        self.check_error(self.quantize(network=network), f"there is no file '{network}'")
        self.check_error(call("run", network, "--data", self.samples), f"there is no file '{network}'")


@unittest.skipUnless(is_built(), "pdq is not built; scripts/build builds it")
class CommandsTest(CommandLineTest):
    def test_errors_of_the_compiler_are_one_line(self):
        self.check_error(self.quantize("--weight-bits", "9"), "weight-bits")
        self.network.write_text("func.func @main(\n")
        self.check_error(self.quantize(), "net.mlir:1:17: error:")
        self.network.write_text(NETWORK)
        self.samples.write_bytes(b"\x93NUMPY")
        self.check_error(self.quantize(), "x.npy")

    def test_quantize_and_run(self):
        report, output, labels = self.folder / "r.json", self.folder / "y.npy", self.folder / "labels.npy"
        np.save(labels, np.load(self.samples) @ np.array([[0.5, -1.0], [2.0, 0.25]]) @ [[-1], [1]] > 0)
        np.save(labels, np.load(labels)[:, 0].astype(np.int64))
        status, out, err = self.quantize(
            "--weight-bits=8", "--activation-bits=8", "--iterations=2", "--no-learned-rounding", "--report", report,
            "--test", self.samples, "--labels", labels,
        )  # fmt: skip
        self.assertEqual(status, 0, err)
        self.assertRegex(out, r"q.mlirbc: [\d,]+ bytes\nfloat: accuracy 100.00 %\nquantized: accuracy 100.00 %\n")
        self.assertRegex(err, r"(?m)^\[1/1\] .*: reconstruction ")
        settings = json.loads(report.read_text())["settings"]
        self.assertEqual((settings["weight-bits"], settings["learned-rounding"]), (8, False))
        status, out, err = call("run", self.folder / "q.mlirbc", "--data", self.samples, "-o", output, "--labels", labels)
        self.assertEqual((status, err), (0, ""))
        self.assertIn("accuracy 100.00 %", out)
        np.testing.assert_allclose(np.load(output), np.load(self.samples) @ [[0.5, -1.0], [2.0, 0.25]], atol=0.05)


@unittest.skipIf(_pictures.PIL is None, "Pillow is not installed; scripts/setup --tests installs it")
class PicturesTest(CommandLineTest):
    def write(self, name, pixels):
        path = self.folder / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _pictures.PIL.Image.fromarray(np.array(pixels, np.uint8)).save(path)

    def test_folders_are_classes_in_the_order_of_names(self):
        red, blue = [255, 0, 0], [0, 0, 255]
        self.write("b/1.png", [[blue, red]])
        self.write("a/2.png", [[red, red]])
        self.write("a/1.png", [[red, blue]])
        pictures = _pictures.Pictures(self.folder / "pictures")
        self.assertEqual(pictures.labels.tolist(), [0, 0, 1])
        self.assertEqual(pictures.read(range(3)).tolist(), [[[red, blue]], [[red, red]], [[blue, red]]])
        self.assertEqual(len(pictures.sample(2, seed=1)), 2)
        flipped = _pictures.Pictures(self.folder / "pictures", colors="bgr")
        self.assertEqual(flipped.read([0]).tolist(), [[[blue, red]]])
        # The luminance of red, 0.299, and of blue, 0.114.
        gray = _pictures.Pictures(self.folder / "pictures", colors="gray")
        self.assertEqual(gray.read([0]).tolist(), [[[[76], [29]]]])

    def test_the_shorter_side_is_scaled_and_the_middle_cut_out(self):
        self.write("a.png", np.tile(np.arange(8)[None, :, None] * 10, (4, 1, 3)))
        pictures = _pictures.Pictures(self.folder / "pictures", resize=(2,), crop=(2,))
        self.assertIsNone(pictures.labels)
        self.assertEqual(pictures.read([0]).shape, (1, 2, 2, 3))
        # Two columns of eight in each of four; the middle ones.
        np.testing.assert_allclose(pictures.read([0])[0, 0, :, 0], [25, 45], atol=2)

    def test_wrong_pictures(self):
        folder = self.folder / "pictures"
        folder.mkdir()
        self.check_error(self.quantize(data=folder), "holds no pictures")
        self.write("a.png", [[[1, 2, 3]]])
        self.write("b.png", [[[1, 2, 3], [4, 5, 6]]])
        self.check_error(self.quantize(data=folder), "b.png: has 1x2 pixels")
        self.check_error(self.quantize("--crop=2", data=folder), "a.png: has 1x1 pixels, fewer than the 2x2 of --crop")
        (folder / "b.png").write_bytes(b"no picture")
        self.check_error(self.quantize(data=folder), "b.png: cannot be read as a picture")
        self.check_error(self.quantize("--test", folder, "--labels", "y.npy"), "option '--labels' is for .npy files")


if __name__ == "__main__":
    unittest.main()
