"""Numbers between -2 and 2 without a pattern: random_samples.py FILE SEED SHAPE...
Needs no NumPy."""

import array
import math
import random
import struct
import sys


def main():
    shape = tuple(map(int, sys.argv[3:]))
    draw = random.Random(int(sys.argv[2]))
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    numbers = array.array("f", (draw.uniform(-2, 2) for _ in range(math.prod(shape))))
    with open(sys.argv[1], "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + numbers.tobytes())


main()
