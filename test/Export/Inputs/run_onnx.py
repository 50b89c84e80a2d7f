"""Runs an ONNX file on samples with ONNX Runtime.

run_onnx.py [--no-optimization] MODEL SAMPLES OUTPUTS [BATCH]
    checks the file, and writes OUTPUTS/output0.npy and so on
"""

import sys

import numpy as np
import onnx
import onnxruntime


def load(path, optimize):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main():
    optimize = sys.argv[1] != "--no-optimization"
    path, samples, folder, *batch = sys.argv[1 if optimize else 2 :]
    session, x = load(path, optimize), np.load(samples)
    size = int(batch[0]) if batch else len(x)
    name = session.get_inputs()[0].name
    parts = [session.run(None, {name: x[i : i + size]}) for i in range(0, len(x), size)]
    for i, outputs in enumerate(zip(*parts)):
        np.save(f"{folder}/output{i}.npy", np.concatenate(outputs))


main()
