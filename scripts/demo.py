"""Quantizes the handwritten digits network to 2 bits and shows the result.

Usage: scripts/demo [--target=cpu|cuda|auto] [--simulate] [--samples=N]
                    [--iterations=N] [--keep=DIRECTORY]

Prints the accuracy of the float network, of 2-bit weights and activations
rounded to nearest and of PD-Quant, the losses of every region, and the time;
then runs the exported module and compares its outputs with the simulation
that was calibrated. --keep leaves the modules and the report in a directory.

--target=cuda calibrates on a CUDA device. With --simulate that is the simulated
device, which executes the same device code on the CPU: slow, so it takes few
samples and iterations, and shows that the GPU path works, not how fast.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DIGITS = ROOT / "examples" / "digits"
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
TOOLS = BUILD / "bin"
SIMULATED_GPU = BUILD / "lib" / "pdq-simulated-gpu" / "libcuda.so.1"
CALIBRATION = DIGITS / "calibration.npy"
IMAGES, LABELS = DIGITS / "test_images.npy", DIGITS / "test_labels.npy"
SETTINGS = "weight-bits=2 activation-bits=2 preset=resnet seed=1 threads=2"


def call(tool, *arguments):
    """Runs a tool; its stderr passes through. Returns the lines of its stdout."""
    command = [str(TOOLS / tool), *map(str, arguments)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"demo: {' '.join(command)}\ndemo: failed with status {result.returncode}")
    return result.stdout.strip().split("\n")


def accuracy(module):
    """The accuracy on the test images, as pdq-run words it."""
    line = call("pdq-run", module, f"--input={IMAGES}", f"--labels={LABELS}")[-1]
    return re.fullmatch(r"accuracy: (.*)", line)[1]


def quantize(folder, name, options, target, calibration):
    """Calibrates and exports; returns (simulation, exported module, report, seconds)."""
    simulation, exported = folder / f"{name}-simulation.mlirbc", folder / f"{name}.mlirbc"
    report = folder / f"{name}.json"
    start = time.time()
    pipeline = f"calibration={calibration} {SETTINGS} target={target} {options} report={report}"
    call(
        "pdq-opt",
        DIGITS / "digits.mlirbc",
        f"--pdq-quantize={pipeline} checkpoint={simulation}",
        "--emit-bytecode",
        "-o",
        exported,
    )
    return simulation, exported, json.loads(report.read_text()), time.time() - start


def print_regions(regions):
    print(f"\n{'region':20} {'reconstruction loss':>24} {'prediction difference':>24} {'ms/iteration':>13}")
    for region in regions:
        pairs = [region["reconstruction_loss"], region["prediction_difference"]]
        texts = [f"{before:.4f} -> {after:.4f}" for before, after in pairs]
        print(f"{region['name']:20} {texts[0]:>24} {texts[1]:>24} {region['milliseconds_per_iteration']:13.2f}")


def take_samples(folder, count):
    """The first samples of the calibration set, as a file of its own."""
    data = CALIBRATION.read_bytes()
    header = 10 + int.from_bytes(data[8:10], "little")
    count_text = re.search(rb"'shape': \((\d+),", data[:header])
    total = int(count_text[1])
    count = min(count, total)
    text = data[10:header].replace(count_text[1] + b",", b"%d," % count, 1)
    text = text.rstrip(b" \n").ljust(header - 11) + b"\n"
    samples = folder / "samples.npy"
    samples.write_bytes(data[:10] + text + data[header : header + (len(data) - header) // total * count])
    return samples


def demonstrate(folder, iterations, target, calibration):
    print("float                 ", accuracy(DIGITS / "digits.mlirbc"), flush=True)
    _, nearest, _, _ = quantize(folder, "nearest", "iterations=0", target, calibration)
    print("2 bits, to nearest    ", accuracy(nearest), flush=True)
    options = f"iterations={iterations} distribution-correction-steps={min(20, iterations)}"
    simulation, exported, report, seconds = quantize(folder, "pd-quant", options, target, calibration)
    print("2 bits, PD-Quant      ", accuracy(exported), flush=True)
    print_regions(report["regions"])
    print(f"\ncalibration: {seconds:.1f} s, {report['batch_norms_captured']} batch norms captured")
    print("\nexported module against the calibrated simulation:")
    print("\n".join(call("pdq-run", simulation, f"--compare={exported}", f"--input={IMAGES}")[-2:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", choices=("cpu", "cuda", "auto"), default="cpu")
    parser.add_argument("--simulate", action="store_true")
    parser.add_argument("--samples", type=int)
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.simulate:
        if arguments.target != "cuda":
            parser.error("--simulate needs --target=cuda")
        os.environ["PDQ_CUDA_LIBRARY"] = str(SIMULATED_GPU)
    iterations = arguments.iterations or (2 if arguments.simulate else 100)
    samples = arguments.samples or (32 if arguments.simulate else None)
    start = time.time()
    with tempfile.TemporaryDirectory(prefix="pdq-demo-") as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        calibration = take_samples(folder, samples) if samples else CALIBRATION
        demonstrate(folder, iterations, arguments.target, calibration)
    print(f"\n{time.time() - start:.1f} s in all")


if __name__ == "__main__":
    main()
