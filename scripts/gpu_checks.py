"""What scripts/gpu-check runs: every check returns what goes into the report."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import gpu_bundle

FAMILIES = ("basic", "bottleneck", "wide-groups", "narrow-groups", "inverted-3", "inverted-5")
# In tf32 and bf16 nothing is quantized: too many elements would land on the next
# level.
PRECISIONS = {
    "fp32": ["--tolerance=1e-5"],
    "tf32": ["--tolerance=5e-3", "--drop-act=0"],
    "bf16": ["--tolerance=5e-2", "--drop-act=0"],
}
REGION = re.compile(r"^(\S+) +(\S+e\S+|nan|inf) +(\S+e\S+|nan|inf) +(\d+) .*?(\d+: .*?)(  WRONG)?$")
TIMEOUT = 3600


def make_environment(root, simulate):
    """The variables of everything that runs."""
    environment = dict(os.environ)
    build = gpu_bundle.get_build(root)
    bundled = build / "lib" / "bundled"
    if bundled.is_dir():
        before = environment.get("LD_LIBRARY_PATH")
        environment["LD_LIBRARY_PATH"] = str(bundled) + (f":{before}" if before else "")
    environment["PDQ_BIN_DIR"] = str(build / "bin")
    if simulate:
        environment["PDQ_CUDA_LIBRARY"] = str(build / gpu_bundle.SIMULATED_GPU)
    else:
        # Unit tests take the simulated device where nothing else is named.
        environment.setdefault("PDQ_CUDA_LIBRARY", "libcuda.so.1")
    return environment


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no output"


class Checks:
    """Runs the checks in the folder `scratch`."""

    def __init__(self, root, environment, scratch, arguments):
        self.root, self.environment, self.scratch, self.arguments = root, environment, scratch, arguments
        self.build = gpu_bundle.get_build(root)

    def run(self, *command):
        """The finished process; one that hangs counts as failed."""
        words = [str(word) for word in command]
        print(f"  {' '.join(pathlib.Path(word).name if '/' in word else word for word in words)}", file=sys.stderr)
        try:
            return subprocess.run(
                words, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return subprocess.CompletedProcess(words, 1, "", str(error))

    # Correctness

    def list_programs(self):
        """(name, module) of every network."""
        programs = []
        for family in FAMILIES[:1] if self.arguments.quick else FAMILIES:
            module = self.scratch / f"{family}.mlir"
            writer = self.root / "test" / "Plan" / "Inputs" / "write_network.py"
            with open(module, "w") as stream:
                subprocess.run([sys.executable, str(writer), family], check=True, stdout=stream)
            programs.append((family, module))
        programs.append(("tiny", self.root / "examples" / "tiny" / "network.mlir"))
        if not self.arguments.quick:
            programs.append(("digits", self.root / "examples" / "digits" / "digits.mlirbc"))
        return programs

    def compare(self, name, module, math):
        tool = self.build / "bin" / "pdq-compare-targets"
        process = self.run(tool, module, f"--math={math}", "--tries=8", *PRECISIONS[math])
        regions = [match for match in map(REGION.match, process.stdout.splitlines()) if match]
        losses, gradients = ([float(region[i]) for region in regions] for i in (2, 3))
        if process.returncode == 0 and regions:
            result = "right"
        else:
            wrong = [region[1] for region in regions if region[6]]
            result = f"failed: {', '.join(wrong) or last_line(process.stderr)}"
        return {
            "program": name,
            "math": math,
            "regions": len(regions),
            "loss": max(losses, default=None),
            "gradient": max(gradients, default=None),
            "kernels": {region[1]: region[5] for region in regions},
            "result": result,
        }

    def compare_programs(self):
        return [self.compare(name, module, math) for name, module in self.list_programs() for math in PRECISIONS]

    def run_unit_tests(self):
        results = {}
        for name in () if self.arguments.quick else gpu_bundle.UNIT_TESTS:
            program = self.build / "test" / "unit" / f"{name}.unittest"
            if not program.exists():
                results[name] = "skipped: not built"
                continue
            process = self.run(program, "--gtest_brief=1")
            results[name] = "passed" if process.returncode == 0 else f"failed: {last_line(process.stdout + process.stderr)}"
        return results

    def run_sanitizer(self):
        if self.arguments.simulate:
            return "skipped: the simulated device checks accesses itself"
        sanitizer = shutil.which("compute-sanitizer")
        if not sanitizer:
            return "skipped: compute-sanitizer is not installed"
        module = self.root / "examples" / "tiny" / "network.mlir"
        tool = self.build / "bin" / "pdq-compare-targets"
        process = self.run(sanitizer, "--error-exitcode=9", tool, module, "--tries=8")
        summary = [line for line in process.stdout.splitlines() if "ERROR SUMMARY" in line]
        words = summary[-1].strip("= ") if summary else last_line(process.stdout + process.stderr)
        return f"passed: {words}" if process.returncode == 0 else f"failed: {words}"

    def find_torch(self, wanted):
        """Whether PyTorch can be timed on the device, and why not."""
        if not wanted:
            return False, "simulated" if self.arguments.simulate else "no --reference"
        probe = "import sys, torch; sys.exit(0 if torch.cuda.is_available() else 1)"
        if self.run(sys.executable, "-c", probe).returncode != 0:
            return False, "PyTorch is not installed, or without CUDA"
        return True, ""
