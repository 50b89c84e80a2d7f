# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The demonstration: a network for handwritten digits in 2 bits."""

import pathlib
import time

import numpy as np

from pdq._tools import PDQError
from pdq.quantize import accuracy, quantize, run

SETTINGS = {"weight_bits": 2, "activation_bits": 2, "preset": "resnet", "seed": 1}


def _find_digits():
    """The folder of the network and its images: inside of this package, or of the checkout."""
    here = pathlib.Path(__file__).resolve()
    for folder in (here.parent / "digits", here.parents[2] / "examples" / "digits"):
        if (folder / "digits.mlirbc").is_file():
            return folder
    raise PDQError("this installation has no digits network; install the wheel that scripts/wheel builds")


def demonstrate(iterations):
    """Prints the accuracy of the float network, of rounding to nearest, and of PD-Quant."""
    start, digits = time.time(), _find_digits()
    network, samples = digits / "digits.mlirbc", digits / "calibration.npy"
    images, labels = digits / "test_images.npy", digits / "test_labels.npy"

    def show(name, model):
        print(f"{name:20} {100 * accuracy(model, images, labels):.2f} %", flush=True)

    show("float", network)
    show("2 bits, to nearest", quantize(network, samples, iterations=0, **SETTINGS))
    result = quantize(
        network,
        samples,
        progress=True,
        iterations=iterations,
        distribution_correction_steps=min(20, iterations),
        **SETTINGS,
    )
    show("2 bits, PD-Quant", result)
    digit = int(np.argmax(run(result, np.load(images)[:1])))
    print(f"the first test image is a {np.load(labels)[0]}, the quantized network says {digit}")
    print(f"{network.stat().st_size:,} bytes became {len(result.module):,}; {time.time() - start:.0f} s in all")
