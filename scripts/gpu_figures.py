"""What a GPU is to reach, as rows of a table: aim, what was measured, and whether it holds.

Each row has a result: "holds", "missed", or "skipped: " and the reason."""

import array
import json
import random
import re
import sys
import time

PARTS = ("iterations", "kernels", "bandwidth", "calibration", "agreement")
ITERATION = "iteration of a ResNet-18, 224 x 224, batch 32"


def write_npy(path, shape):
    """Random images, f32."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header = header.ljust(117) + "\n"
    count = 1
    for size in shape:
        count *= size
    numbers = random.Random(1)
    # Repeated: only the amount of data matters.
    values = array.array("f", (numbers.gauss(0, 1) for _ in range(min(count, 1 << 16))))
    values = (values * (count // len(values) + 1))[:count]
    with open(path, "wb") as stream:
        stream.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
        values.tofile(stream)


def make_row(what, aim, measured, holds, output=""):
    """`holds` is the result, or whether the aim is reached; `output` is what a tool printed."""
    result = holds if isinstance(holds, str) else "holds" if holds else "missed"
    return {"what": what, "aim": aim, "measured": measured, "result": result, "output": output.rstrip()}


class Figures:
    """Measures with the tools that `checks` runs."""

    def __init__(self, checks):
        self.checks, self.arguments = checks, checks.arguments
        self.simulate = checks.arguments.simulate
        # Only a few iterations: no figures.
        self.few = checks.arguments.simulate or checks.arguments.quick
        self.torch, self.why = checks.find_torch(bool(self.arguments.reference) and not self.simulate)

    def measure(self):
        wanted = self.arguments.figures.split(",")
        return [row for name in PARTS if name in wanted for row in getattr(self, f"measure_{name}")()]

    def run(self, what, aim, *command):
        """(output, None), or (None, the row of a command that failed)."""
        process = self.checks.run(*command)
        if process.returncode == 0:
            return process.stdout, None
        print(process.stderr, file=sys.stderr)
        lines = process.stderr.strip().splitlines() or ["no output"]
        return None, make_row(what, aim, "-", f"failed: {lines[-1]}")

    def run_benchmark(self, what, aim, name, *options):
        return self.run(what, aim, sys.executable, self.checks.root / "benchmarks" / name, *options)

    def judge_ratio(self, what, aim, output, least):
        """A ratio to PyTorch, where PyTorch was timed; else pdq's own time."""
        found = re.search(r"^ratio: +([\d.]+)x", output, re.M)
        if found:
            return make_row(what, aim, f"{found[1]}x", self.label(float(found[1]) >= least), output)
        own = re.search(r"^pdq: +([\d.]+ ms)", output, re.M)
        return make_row(what, aim, own[1] if own else "-", f"skipped: {self.why}", output)

    def label(self, holds):
        if self.simulate:
            return "skipped: simulated, no figure"
        return "skipped: --quick, no figure" if self.few else holds

    # Iterations

    def prepare_imagenet(self, what, aim):
        """(folder with the network and random images, None), or (None, the row of a command that failed)."""
        folder = self.checks.scratch / "imagenet"
        if folder.exists():
            return folder, None
        writer = self.checks.root / "test" / "Plan" / "Inputs" / "write_network.py"
        written, failed = self.run(what, aim, sys.executable, writer, "resnet18", "224")
        if failed:
            return None, failed
        text = self.checks.scratch / "resnet18-224.mlir"
        text.write_text(written)
        folder.mkdir()
        tool = self.checks.build / "bin" / "pdq-opt"
        _, failed = self.run(what, aim, tool, text, "--emit-bytecode", "-o", folder / "resnet18-224.mlirbc")
        text.unlink()
        write_npy(folder / "calibration.npy", (64, 3, 224, 224))
        return (None, failed) if failed else (folder, None)

    def time_iteration(self, what, least, network, math, models, data):
        """The row of one network."""
        aim = f"{least}x PyTorch eager"
        options = [f"--network={network}", "--models", models, "--data", data, "--target=cuda", f"--math={math}"]
        options += ["--iterations=2", "--samples=32"] if self.few else ["--iterations=50", "--samples=64"]
        options += ["--reference", self.arguments.reference] if self.torch else ["--only=pdq"]
        output, failed = self.run_benchmark(what, aim, "iteration", *options)
        return failed or self.judge_ratio(what, aim, output, least)

    def measure_iterations(self):
        rows = []
        for math, least in (("tf32", 2), ("bf16", 2.8)):
            what, aim = f"{ITERATION}, {math}", f"{least}x PyTorch eager"
            if self.few:
                why = "--quick" if self.arguments.quick else "it takes too long on the simulated device"
                rows.append(make_row(what, aim, "-", f"skipped: {why}"))
                continue
            folder, failed = self.prepare_imagenet(what, aim)
            rows.append(failed or self.time_iteration(what, least, "resnet18-224", math, folder, folder))
        for network in self.arguments.networks.split(","):
            what = f"iteration of {network}, CIFAR, tf32"
            why = self.explain_missing("calibration.npy", network=network)
            if why:
                rows.append(make_row(what, "10x PyTorch eager", "-", f"skipped: {why}"))
                continue
            rows.append(self.time_iteration(what, 10, network, "tf32", self.arguments.models, self.arguments.data))
        return rows

    # Kernels

    def measure_kernels(self):
        torch, why = self.checks.find_torch(not self.simulate)
        rows = []
        # Code for sm_80 has no wgmma; the device's own chip may have it.
        for name, chip, least in (("mma.sync", "sm_80", 0.6), ("the chip's own, wgmma on sm_90a", "", 0.9)):
            what, aim = f"convolutions of a ResNet-18, tf32, {name}", f"{100 * least:.0f} % of cuDNN"
            if self.arguments.quick:
                rows.append(make_row(what, aim, "-", "skipped: --quick"))
                continue
            options = ["--shapes=resnet18-224", "--target=cuda", "--math=tf32", f"--chip={chip}"]
            options += [] if torch else ["--only=pdq"]
            options += ["--batch=1", "--seconds=0.01"] if self.simulate else []
            output, failed = self.run_benchmark(what, aim, "kernels", *options)
            if failed:
                rows.append(failed)
                continue
            ratios = [float(ratio) for ratio in re.findall(r" ([\d.]+)x$", output.split("geometric")[0], re.M)]
            speeds = [float(speed) / 1000 for speed in re.findall(r"^.{26} \w+ +[\d.]+ +([\d.]+)", output, re.M)]
            if not speeds:
                rows.append(make_row(what, aim, "-", "failed: no times were printed", output))
                continue
            measured = f"{min(speeds):.1f} to {max(speeds):.1f} TFLOP/s"
            if ratios:
                measured += f", {100 * min(ratios):.0f} to {100 * max(ratios):.0f} %"
            holds = min(ratios) >= least if ratios else f"skipped: {why}"
            rows.append(make_row(what, aim, measured, self.label(holds), output))
        return rows

    def measure_bandwidth(self):
        what, aim = "elementwise kernels", "80 % of a copy's bandwidth"
        options = ["--elements=65536", "--seconds=0.05"] if self.simulate else []
        output, failed = self.run_benchmark(what, aim, "bandwidth", *options)
        if failed:
            return [failed]
        found = re.search(r"^least: ([\d.]+)%", output, re.M)
        if not found:
            return [make_row(what, aim, "-", "failed: no times were printed", output)]
        return [make_row(what, aim, f"{found[1]} %", self.label(float(found[1]) >= 80), output)]

    # Calibrations

    def explain_missing(self, *names, network):
        """Why a network, or a file of --data, cannot be used; None where all are there."""
        if not self.arguments.data:
            return "no --models and --data"
        paths = [self.arguments.models / f"{network}.mlirbc", *(self.arguments.data / name for name in names)]
        return next((f"{path} is missing" for path in paths if not path.exists()), None)

    def quantize(self, what, aim, network, options):
        """(seconds, report, module) of a whole calibration, or (None, failed row, None)."""
        report, module = self.checks.scratch / "report.json", self.checks.scratch / "quantized.mlirbc"
        report.unlink(missing_ok=True)
        text = f"{options} report={report}"
        tool = self.checks.build / "bin" / "pdq-opt"
        begin = time.perf_counter()
        _, failed = self.run(what, aim, tool, network, f"--pdq-quantize={text}", "--emit-bytecode", "-o", module)
        seconds = time.perf_counter() - begin
        return (None, failed, None) if failed else (seconds, json.loads(report.read_text()), module)

    def find_accuracy(self, module, images, labels):
        tool = self.checks.build / "bin" / "pdq-run"
        process = self.checks.run(tool, module, f"--input={images}", f"--labels={labels}")
        found = re.search(r"accuracy: ([\d.]+)", process.stdout + process.stderr)
        return float(found[1]) if found else None

    def write_options(self, name, bits, iterations):
        preset = "preset=resnet " if name.startswith("resnet") else ""
        return (
            f"calibration={self.arguments.data / 'calibration.npy'} weight-bits={bits} activation-bits={bits} "
            f"iterations={iterations} {preset}seed=1"
        )

    def measure_calibration(self):
        iterations = 2 if self.few else 20000
        name = self.arguments.networks.split(",")[0]
        what, aim = f"calibration of {name}, W2A2, {iterations} iterations a region", "under 90 s"
        why = self.explain_missing("calibration.npy", network=name)
        if why:
            return [make_row(what, aim, "-", f"skipped: {why}")]
        options = self.write_options(name, 2, iterations) + " target=cuda math=tf32"
        options += " distribution-correction-steps=2" if self.few else ""
        seconds, report, _ = self.quantize(what, aim, self.arguments.models / f"{name}.mlirbc", options)
        if seconds is None:
            return [report]
        return [make_row(what, aim, f"{seconds:.1f} s", self.label(seconds < 90))]

    def measure_agreement(self):
        name = self.arguments.networks.split(",")[0]
        what, aim = f"GPU against CPU, {name}, same seed, W4A4", "accuracy within 0.3 points, losses within 1 %"
        files = ("calibration.npy", "test_images.npy", "test_labels.npy")
        why = self.explain_missing(*files, network=name)
        if why:
            return [make_row(what, aim, "-", f"skipped: {why}")]
        iterations, steps = (2, 2) if self.few else (300, 50)
        options = self.write_options(name, 4, iterations) + f" distribution-correction-steps={steps}"
        accuracies, losses = [], []
        for target in ("cpu", "cuda"):
            network = self.arguments.models / f"{name}.mlirbc"
            seconds, report, module = self.quantize(what, aim, network, f"{options} target={target}")
            if seconds is None:
                return [report]
            accuracies.append(self.find_accuracy(module, *(self.arguments.data / file for file in files[1:])))
            losses.append([region["reconstruction_loss"][1] for region in report["regions"]])
        if None in accuracies:
            return [make_row(what, aim, "-", "failed: pdq-run printed no accuracy")]
        apart = max((abs(gpu - cpu) / max(abs(cpu), 1e-30) for cpu, gpu in zip(*losses)), default=0)
        points = abs(accuracies[0] - accuracies[1])
        measured = f"{accuracies[1]:.2f} % against {accuracies[0]:.2f} %, losses within {100 * apart:.2g} %"
        return [make_row(what, aim, measured, self.label(points <= 0.3 and apart <= 0.01))]
