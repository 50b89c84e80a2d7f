"""Compares what pdq makes with digests.json: for changes that must change nothing.

Usage: check_digests.py [--full] [--update] [--only TEXT] [--keep DIRECTORY]
           [--build DIRECTORY] [--digests FILE]

A digest is the SHA-256 of a text that pdq-opt writes:

  NETWORK WxAy CPU calibrated   the calibrated module, after few iterations
  NETWORK WxAy CPU exported     the same network in the quant dialect
  NETWORK REGION CHIP MATH plan     launch plan and kernels of an optimizer iteration
  NETWORK REGION CHIP MATH code     what each thread of these kernels does
  NETWORK REGION CHIP MATH figures  no digest but what pdq-print-plan-cost counts

Calibrations sum in vectors as long as the CPU's, so there is one digest for each of
generic, avx2 and avx512, whichever machine asks; what the machine cannot execute is
skipped. Threads change no byte: the networks of examples/ are calibrated with one and
with two (the digits with --full), and a difference between them is an error.

Without --full only what takes seconds is checked: some calibrations of the digits and
of the tiny network of examples/, all their plans in tf32. --full adds the others and
resnet20, where trained networks lie beside the repository (PDQ_SHARED, else
../shared). --update records instead of comparing, and keeps what is not made. --only
takes entries whose name holds the text, --keep leaves the texts in a directory, for
diff.
"""

import argparse
import array
import hashlib
import json
import math
import os
import pathlib
import platform
import random
import re
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EXAMPLES = ROOT / "examples"
SHARED = pathlib.Path(os.environ.get("PDQ_SHARED", ROOT.parent / "shared"))
CPUS = ("generic", "avx2", "avx512")
CHIPS = ("sm_80", "sm_90a")
# Few iterations at high rates: what is exported depends on every gradient.
SETTINGS = (
    "iterations=4 rounding-rate=0.1 scale-rate=1e-3 distribution-correction-steps=2 "
    "init-samples=32 scale-samples=first products=float seed=1 preset=resnet"
)
QUICK = {
    ("tiny", 4, "generic"),
    ("tiny", 4, "avx2"),
    ("tiny", 4, "avx512"),
    ("digits", 2, "avx2"),
    ("digits", 4, "generic"),
}


class Skipped(Exception):
    """Why something is not made on this machine."""


def write_samples(path, shape, seed):
    """Numbers between -2 and 2, the same on every machine."""
    draw = random.Random(seed)
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    numbers = array.array("f", (draw.uniform(-2, 2) for _ in range(math.prod(shape))))
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + numbers.tobytes())


class Maker:
    """Runs pdq-opt and keeps what several entries need."""

    def __init__(self, tool, folder):
        self.tool = tool
        self.folder = folder

    def run(self, *arguments):
        """The path of what pdq-opt writes, and its stderr."""
        key = hashlib.sha256("\0".join(map(str, arguments)).encode()).hexdigest()[:16]
        output = self.folder / f"{key}.mlir"
        command = [str(self.tool), *map(str, arguments), "-o", str(output)]
        result = subprocess.run(command, capture_output=True, text=True)
        if "does not have the instructions" in result.stderr:
            raise Skipped("this machine does not have its instructions")
        if result.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{result.stderr}check_digests: error: pdq-opt failed")
        return output, result.stderr

    def find(self, network):
        """(module, calibration set) of a network."""
        if network == "tiny":
            return EXAMPLES / "tiny" / "network.mlir", EXAMPLES / "tiny" / "calibration.npy"
        if network == "digits":
            return EXAMPLES / "digits" / "digits.mlirbc", EXAMPLES / "digits" / "calibration.npy"
        samples = self.folder / f"{network}.npy"
        if not samples.exists():
            write_samples(samples, (64, 3, 32, 32), seed=1)
        return SHARED / "models" / f"{network}.mlirbc", samples

    def annotate(self, network, bits):
        module, _ = self.find(network)
        output = self.folder / f"{network}-{bits}.annotated.mlirbc"
        if not output.exists():
            # The first layer and the last are all that the tiny network has.
            options = f"weight-bits={bits} activation-bits={bits}" + " first-last=none" * (network == "tiny")
            annotated, _ = self.run(module, f"--pdq-annotate={options}", "--emit-bytecode")
            annotated.rename(output)
        return output

    def calibrate(self, network, bits, cpu, threads):
        annotated = self.annotate(network, bits)
        _, samples = self.find(network)
        options = f"calibration={samples} {SETTINGS} cpu={cpu} threads={threads}"
        return self.run(annotated, f"--pdq-calibrate={options}")[0]

    def regions(self, network):
        text = self.annotate(network, 2)
        elided = self.run(
            text, "--mlir-elide-elementsattrs-if-larger=8", "--mlir-elide-resource-strings-if-larger=8"
        )[0]
        return re.findall(r"pdq\.region @([\w.]+)", elided.read_text())


def name_constants(text):
    """The text with constants named by what they are, in the order of their names:
    upstream's bufferization numbers them in another order in each run."""
    found = re.findall(r"^ *memref\.global .*@(\w+) : (.*)$", text, re.M)
    names = {name: f"constant_{hashlib.sha256(value.encode()).hexdigest()[:8]}" for name, value in found}
    text = re.sub(r"^ *memref\.global .*\n", "", text, flags=re.M)
    text = re.sub(r"@(\w+)", lambda use: "@" + names.get(use[1], use[1]), text)
    text, _, resources = text.partition("{-#")
    values = sorted(line.strip(" ,") for line in resources.split("\n"))
    constants = sorted(f"{names[name]} : {value}" for name, value in found)
    return "\n".join([text, *constants, *values])


