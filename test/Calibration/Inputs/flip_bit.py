"""Copies a file with one bit flipped, in the middle of it: flip_bit.py FROM TO."""

import sys

data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 0x10
open(sys.argv[2], "wb").write(data)
