"""The prediction difference of a sum is the sum of its terms:
check_sum.py WHOLE.json FACTOR PART.json [FACTOR PART.json...]"""

import json
import math
import sys


def read(path):
    with open(path) as file:
        return [region["prediction_difference"][1] for region in json.load(file)["regions"]]


def main():
    whole = read(sys.argv[1])
    parts = [(float(factor), read(path)) for factor, path in zip(sys.argv[2::2], sys.argv[3::2])]
    assert whole and all(min(part) > 0 for _, part in parts), parts
    for region, value in enumerate(whole):
        expected = sum(factor * part[region] for factor, part in parts)
        assert value > 0 and math.isclose(value, expected, rel_tol=1e-5), (region, value, expected)


main()
