"""Builds the wheel, installs it into an empty environment, and uses it there: no LLVM and no
compiler are in the environment's PATH.

Usage: wheel.py [--wheel FILE]
"""

import argparse
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_BYTES = 60_000_000
# What every Linux has: see the policies of manylinux.
LIBRARIES = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"}

USE = '''
import numpy as np, pdq
NETWORK = """
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<[[0.5, -1.0], [2.0, 0.25]]> : tensor<2x2xf32>
  %z = arith.constant dense<0.0> : tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
"""
samples = np.array([[0.5, -0.25], [1.0, 0.75], [-1.0, 0.5], [0.0, 1.0]], np.float32)
seen = []
result = pdq.quantize(NETWORK, samples, weight_bits=8, activation_bits=8, iterations=2, callback=seen.append)
assert seen[-1].fraction == 1
np.testing.assert_allclose(result.run(samples), samples @ [[0.5, -1.0], [2.0, 0.25]], atol=0.05)
result.save("quantized.mlirbc")
result.to_onnx("quantized.onnx")
np.save("samples.npy", samples)
np.save("labels.npy", result.run(samples).argmax(1))
'''


def build():
    """Builds the wheel; its path."""
    subprocess.run([ROOT / "scripts" / "wheel"], check=True, env={**os.environ, "PDQ_PYTHON": sys.executable})
    (wheel,) = (ROOT / "dist").glob("pdq-*.whl")
    return wheel


def check_contents(wheel):
    assert re.search(r"-py3-none-manylinux_2_\d+_", wheel.name), wheel.name
    assert wheel.stat().st_size <= MOST_BYTES, wheel.stat().st_size
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"pdq/bin/pdq-tools", "pdq/digits/digits.mlirbc", "pdq/py.typed"} <= set(names), names
    assert not [name for name in names if ".libs/" in name], names


def check_libraries(tool):
    """Fails where the tools need a library beside those of glibc."""
    output = subprocess.run(["ldd", tool], check=True, capture_output=True, text=True).stdout
    needed = {pathlib.Path(line.split()[0]).name for line in output.splitlines()} - {"linux-vdso.so.1"}
    assert needed <= LIBRARIES, needed


def check_environment(wheel, folder):
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, wheel], check=True)
    (tool,) = environment.glob("lib/python3*/site-packages/pdq/bin/pdq-tools")
    check_libraries(tool)

    def call(*command):
        # Compiled kernels of an earlier call save a minute.
        variables = {"PATH": str(environment / "bin"), "HOME": os.environ.get("HOME", str(folder))}
        result = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    call("python", "-c", USE)
    output = call("pdq", "run", "quantized.mlirbc", "--data", "samples.npy", "--labels", "labels.npy")
    assert output == "accuracy 100.00 %\n", output
    output = call("pdq", "demo", "--iterations=2")
    assert re.search(r"^float +99.07 %$", output, re.M), output
    assert re.search(r"^2 bits, PD-Quant +[89]\d\.\d\d %$", output, re.M), output


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=pathlib.Path)
    arguments = parser.parse_args()
    for name in ("setuptools", "auditwheel", "numpy"):
        if importlib.util.find_spec(name) is None:
            print(f"wheel: skipped, {name} is not installed; scripts/setup --tests --wheel installs it")
            return 77
    wheel = (arguments.wheel or build()).resolve()
    check_contents(wheel)
    with tempfile.TemporaryDirectory(prefix="pdq-wheel-") as folder:
        check_environment(wheel, pathlib.Path(folder))
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, works in an empty environment")
    return 0


if __name__ == "__main__":
    sys.exit(main())
