"""Copies a .npy file of float32 with another last number: poison.py FROM NUMBER TO."""

import struct
import sys

data = bytearray(open(sys.argv[1], "rb").read())
data[-4:] = struct.pack("<f", float(sys.argv[2]))
open(sys.argv[3], "wb").write(data)
