"""print_bits.py FILE.npy COUNT: bits of the first COUNT rows of an array of f32,
one decimal number a line, as the function that `add_main.py` writes prints them."""

import re
import struct
import sys


def read_rows(path, count):
    """The first `count` rows of a C-ordered, little-endian array of f32 of version 1.

    Returns (sizes of a row, bytes of the rows)."""
    data = open(path, "rb").read()
    start = 10 + struct.unpack("<H", data[8:10])[0]
    header = data[10:start].decode()
    assert "'<f4'" in header and "'fortran_order': False" in header, header
    sizes = [int(size) for size in re.search(r"'shape': \(([^)]*)\)", header)[1].split(",") if size.strip()]
    assert count <= sizes[0], f"{path} has {sizes[0]} rows, not {count}"
    row = (len(data) - start) // sizes[0]
    return sizes[1:], data[start : start + count * row]


if __name__ == "__main__":
    _, rows = read_rows(sys.argv[1], int(sys.argv[2]))
    print("\n".join(str(bits) for bits in struct.unpack(f"<{len(rows) // 4}I", rows)))
