"""Compares the numbers that two runs learned: compare_reports.py A B TOLERANCE."""

import json
import math
import sys


def main():
    first, second = (json.load(open(path))["regions"] for path in sys.argv[1:3])
    tolerance = float(sys.argv[3])
    assert len(first) == len(second) > 0
    for a, b in zip(first, second):
        for field in ("reconstruction_loss", "prediction_difference", "activation_scales"):
            assert len(a[field]) == len(b[field]), (a["name"], field)
            for x, y in zip(a[field], b[field]):
                # A divergence of nearly nothing is a difference of equal numbers.
                assert math.isclose(x, y, rel_tol=tolerance, abs_tol=1e-6), (a["name"], field, x, y)


main()
