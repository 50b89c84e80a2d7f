"""compare_classes.py A B CLASSES: how many rows of two files of f4 have their largest
number at the same place, and how far apart the numbers are. Without NumPy."""

import array
import sys


def read_rows(path, width):
    with open(path, "rb") as file:
        contents = file.read()
    numbers = array.array("f", contents[10 + int.from_bytes(contents[8:10], "little") :])
    return [numbers[i : i + width] for i in range(0, len(numbers), width)]


a, b = (read_rows(path, int(sys.argv[3])) for path in sys.argv[1:3])
same = sum(max(x) - x[y.index(max(y))] == 0 for x, y in zip(a, b))
differences = [max(abs(p - q) for p, q in zip(x, y)) for x, y in zip(a, b)]
close = sum(d <= 0.0001 for d in differences)
print(f"{same} of {len(b)} classes agree, {close} of {len(b)} rows within 0.0001, largest difference {max(differences):.4f}")
