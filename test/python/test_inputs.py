"""What users have in memory: what is taken, and the line for what is not."""

import importlib.util
import pathlib
import tempfile
import unittest

if importlib.util.find_spec("numpy") is None:
    raise unittest.SkipTest("numpy is not installed; scripts/setup --tests installs it")

import numpy as np

from pdq import PDQError, QuantizedModule, _inputs, _tools

IDENTITY = "func.func @main(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {\n  return %x : tensor<4x2xf32>\n}\n"
# Two inputs in the other order.
TWO = """
func.func @main(%x: tensor<4x2xf32>, %y: tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<4x2xf32>) {
  return %y, %x : tensor<4x3xf32>, tensor<4x2xf32>
}
"""
# The sum of 3 channels.
SUM = """
func.func @main(%x: tensor<1x3x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x3x1x1xf32>
  %e = tensor.empty() : tensor<1x1x1x1xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x3x1x1xf32>, tensor<1x3x1x1xf32>)
      outs(%i : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}
"""


def built(tool):
    try:
        return _tools.find_tool(tool)
    except PDQError:
        return None


class InputsTest(unittest.TestCase):
    def refuse(self, data, words):
        with self.assertRaisesRegex(PDQError, words) as caught:
            _inputs.as_array(data, "images")
        self.assertNotIn("\n", str(caught.exception))

    def test_arrays_keep_their_element_type(self):
        for kind in (np.uint8, np.float32, np.float64, np.int64, np.bool_):
            self.assertEqual(_inputs.as_array(np.ones((2, 3), kind), "images").dtype, kind)

    def test_half_precision_is_widened_since_files_do_not_have_it(self):
        array = _inputs.as_array(np.array([[0.1]], np.float16), "images")
        self.assertEqual((array.dtype, array[0, 0]), (np.float32, np.float32(np.float16(0.1))))

    def test_nested_lists_are_arrays(self):
        np.testing.assert_array_equal(_inputs.as_array([[1.0, 2.0]], "images"), [[1, 2]])

    def test_what_is_no_number_is_refused(self):
        self.refuse([["a"]], r"images: found an array of <U1, expected an array or tensor of numbers")
        self.refuse(np.ones((1, 2), np.complex64), "found an array of complex64")
        self.refuse(object(), "images: found object, expected an array")
        self.refuse(None, "images: found NoneType")
        self.refuse({"x": 1}, "images: found dict")

    def test_shapes_without_samples_are_refused(self):
        self.refuse(3.0, "found a single number, expected samples")
        self.refuse(np.zeros((0, 3)), r"no samples, the shape is \[0, 3\]")
        self.refuse([], r"no samples, the shape is \[0\]")
        self.refuse([[1.0], [1.0, 2.0]], "lists of different lengths")

    def test_numbers_that_are_not_finite_are_named(self):
        self.refuse(np.array([[0.0], [np.nan]]), "sample 1 contains nan, expected finite numbers")
        self.refuse(np.array([[np.inf]]), "sample 0 contains inf")

    def test_a_path_is_read_by_the_tools(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "x.npy"
            with self.assertRaisesRegex(PDQError, "images: there is no file '.*x.npy'"):
                _inputs.save_data(path, folder, "y.npy", "images")
            path.write_bytes(b"")
            self.assertEqual(_inputs.save_data(str(path), folder, "y.npy", "images"), path)

    def test_networks_that_are_none(self):
        with tempfile.TemporaryDirectory() as folder:
            for model, words in (
                (3, "the network is int, expected a torch.nn.Module, an exported program, an MLIR module"),
                (b"", "the network is empty"),
                ("\n", "the network is empty"),
                ("none.mlir", "there is no file 'none.mlir'"),
                (folder, "there is no file"),
            ):
                with self.subTest(model=model), self.assertRaisesRegex(PDQError, words):
                    _inputs.save_network(model, folder, None)

    def test_a_module_of_bindings_is_its_text(self):
        class Module:
            operation = context = None

            def __str__(self):
                return IDENTITY

        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(_inputs.save_network(Module(), folder, None).read_text(), IDENTITY)

    def test_a_result_is_saved_whole_or_not_at_all(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "q.mlirbc"
            QuantizedModule(b"MLIR", None).save(path)
            self.assertEqual([p.name for p in pathlib.Path(folder).iterdir()], ["q.mlirbc"])
            with self.assertRaisesRegex(PDQError, "none/q.mlirbc: cannot write: No such file"):
                QuantizedModule(b"MLIR", None).save(pathlib.Path(folder) / "none" / "q.mlirbc")


@unittest.skipUnless(built("pdq-opt") and built("pdq-run"), "pdq is not built; scripts/build builds it")
class BytesTest(unittest.TestCase):
    """Bytes mean the same in Python and in the tools: images."""

    # (1 - mean) / std, summed over the channels of a white image.
    WHITE = sum((1 - m) / s for m, s in zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

    def setUp(self):
        import pdq

        self.pdq = pdq

    def test_bytes_are_normalized_images_in_either_layout(self):
        for shape in ((2, 3, 1, 1), (2, 1, 1, 3)):
            outputs = self.pdq.run(SUM, np.full(shape, 255, np.uint8))
            np.testing.assert_allclose(outputs.ravel(), [self.WHITE] * 2, rtol=1e-5)

    def test_mean_and_deviation_can_be_given(self):
        image = np.array([255, 0, 51], np.uint8).reshape(1, 3, 1, 1)
        outputs = self.pdq.run(SUM, image, mean=(0, 0, 0.2), std=(0.5, 1, 1))
        np.testing.assert_allclose(outputs.ravel(), [2], rtol=1e-6)

    def test_bytes_for_a_vector_are_refused_not_taken_for_0_to_255(self):
        with self.assertRaisesRegex(PDQError, "input.npy: samples are ui8, which are images, but .* rank 2"):
            self.pdq.run(IDENTITY, np.ones((4, 2), np.uint8))

    def test_other_integers_are_refused(self):
        with self.assertRaisesRegex(PDQError, "samples are i64.*expected f32 or f64"):
            self.pdq.run(IDENTITY, np.ones((4, 2), np.int64))

    def test_several_inputs_and_outputs_are_tuples(self):
        first, second = np.ones((6, 2), np.float32), np.arange(18, dtype=np.float32).reshape(6, 3)
        outputs = self.pdq.run(TWO, (first, second))
        self.assertIsInstance(outputs, tuple)
        for output, expected in zip(outputs, (second, first), strict=True):
            np.testing.assert_array_equal(output, expected)

    def test_each_input_wants_its_samples(self):
        with self.assertRaisesRegex(PDQError, "option 'input' names 1 files, the network has 2 inputs"):
            self.pdq.run(TWO, np.ones((6, 2), np.float32))
        with self.assertRaisesRegex(PDQError, "input1.npy: has 5 samples, .*input0.npy has 6"):
            self.pdq.run(TWO, (np.ones((6, 2), np.float32), np.ones((5, 3), np.float32)))
        with self.assertRaisesRegex(PDQError, "images: an empty tuple"):
            self.pdq.run(TWO, ())

    def test_a_wrong_rank_says_which_is_right(self):
        with self.assertRaisesRegex(PDQError, r"samples have shape \[4, 2, 1\], expected \[N, 2\]"):
            self.pdq.run(IDENTITY, np.ones((4, 2, 1), np.float32))

    def test_numbers_of_64_bits_are_rounded(self):
        outputs = self.pdq.run(IDENTITY, np.full((4, 2), 0.1))
        np.testing.assert_array_equal(outputs, np.full((4, 2), 0.1, np.float32))

    def test_calibration_takes_the_same_images(self):
        images = np.arange(2 * 3, dtype=np.uint8).reshape(2, 3, 1, 1) * 40
        mean, std = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
        floats = (images / np.float32(255) - mean.reshape(3, 1, 1)) / std.reshape(3, 1, 1)
        options = {"iterations": 0, "prediction_difference": False, "distribution_correction": False}
        results = [self.pdq.quantize(SUM, data, **options).module for data in (images, floats)]
        self.assertEqual(*results)


if __name__ == "__main__":
    unittest.main()
