# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Unseen networks, from PyTorch to integers: are they right, and what is quantized?

Usage: networks.py [--batch N]... [--size N] [--quantize] [NAME]...

Each network of `timm` (random weights, batch norms with random statistics) is exported
and goes through pdq; a line each: signal-to-noise ratio of the float outputs against
PyTorch, quantized weights and inputs of products, and with --quantize whether the
exported module computes what the calibrated one simulates, bit for bit.

Needs, in the Python that runs it: `pip install torch==2.13.0 numpy`, `pip install
--no-deps torch-mlir timm torchvision`, and what they import.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

# PyPI's torchvision has no binary part for this torch; its operators are not used.
for operator in ["nms", "qnms"]:
    torch.library.define(f"torchvision::{operator}", "(Tensor d, Tensor s, float t) -> Tensor")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))

import timm  # noqa: E402

import pdq.torch  # noqa: E402
from pdq import _tools  # noqa: E402

NAMES = """resnetv2_50 resnetv2_50x1_bit densenet121 mixnet_s convnext_tiny vit_tiny_patch16_224
ghostnet_100 regnety_002 repvgg_a0 mobileone_s0 efficientnet_lite0 mobilenetv3_small_100
mobilenetv4_conv_small levit_128s mobilevit_xxs skresnet18 resnest14d""".split()


def make_network(name, size):
    """The network in evaluation mode, with statistics that differ from 0 and 1."""
    torch.manual_seed(1)
    options = {"img_size": size} if re.match("vit|levit", name) else {}
    network = timm.create_model(name, pretrained=False, num_classes=10, **options).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.8, 1.2)
    return network


def run(tool, *arguments):
    """Standard output and errors of a tool; RuntimeError with its last line."""
    command = [_tools.find_tool(tool), *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        lines = [line for line in result.stderr.split("\n") if "error" in line] or [f"status {result.returncode}"]
        raise RuntimeError(f"{tool}: {lines[0][:300]}")
    return result.stdout, result.stderr


def check(name, batch, size, quantize, folder):
    """One line about a network."""
    network = make_network(name, size)
    images = torch.randn(4, 3, size, size, generator=torch.Generator().manual_seed(2))
    module, data = folder / f"{name}-{batch}.mlir", folder / "data.npy"
    module.write_text(pdq.torch.export(network, images[:batch]))
    np.save(data, images.numpy())
    with torch.no_grad():
        expected = network(images).numpy()
    run("pdq-run", module, f"--input={data}", f"--output={folder / 'out.npy'}")
    error = np.load(folder / "out.npy") - expected
    ratio = 10 * np.log10(np.square(expected).sum() / max(np.square(error).sum(), 1e-30))
    _, text = run("pdq-opt", module, "--pdq-annotate", "-o", folder / "annotated.mlir")
    summary = re.search(r"remark: (\d+ of \d+ weights.*)", text)
    line = f"{name:24} batch {batch}: {ratio:6.1f} dB, {summary[1] if summary else 'no product'}"
    for mode in ["float", "quantized"]:
        run("pdq-run", folder / "annotated.mlir", f"--mode={mode}", f"--input={data}", f"--output={folder / 'out.npy'}")
        error = np.load(folder / "out.npy") - expected
        line += f", {mode} {10 * np.log10(np.square(expected).sum() / max(np.square(error).sum(), 1e-30)):.1f}"
    if quantize:
        options = f"calibration={data} iterations=1 batch=2 distribution-correction-steps=1 preset=resnet"
        run("pdq-opt", folder / "annotated.mlir", f"--pdq-calibrate={options}", "-o", folder / "calibrated.mlir")
        run("pdq-opt", folder / "calibrated.mlir", "--pdq-export", "-o", folder / "exported.mlir")
        out, _ = run("pdq-run", folder / "calibrated.mlir", f"--compare={folder / 'exported.mlir'}", f"--input={data}")
        line += ", export " + re.search("max difference: .*", out)[0]
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--batch", type=int, action="append")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--quantize", action="store_true")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names:
            for batch in options.batch or [1, 2]:
                start = time.time()
                try:
                    line = check(name, batch, options.size, options.quantize, pathlib.Path(folder))
                except Exception as error:  # One network must not stop the others.
                    failed += 1
                    line = f"{name:24} batch {batch}: {type(error).__name__}: {str(error)[:400]}"
                print(f"{line} ({time.time() - start:.0f} s)", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
