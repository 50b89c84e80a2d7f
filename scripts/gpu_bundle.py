"""Collects what scripts/gpu-check needs on a machine without LLVM."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

NAME = "pdq-gpu-check"
TOOLS = ("pdq-opt", "pdq-run", "pdq-compare-targets", "pdq-time-functions")
UNIT_TESTS = ("DirectKernelTest", "ExecutorTest", "FormulaTest", "HostMemoryTest", "MatrixKernelTest", "OptimizerTest")
UNIT_TESTS += ("RowKernelTest", "ScaleSearchTest", "StepTest", "TransposeKernelTest")
FILES = ("scripts/gpu-check", "scripts/gpu_bundle.py", "scripts/gpu_checks.py", "scripts/gpu_figures.py", "scripts/demo", "scripts/demo.py", "LICENSE")
FILES += ("benchmarks/bandwidth", "benchmarks/iteration", "benchmarks/kernels", "benchmarks/simulate", "test/Plan/Inputs/write_network.py")
FOLDERS = ("examples/digits", "examples/tiny")
SIMULATED_GPU = "lib/pdq-simulated-gpu/libcuda.so.1"
# glibc and what belongs to it stay the machine's own, like its driver.
SYSTEM = re.compile(r"(ld-linux.*|linux-vdso|lib(c|m|dl|rt|pthread|resolv|util|cuda))\.so")

LAUNCHER = """#!/bin/sh
# Runs the checks with the libraries of this bundle.
exec python3 "$(dirname "$0")/scripts/gpu-check" "$@"
"""


def get_build(root):
    return pathlib.Path(os.environ.get("BUILD_DIR", root / "build"))


def get_commit(root):
    """The commit that the tools were built from, as far as is known."""
    note = root / "COMMIT"
    if note.exists():
        return note.read_text().strip()
    try:
        git = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        return subprocess.run(git, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def find_libraries(program):
    """The shared libraries of a program that are not glibc's, name -> path."""
    output = subprocess.run(["ldd", str(program)], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = {}
    for name, path in re.findall(r"^\s*(\S+) => (.*?)(?: \(0x\w+\))?$", output, re.MULTILINE):
        if path == "not found":
            sys.exit(f"gpu-check: {program} needs {name}, which is not found")
        if not SYSTEM.match(name):
            found[name] = pathlib.Path(path)
    return found


def list_programs(root):
    """What is built, (source, place in the bundle)."""
    build = get_build(root)
    programs = [(build / "bin" / name, f"build/bin/{name}") for name in TOOLS]
    programs += [(build / SIMULATED_GPU, f"build/{SIMULATED_GPU}")]
    for name in UNIT_TESTS:
        programs.append((build / "test" / "unit" / f"{name}.unittest", f"build/test/unit/{name}.unittest"))
    missing = [path for path, _ in programs if not path.exists()]
    if missing:
        targets = " ".join(["pdq-simulated-gpu", *TOOLS, *UNIT_TESTS])
        sys.exit(f"gpu-check: {missing[0]} is not built; run: scripts/build {targets}")
    return programs


def collect(root, folder):
    """Copies everything into the empty `folder`."""
    programs, libraries = list_programs(root), {}
    for source, place in programs:
        libraries.update(find_libraries(source))
    copies = [(source, place) for source, place in programs]
    copies += [(path, f"build/lib/bundled/{name}") for name, path in libraries.items()]
    copies += [(root / name, name) for name in FILES]
    for source, place in copies:
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for name in FOLDERS:
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "COMMIT").write_text(get_commit(root) + "\n")
    (folder / "gpu-check").write_text(LAUNCHER)
    (folder / "gpu-check").chmod(0o755)


def write(root, target):
    """Writes the tarball into the folder `target` and says how large it is."""
    target.mkdir(parents=True, exist_ok=True)
    archive = target / f"{NAME}.tar.xz"
    with tempfile.TemporaryDirectory(prefix="pdq-bundle-") as temporary:
        folder = pathlib.Path(temporary) / NAME
        folder.mkdir()
        collect(root, folder)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        # Small rather than soon: it travels. Programs share most of their code.
        with tarfile.open(archive, "w:xz", preset=9) as tar:
            tar.add(folder, NAME)
    print(f"{archive}: {archive.stat().st_size / 2**20:.1f} MiB ({size / 2**20:.1f} MiB unpacked)")
    print(f"there: tar xf {archive.name} && {NAME}/gpu-check")
