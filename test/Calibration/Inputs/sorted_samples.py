"""Sorts samples by their largest element, so that the first ones are small:
sorted_samples.py FROM.npy TO.npy [--constant FIRST COUNT], which overwrites COUNT
samples with zeros, or [--equal], which repeats the first. Needs no NumPy."""

import array
import math
import re
import sys


def main():
    with open(sys.argv[1], "rb") as file:
        content = file.read()
    begin = content.index(b"\n") + 1
    shape = [int(n) for n in re.search(rb"'shape': \(([^)]*)\)", content)[1].split(b",") if n.strip()]
    numbers, width = array.array("f", content[begin:]), math.prod(shape[1:])
    samples = [numbers[i * width : (i + 1) * width] for i in range(shape[0])]
    samples.sort(key=lambda sample: max(map(abs, sample)))
    if "--constant" in sys.argv:
        first, count = int(sys.argv[4]), int(sys.argv[5])
        samples[first : first + count] = [array.array("f", [0] * width)] * count
    if "--equal" in sys.argv:
        samples = samples[:1] * shape[0]
    with open(sys.argv[2], "wb") as file:
        file.write(content[:begin] + b"".join(sample.tobytes() for sample in samples))


main()
