"""Prints how many batch norms, regions and quantizers annotated IR has.

Usage: count_ops.py < module.mlir
Batch norms stand in the float bodies alone, so each counts once.
"""

import re
import sys


def main():
    text = sys.stdin.read()
    quantizers = re.findall(r"pdq\.fake_quant .*? to <bits = (\d+)(, axis = \d+)?>", text)
    weights = [int(bits) for bits, axis in quantizers if axis]
    activations = [int(bits) for bits, axis in quantizers if not axis]
    print(
        f"batch norms: {text.count('pdq.batch_norm ')}",
        f"regions: {len(re.findall(r'pdq[.]region @', text))}",
        f"weights: {len(weights)} ({weights.count(8)} of 8 bits)",
        f"activations: {len(activations)} ({activations.count(8)} of 8 bits)",
        sep=", ",
    )


if __name__ == "__main__":
    main()
