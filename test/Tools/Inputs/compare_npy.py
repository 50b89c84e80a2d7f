"""compare_npy.py A B TOLERANCE: fails unless two files of f4 agree, without NumPy."""

import array
import sys


def read(path):
    with open(path, "rb") as file:
        contents = file.read()
    return array.array("f", contents[10 + int.from_bytes(contents[8:10], "little") :])


a, b = read(sys.argv[1]), read(sys.argv[2])
largest = max(abs(x - y) for x, y in zip(a, b))
if len(a) != len(b) or largest > float(sys.argv[3]):
    sys.exit(f"largest difference {largest} of {len(a)} and {len(b)} numbers")
