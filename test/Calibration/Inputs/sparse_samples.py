"""A file of zeros that takes no place: sparse_samples.py FILE N SHAPE..."""

import math
import os
import struct
import sys


def main():
    shape = tuple(map(int, sys.argv[2:]))
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    with open(sys.argv[1], "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    os.truncate(sys.argv[1], 10 + len(header) + 4 * math.prod(shape))


main()
