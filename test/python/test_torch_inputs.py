"""PyTorch's objects as networks and data of the one-call functions."""

import importlib.util
import unittest

for _module in ("numpy", "torch", "torch_mlir"):
    if importlib.util.find_spec(_module) is None:
        raise unittest.SkipTest(f"{_module} is not installed; scripts/setup --torch installs it")

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

import pdq
from pdq import PDQError, _inputs, _tools

OPTIONS = {"iterations": 0, "distribution_correction": False, "seed": 1, "threads": 1}


def small_network():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(1),
        torch.nn.Linear(4, 10),
    )


def samples(count=6):
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def built(tool):
    try:
        return _tools.find_tool(tool)
    except PDQError:
        return None


class DataTest(unittest.TestCase):
    def test_tensors_and_loaders_give_the_array(self):
        data = samples()
        labels = torch.zeros(6)
        for source in (
            data,
            data.clone().requires_grad_(),
            DataLoader(data, batch_size=4),
            DataLoader(TensorDataset(data, labels), batch_size=4),
        ):
            np.testing.assert_array_equal(_inputs.as_array(source, "images"), data.numpy())

    def test_bfloat16_is_widened(self):
        array = _inputs.as_array(torch.full((1, 2), 0.1, dtype=torch.bfloat16), "images")
        np.testing.assert_array_equal(array, np.full((1, 2), 0.10009765625, np.float32))

    def test_loaders_without_one_shape_are_refused(self):
        for source, words in (
            (DataLoader(TensorDataset(samples(0))), "the loader gives no batch"),
            (DataLoader([torch.zeros(1, 2), torch.zeros(1, 3)], batch_size=None), "of shapes"),
            (DataLoader([{"x": torch.zeros(2)}]), "gives batches of dict, expected tensors"),
        ):
            with self.subTest(words=words), self.assertRaisesRegex(PDQError, words):
                _inputs.as_array(source, "images")


@unittest.skipUnless(built("pdq-opt") and built("pdq-run"), "pdq is not built; scripts/build builds it")
class NetworkTest(unittest.TestCase):
    def test_a_network_is_exported_for_the_data(self):
        network, data = small_network(), samples()
        with torch.no_grad():
            expected = network(data).numpy()
        np.testing.assert_allclose(pdq.run(network, data), expected, rtol=1e-4, atol=1e-5)

    def test_every_form_of_a_network_quantizes_to_the_same_bytes(self):
        from torch_mlir import fx

        network, data = small_network(), samples()
        text = pdq.torch.export(network, torch.zeros(6, 3, 8, 8))
        module = fx.export_and_import(network, torch.zeros(6, 3, 8, 8), output_type="linalg-on-tensors", func_name="main")
        forms = (network, text, module, module.operation)
        results = [pdq.run(pdq.quantize(form, data, **OPTIONS), data) for form in forms]
        for result in results[1:]:
            np.testing.assert_array_equal(result, results[0])

    def test_a_loader_of_bytes_is_a_calibration_set(self):
        images = torch.randint(0, 256, (6, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))
        result = pdq.quantize(small_network(), DataLoader(TensorDataset(images), batch_size=4), **OPTIONS)
        # Channels last says the same.
        last = pdq.quantize(small_network(), images.permute(0, 2, 3, 1), **OPTIONS)
        self.assertEqual(result.module, last.module)

    def test_a_network_that_does_not_fit_the_data_is_refused_in_one_line(self):
        with self.assertRaisesRegex(PDQError, r"Sequential cannot be exported for an input \[6, 5, 8, 8\]: ") as caught:
            pdq.quantize(small_network(), torch.zeros(6, 5, 8, 8), **OPTIONS)
        self.assertNotIn("\n", str(caught.exception))

    def test_an_option_without_value_is_the_default(self):
        data = samples()
        results = [pdq.quantize(small_network(), data, **OPTIONS, checkpoint=value).module for value in (None, "")]
        self.assertEqual(*results)


if __name__ == "__main__":
    unittest.main()
