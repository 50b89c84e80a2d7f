"""Scales by the smallest samples are smaller than those by samples of the whole
set, which the seed changes: check_scales.py FIRST.json SPREAD.json OTHER.json"""

import json
import sys


def read(path):
    with open(path) as file:
        return [region["activation_scales"] for region in json.load(file)["regions"]]


def main():
    first, spread, other = map(read, sys.argv[1:4])
    assert spread != other, spread
    assert first[0][0] < 0.95 * min(spread[0][0], other[0][0]), (first, spread, other)


main()
