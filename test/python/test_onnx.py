"""Models of ONNX as frontend IR: what arrives, and what cannot be read."""

import importlib.util
import pathlib
import tempfile
import unittest

for package in ("numpy", "onnx", "torch_mlir"):
    if importlib.util.find_spec(package) is None:
        raise unittest.SkipTest(f"{package} is not installed; scripts/setup --torch installs it")

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import pdq
from pdq import _tools


def is_built():
    try:
        return bool(_tools.find_tool("pdq-opt") and _tools.find_tool("pdq-run"))
    except pdq.PDQError:
        return False


def constant(name, values):
    return numpy_helper.from_array(np.array(values, np.float32), name)


class OnnxTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "net.onnx"

    def save(self, nodes, shape, result, constants=(), version=17):
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, result)
        graph = helper.make_graph(nodes, "net", [x], [y], list(constants))
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)], ir_version=8), self.path)

    def test_weights_are_constants_and_the_batch_stays_open(self):
        weight = constant("w", [[1, 2, 3], [4, 5, 6]])
        self.save([helper.make_node("MatMul", ["x", "w"], ["y"])], ["N", 2], ["N", 3], [weight])
        text = pdq.onnx.load(self.path)
        self.assertIn("func.func @net(%arg0: tensor<?x2xf32>) -> tensor<?x3xf32>", text)
        self.assertIn("linalg.matmul", text)

    @unittest.skipUnless(is_built(), "pdq is not built; scripts/build builds it")
    def test_a_model_of_an_old_version_computes_what_onnx_says(self):
        constants = [
            constant("w", np.arange(2 * 1 * 3 * 3).reshape(2, 1, 3, 3) / 8 - 1),
            constant("gamma", [1.0, 0.5]),
            constant("beta", [0.25, -0.5]),
            constant("mean", [0.5, -1.0]),
            constant("variance", [4.0, 1.0]),
        ]
        nodes = [
            helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
            # Version 9 is not lowered as it is.
            helper.make_node("BatchNormalization", ["c", "gamma", "beta", "mean", "variance"], ["b"], epsilon=1e-5),
            helper.make_node("Relu", ["b"], ["r"]),
            helper.make_node("MaxPool", ["r"], ["y"], kernel_shape=[2, 2], strides=[2, 2]),
        ]
        images = np.random.default_rng(1).standard_normal((3, 1, 4, 4)).astype(np.float32)
        # onnx's own evaluator is wrong for batch normalization of version 9.
        self.save(nodes, ["N", 1, 4, 4], ["N", 2, 2, 2], constants, version=17)
        (expected,) = ReferenceEvaluator(str(self.path)).run(None, {"x": images})
        self.save(nodes, ["N", 1, 4, 4], ["N", 2, 2, 2], constants, version=11)
        np.testing.assert_allclose(pdq.run(self.path, images), expected, atol=1e-5)

    def test_what_is_not_lowered_is_named(self):
        self.save([helper.make_node("DFT", ["x"], ["y"], name="seen", axis=1)], [1, 4, 1], [1, 4, 2])
        with self.assertRaisesRegex(pdq.PDQError, 'net.onnx: torch-mlir cannot lower it: no lowering for operator DFT of node "seen"'):
            pdq.onnx.load(self.path)

    def test_a_file_of_something_else(self):
        self.path.write_text("no model")
        with self.assertRaisesRegex(pdq.PDQError, "net.onnx: no model of ONNX: "):
            pdq.run(self.path, np.zeros((1, 2), np.float32))


if __name__ == "__main__":
    unittest.main()
