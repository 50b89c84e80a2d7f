# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Derivatives of random networks against central differences."""

import re

import numpy as np

# Of the input, whose numbers have size 1; NumPy's outputs are in f64.
STEP = 1e-4


def differentiate(text, batch, shape):
    """`main(x)` becomes the derivative of sum(y * y) / 2, y what `main` gave."""
    tensor = f"tensor<{'x'.join(map(str, [batch, *shape]))}xf32>"
    signature = re.search(r"func\.func @main\(%x: (\S+)\) -> (\S+) \{", text)
    result = signature[2]
    text = text.replace("func.func @main(", "func.func private @network(", 1)
    rank = result.count("x") if result != "tensor<f32>" else 0
    loops = ", ".join(f"d{i}" for i in range(rank))
    kinds = ", ".join(['"reduction"'] * rank)
    tail = f"""
  func.func private @objective(%x: {tensor}) -> tensor<f32> {{
    %y = func.call @network(%x) : ({tensor}) -> {result}
    %zero = arith.constant 0.0 : f32
    %half = arith.constant 0.5 : f32
    %empty = tensor.empty() : tensor<f32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
    %sum = linalg.generic {{indexing_maps = [affine_map<({loops}) -> ({loops})>, affine_map<({loops}) -> ()>], iterator_types = [{kinds}]}}
        ins(%y : {result}) outs(%init : tensor<f32>) {{
    ^bb0(%a: f32, %out: f32):
      %square = arith.mulf %a, %a : f32
      %term = arith.mulf %square, %half : f32
      %next = arith.addf %out, %term : f32
      linalg.yield %next : f32
    }} -> tensor<f32>
    return %sum : tensor<f32>
  }}
  func.func @main(%x: {tensor}) -> {tensor} {{
    %r:2 = pdq.value_and_grad @objective(%x) wrt [0] : ({tensor}) -> (tensor<f32>, {tensor})
    return %r#1 : {tensor}
  }}
}}"""
    end = text.index("\n}", text.index("@network")) + 1
    return text[:end] + tail[1:-1] + text[end:]


def check(subject, failure):
    """Compares directional derivatives of the samples."""
    network = subject.network
    if network.batch is None:
        return
    batch = network.batch
    samples = network.inputs[:batch]
    module, gradient = subject.folder / "objective.mlir", subject.folder / "gradient.mlir"
    prepared = subject.folder / "normalized.mlir"
    subject.call("pdq-opt", subject.module, "--pdq-normalize-frontend", "-o", prepared)
    text = prepared.read_text()
    text = re.sub(r"module attributes \{[^\n]*\} \{", "module {", text)
    text = re.sub(r"@main\(%\w+:", "@main(%x:", re.sub(r"%arg0\b", "%x", text))
    module.write_text(differentiate(text, batch, network.inputs.shape[1:]))
    subject.call("pdq-opt", module, "--inline", "--pdq-differentiate", "--inline", "--symbol-dce", "-o", gradient)
    np.save(subject.folder / "few.npy", samples)
    path = subject.folder / "gradient.npy"
    subject.call(
        "pdq-run", gradient, f"--input={subject.folder / 'few.npy'}", f"--output={path}", f"--batch={batch}", "--threads=1"
    )
    found = np.load(path).astype(np.float64)
    direction = subject.r.normal(0, 1, samples.shape)
    evaluate = subject.evaluate
    numbers = []
    for step in (STEP, STEP / 4):
        ahead, behind = (evaluate(samples + s * direction) for s in (step, -step))
        numbers.append(((ahead**2).sum() - (behind**2).sum()) / 2 / (2 * step))
    expected, size = numbers[1], np.abs(found * direction).sum() + 1e-2
    if abs(numbers[0] - numbers[1]) > 1e-4 * size:
        return  # a kink between
    if not abs((found * direction).sum() - expected) <= 1e-3 * size:
        raise failure("gradient", f"{(found * direction).sum():.6g}, by differences {expected:.6g}")
