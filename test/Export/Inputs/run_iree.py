"""Compiles a module with IREE for this machine's CPU and runs it.

Usage: run_iree.py MODULE INPUT.npy OUTPUT.npy [FLAG...]
FLAGs go to iree-compile. Samples are given in the batch of the module's function; the last
batch is filled up with zeros.
"""

import pathlib
import subprocess
import sys

import iree.runtime as runtime
import numpy as np

COMPILER = pathlib.Path(sys.executable).parent / "iree-compile"
TARGET = ["--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu"]


def main():
    module, samples, output, *flags = sys.argv[1:]
    compiled = f"{output}.vmfb"
    subprocess.run([COMPILER, module, *TARGET, *flags, "-o", compiled], check=True)
    context = runtime.SystemContext(config=runtime.Config("local-sync"))
    network = runtime.VmModule.mmap(context.instance, compiled)
    context.add_vm_module(network)
    main_function = getattr(context.modules, network.name)["main"]
    x = np.load(samples)
    batch = 32
    filled = np.concatenate([x, np.zeros((-len(x) % batch, *x.shape[1:]), x.dtype)])
    outputs = [main_function(filled[i : i + batch]).to_host() for i in range(0, len(filled), batch)]
    np.save(output, np.concatenate(outputs)[: len(x)])


if __name__ == "__main__":
    main()
