"""The lit suite: `.mlir` files whose RUN lines call pdq's and LLVM's tools.

Substitutions beside the tools' names:
  %models, %shared  trained networks and data next to the checkout; tests that
                    need them say `REQUIRES: shared-models`
  %examples         examples/ of the repository
  %gpu_check        scripts/gpu-check
  %benchmarks       benchmarks/ of the repository
  %python           the interpreter with NumPy and PyTorch where they are installed
                    (`REQUIRES: numpy`, `torch, torch_mlir`, `iree`), else the build's
  %simulated_gpu    the driver library of the simulated CUDA device
  %llvm_lib         directory of LLVM's run-time libraries, for mlir-runner
  %build, %mlir_dir, %cc, %cxx, %cxx_launcher  how this build was configured
"""

import os
import platform
import shutil
import subprocess

import lit.formats

config.name = "PDQ"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unit", "find_package", "corpus"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.pdq_build_dir, "test")

path = [os.path.join(config.pdq_build_dir, "bin"), config.llvm_tools_dir]
config.environment["PATH"] = os.pathsep.join(path + [config.environment["PATH"]])
# Only tests of the cache have one.
config.environment["PDQ_CACHE_DIR"] = ""
# Variables do not leak from one CHECK-LABEL block into the next.
config.environment["FILECHECK_OPTS"] = "-enable-var-scope"

# scripts/setup --tests and --torch install what some tests import.
python = os.environ.get("PDQ_PYTHON") or os.path.join(config.pdq_source_dir, ".venv", "bin", "python")
if not os.path.exists(python):
    python = config.python
find = "import importlib.util as u; print(*(m for m in ('numpy', 'torch', 'torch_mlir', 'iree', 'onnx', 'onnxruntime', 'openvino') if u.find_spec(m)))"
found = subprocess.run([python, "-c", find], capture_output=True, text=True, check=True).stdout.split()
config.available_features.update(found)

# pdq-translate writes ONNX where protobuf was installed when pdq was built.
if config.has_protobuf:
    config.available_features.add("onnx-writer")

shared = os.environ.get("PDQ_SHARED") or os.path.join(config.pdq_source_dir, "..", "shared")
if os.path.isdir(os.path.join(shared, "models")):
    config.available_features.add("shared-models")
config.available_features.add(platform.machine().lower())
if shutil.which("clang-tidy-22"):
    config.available_features.add("clang-tidy")

config.substitutions += [
    ("%models", os.path.join(os.path.abspath(shared), "models")),
    ("%shared", os.path.abspath(shared)),
    ("%examples", os.path.join(config.pdq_source_dir, "examples")),
    ("%benchmarks", os.path.join(config.pdq_source_dir, "benchmarks")),
    ("%python", python),
    ("%gpu_check", os.path.join(config.pdq_source_dir, "scripts", "gpu-check")),
    ("%llvm_lib", config.llvm_lib_dir),
    ("%simulated_gpu", os.path.join(config.pdq_build_dir, "lib", "pdq-simulated-gpu", "libcuda.so.1")),
    ("%build", config.pdq_build_dir),
    ("%mlir_dir", config.mlir_dir),
    ("%cxx_launcher", config.cxx_launcher),
    ("%cxx", config.cxx_compiler),
    ("%cc", config.c_compiler),
]
