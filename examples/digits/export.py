"""Exports the trained digits network and its data: python export.py WEIGHTS.pt

Writes, beside this script, what `scripts/demo` reads: `digits.mlirbc` (what
torch-mlir makes of the network by default: batch norms as chains of linalg
ops, as MLIR bytecode without locations), `calibration.npy` (1,024 training
images), `test_images.npy` and `test_labels.npy`. Needs torch, scikit-learn,
the `pdq` Python package with torch-mlir, and mlir-opt of LLVM 22.
"""

import argparse
import pathlib
import shutil
import subprocess

import numpy as np
import torch

import pdq.torch
from network import accuracy, build_network, load_data

HERE = pathlib.Path(__file__).resolve().parent
BATCH = 32
CALIBRATION_SAMPLES = 1024


def write_bytecode(text, path):
    tool = shutil.which("mlir-opt-22") or "mlir-opt"
    command = [tool, "-", "--strip-debuginfo", "--emit-bytecode", "-o", str(path)]
    subprocess.run(command, input=text.encode(), check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights")
    arguments = parser.parse_args()
    network = build_network()
    network.load_state_dict(torch.load(arguments.weights, map_location="cpu"))
    network.eval()
    train_images, test_images, _, test_labels = load_data()
    print(f"float accuracy: {accuracy(network, test_images, test_labels):.2f} %")
    module = pdq.torch.export(network, torch.zeros(BATCH, 1, 8, 8))
    write_bytecode(module, HERE / "digits.mlirbc")
    np.save(HERE / "calibration.npy", train_images[:CALIBRATION_SAMPLES])
    np.save(HERE / "test_images.npy", test_images)
    np.save(HERE / "test_labels.npy", test_labels)


if __name__ == "__main__":
    main()
