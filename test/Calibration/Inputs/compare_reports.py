"""Compares the numbers that two runs learned: compare_reports.py A B TOLERANCE [FIELD...]."""

import json
import math
import sys

FIELDS = ("reconstruction_loss", "prediction_difference", "activation_scales")


def numbers(value):
    """The numbers in a value of JSON, with the names of keys between them."""
    if isinstance(value, dict):
        return [entry for key in sorted(value) for entry in [key, *numbers(value[key])]]
    if isinstance(value, list):
        return [entry for part in value for entry in numbers(part)]
    return [value]


def same(x, y, tolerance):
    if not (isinstance(x, (int, float)) and isinstance(y, (int, float))):
        return x == y
    # A divergence of nearly nothing is a difference of equal numbers.
    return math.isclose(x, y, rel_tol=tolerance, abs_tol=1e-6)


def main():
    first, second = (json.load(open(path))["regions"] for path in sys.argv[1:3])
    tolerance = float(sys.argv[3])
    assert len(first) == len(second) > 0
    compared = 0
    for a, b in zip(first, second):
        for field in sys.argv[4:] or FIELDS:
            left, right = numbers(a[field]), numbers(b[field])
            assert len(left) == len(right), (a["name"], field)
            compared += len(left)
            for x, y in zip(left, right):
                assert same(x, y, tolerance), (a["name"], field, x, y)
    assert compared > 0, "nothing to compare"


main()
