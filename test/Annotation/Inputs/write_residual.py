"""write_residual.py LAYERS...: prints a network of one layer and, for each
number, a residual block with so many layers."""

import sys

T = "tensor<2x2x2x2xf32>"
count = 0
print(f"func.func @main(%v0: {T}) -> {T} {{")
print("  %zero = arith.constant 0.0 : f32")
print("  %w = arith.constant dense<1.0> : tensor<2x2x1x1xf32>")
print(f"  %e = tensor.empty() : {T}")
print(f"  %i = linalg.fill ins(%zero : f32) outs(%e : {T}) -> {T}")


def add(text):
    global count
    count += 1
    print(f"  %v{count} = {text} -> {T}")
    return count


def layer(x):
    return add(
        f"linalg.conv_2d_nchw_fchw ins(%v{x}, %w : {T}, tensor<2x2x1x1xf32>)"
        f" outs(%i : {T})"
    )


value = layer(0)
for layers in map(int, sys.argv[1:]):
    start = value
    for _ in range(layers):
        value = layer(value)
    value = add(f"linalg.add ins(%v{value}, %v{start} : {T}, {T}) outs(%e : {T})")
print(f"  return %v{value} : {T}\n}}")