def digest(path):
    text = path.read_text()
    if "memref.global" in text:
        text = name_constants(text)
    return hashlib.sha256(text.encode()).hexdigest()


def make_calibration(maker, network, bits, cpu, full):
    """Yields (what, text) of a calibration."""
    if platform.machine() not in ("x86_64", "AMD64"):
        raise Skipped(f"digests are those of x86-64, this is {platform.machine()}")
    calibrated = maker.calibrate(network, bits, cpu, threads=2)
    if network == "tiny" or (full and network == "digits"):
        alone = maker.calibrate(network, bits, cpu, threads=1)
        if digest(alone) != digest(calibrated):
            raise AssertionError("one thread and two give different bytes")
    yield "calibrated", calibrated
    yield "exported", maker.run(calibrated, "--pdq-export")[0]


def read_figures(text):
    """What pdq-print-plan-cost counts, without the time, which is derived from it."""
    names = ("launches", "bytes", "flops", "product bytes", "arena bytes", "live bytes")
    figures = {name: int(re.search(rf"^{name}: (\d+)", text, re.M)[1]) for name in names}
    forms = re.findall(r"^\w+_[0-9a-f]{16} +([a-z]\S*) ", text, re.M)
    return figures | {form: forms.count(form) for form in sorted(set(forms))}


def make_plan(maker, network, region, chip, math_mode):
    """Yields (what, text or figures) of the optimizer iteration of a region."""
    target = f"chip={chip} math={math_mode}"
    plan, cost = maker.run(
        maker.annotate(network, 2),
        f"--pdq-build-programs=region={region} batch=32 samples=1024",
        f"--pdq-lower-to-gpu-plan={target}",
        "--pdq-print-plan-cost",
    )
    yield "plan", plan
    yield "figures", read_figures(cost)
    yield "code", maker.run(plan, "--pdq-emit-gpu-kernels")[0]


def list_entries(maker, full):
    """(name, function that yields its results, arguments of it) of everything."""
    networks = ["tiny", "digits"]
    if full and (SHARED / "models").is_dir():
        networks.append("resnet20")
    elif full:
        print(f"skipped: resnet20: there is no {SHARED / 'models'}")
    for network in networks:
        for bits in (2, 4):
            for cpu in CPUS:
                if full or (network, bits, cpu) in QUICK:
                    yield f"{network} W{bits}A{bits} {cpu}", make_calibration, (maker, network, bits, cpu, full)
    for network in networks:
        for region in maker.regions(network):
            for chip in CHIPS:
                for math_mode in ("fp32", "tf32", "bf16") if full else ("tf32",):
                    yield f"{network} {region} {chip} {math_mode}", make_plan, (maker, network, region, chip, math_mode)


def make_all(maker, arguments):
    """({name: digest or figures}, names whose making showed an error)."""
    found, wrong = {}, []
    for name, make, of in list_entries(maker, arguments.full):
        if arguments.only not in name:
            continue
        try:
            for what, result in make(*of):
                if isinstance(result, pathlib.Path):
                    if arguments.keep:
                        (arguments.keep / f"{name} {what}.mlir".replace(" ", "-")).write_bytes(result.read_bytes())
                    result = digest(result)
                found[f"{name} {what}"] = result
        except Skipped as reason:
            print(f"skipped: {name}: {reason}")
        except AssertionError as error:
            print(f"{name}: {error}")
            wrong.append(name)
    return found, wrong


def describe(now, recorded):
    """What differs between two values of one name."""
    if isinstance(now, str) or isinstance(recorded, str):
        return f"{now[:12]}, recorded {recorded[:12]}"
    names = [name for name in {**recorded, **now} if now.get(name) != recorded.get(name)]
    return ", ".join(f"{now.get(name, 0)} {name}, recorded {recorded.get(name, 0)}" for name in names)


def compare(found, recorded):
    """Prints what differs; returns how many do."""
    count = 0
    for name, now in found.items():
        if name not in recorded:
            print(f"{name}: not recorded")
        elif now != recorded[name]:
            print(f"{name}: {describe(now, recorded[name])}")
        else:
            continue
        count += 1
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, default=os.environ.get("BUILD_DIR", ROOT / "build"))
    parser.add_argument("--digests", type=pathlib.Path, default=HERE / "digests.json")
    arguments = parser.parse_args()
    tool = pathlib.Path(arguments.build) / "bin" / "pdq-opt"
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    printed = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"LLVM version (\S+)", printed)[1]
    kept = json.loads(arguments.digests.read_text()) if arguments.digests.exists() else {"digests": {}}
    with tempfile.TemporaryDirectory(prefix="pdq-golden-") as folder:
        found, wrong = make_all(Maker(tool, pathlib.Path(folder)), arguments)
    if arguments.update and not wrong:
        record = {"llvm": version, "digests": dict(sorted((kept["digests"] | found).items()))}
        arguments.digests.write_text(json.dumps(record, indent=1) + "\n")
        print(f"{len(found)} recorded")
        return 0
    count = compare(found, kept["digests"]) + len(wrong)
    if count and kept.get("llvm", version) != version:
        print(f"recorded with LLVM {kept['llvm']}, this is {version}")
    print(f"{len(found)} compared, {count} differ")
    return count != 0


if __name__ == "__main__":
    sys.exit(main())
