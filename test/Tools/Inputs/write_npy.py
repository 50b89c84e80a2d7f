"""write_npy.py FILE TYPE SHAPE VALUES: writes an array file without NumPy.

TYPE is f4, f8, u1 or i8, SHAPE like 2x3, VALUES separated by commas (the last
one is repeated).
"""

import math
import struct
import sys

path, kind, shape, values = sys.argv[1:]
sizes = [int(size) for size in shape.split("x")]
numbers = [float(v) if kind[0] == "f" else int(v) for v in values.split(",")]
count = math.prod(sizes)
numbers = (numbers + numbers[-1:] * count)[:count]
dimensions = ", ".join(map(str, sizes)) + ("," if len(sizes) == 1 else "")
descr = "|u1" if kind == "u1" else "<" + kind
header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dimensions}), }}"
header += " " * (-(len(header) + 11) % 64) + "\n"
code = {"f4": "f", "f8": "d", "u1": "B", "i8": "q"}[kind]
with open(path, "wb") as file:
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    file.write(struct.pack(f"<{count}{code}", *numbers))
