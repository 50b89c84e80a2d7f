# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which operands of products stay in floating point, read from annotated IR as text."""

import re

DEFINITION = re.compile(r"^\s*(%[\w]+)(?::\d+)? = (\"?[\w.]+\"?)(.*)$")
PRODUCT = re.compile(r"linalg\.(?:\w*conv\w*|\w*matmul\w*|\w*matvec\w*|\w*vecmat\w*|dot|contract)$")
# What passes the numbers of its operand on, some of them zero or more than once.
PASSES = (
    "tensor.collapse_shape", "tensor.expand_shape", "tensor.cast", "linalg.transpose", "linalg.broadcast",
    "tensor.extract_slice", "tensor.insert_slice", "tensor.concat", "tensor.pad", "linalg.pooling",
)


def find_float_operands(text):
    """A line for each operand of a product that no quantizer stands in front of."""
    missing = []
    for body in re.split(r"\bquantized \{", text)[1:]:
        end = body.find("\n    }")
        missing += find_in_body(body if end < 0 else body[:end])
    return missing


def find_in_body(body):
    lines, missing = body.splitlines(), []
    definitions = {}
    for line in lines:
        found = DEFINITION.match(line)
        if found:
            definitions[found[1]] = (found[2], found[3])
    for name, (op, rest) in definitions.items():
        if not PRODUCT.match(op):
            continue
        operands = re.search(r"ins\(([^:]*) :", rest)
        for number, operand in enumerate(re.findall(r"%\w+", operands[1])[:2]):
            if number == 1 and not is_quantized(operand, definitions):
                missing.append(f"{op} {name}: operand {number} is float")
    return missing


def is_quantized(value, definitions, depth=0):
    """Whether a value comes from a quantizer through views; values from outside may."""
    if value not in definitions:
        return True
    op, rest = definitions[value]
    if op == "pdq.fake_quant":
        return True
    if depth < 20 and op.startswith(PASSES):
        source = re.search(r"%\w+", rest)
        return bool(source) and is_quantized(source[0], definitions, depth + 1)
    return False
