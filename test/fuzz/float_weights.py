# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which weights stay in floating point, read from annotated IR as text."""

import re

DEFINITION = re.compile(r"^\s*(%[\w]+)(?::\d+)? = (\"?[\w.]+\"?)(.*)$")
PRODUCT = re.compile(r"linalg\.(?:\w*conv\w*|\w*matmul\w*|\w*matvec\w*|\w*vecmat\w*|dot|contract)$")
# Views of a weight.
VIEWS = (
    "tensor.collapse_shape", "tensor.expand_shape", "tensor.cast", "linalg.transpose", "linalg.broadcast",
)


def find_float_weights(text):
    """A line for each product with a second operand from a constant and no quantizer in between."""
    missing = []
    for body in re.split(r"\bquantized \{", text)[1:]:
        end = body.find("\n    }")
        missing += find_in_body(body if end < 0 else body[:end])
    return missing


def find_in_body(body):
    missing, definitions = [], {}
    for line in body.splitlines():
        found = DEFINITION.match(line)
        if found:
            definitions[found[1]] = (found[2], found[3])
    for name, (op, rest) in definitions.items():
        if not PRODUCT.match(op):
            continue
        operands = re.search(r"ins\(([^:]*) :", rest)
        second = re.findall(r"%\w+", operands[1])[1]
        if reads_constant(second, definitions):
            missing.append(f"{op} {name} has a weight in floating point")
    return missing


def reads_constant(value, definitions):
    """Whether a value is a view of a constant, with no quantizer between."""
    while value in definitions and definitions[value][0] in VIEWS:
        value = re.search(r"%\w+", definitions[value][1])[0]
    return value in definitions and definitions[value][0] == "arith.constant"
