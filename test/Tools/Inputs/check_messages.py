"""Runs wrong commands and compares the line that each gives.

Usage: check_messages.py TABLE FOLDER [--update] [--only=WORDS]
TABLE has two lines a case, the command and, indented, the line with the error; rows
that start with # are headings. Commands run in FOLDER, among the inputs below. Of
each is required:
  - exit status 1, within 20 seconds
  - one error, which is the last message and is the expected line; it starts in lower
    case and has no full stop
  - no file that was not there before
--update writes what the commands say now into TABLE.
"""

import os
import pathlib
import re
import struct
import subprocess
import sys
import time

SECONDS = 20
ERROR = re.compile(r"^(?:[^ ].*: )?error: ")
RIGHT_FORM = re.compile(r"^(?:\S.*: )?error: ['`<(/a-z0-9].*[^.]$")

# ---- inputs -------------------------------------------------------------------

IDENTITY = "func.func @main(%x: tensor<4x2x{0}>) -> tensor<4x2x{0}> {{\n  return %x : tensor<4x2x{0}>\n}}\n"
LAYER = """func.func @main(%x: tensor<4x2xf32>) -> tensor<4x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %e = tensor.empty() : tensor<4x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x3xf32>) -> tensor<4x3xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x3xf32>) outs(%i : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}
"""
IMAGES = "func.func @main(%x: tensor<1x3x1x2xf32>) -> tensor<1x3x1x2xf32> {\n  return %x : tensor<1x3x1x2xf32>\n}\n"
TEXTS = {
    "identity.mlir": IDENTITY.format("f32"),
    "half.mlir": IDENTITY.format("f16"),
    "tokens.mlir": IDENTITY.format("i8"),
    "layer.mlir": LAYER,
    "images.mlir": IMAGES,
    "syntax.mlir": "func.func @main(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {\n  return %y\n}\n",
    "unknown.mlir": IDENTITY.format("f32").replace("return", '"acme.relu"() : () -> ()\n  return'),
    "type.mlir": IDENTITY.format("f32").replace("-> tensor<4x2xf32>", "-> tensor<4x3xf32>"),
    "deep.mlir": "module {\n" * 300 + "}\n" * 300,
    "text.mlir": "Dear Sir or Madam,\n",
    "nothing.mlir": "",
    "private.mlir": IDENTITY.format("f32").replace("@main", "private @main"),
    "two-networks.mlir": IDENTITY.format("f32") + IDENTITY.format("f32").replace("@main", "@other"),
    "two-inputs.mlir": "func.func @main(%x: tensor<4x2xf32>, %y: tensor<4x2xf32>) -> tensor<4x2xf32> {\n"
    "  return %x : tensor<4x2xf32>\n}\n",
    "scalar.mlir": "func.func @main(%x: f32) -> f32 {\n  return %x : f32\n}\n",
    "extern.mlir": "func.func private @system(tensor<4x2xf32>) -> tensor<4x2xf32>\n"
    + IDENTITY.format("f32").replace("return %x", "%y = call @system(%x) : (tensor<4x2xf32>) -> tensor<4x2xf32>\n  return %y"),
}


def npy(descr="<f4", shape=(4, 2), data=None, version=b"\x01\x00", order="False"):
    dimensions = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    header = f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': ({dimensions}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    if data is None:
        count = 1
        for size in shape:
            count *= size
        data = bytes(count * int(descr[2:]))
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header.encode() + data


ARRAYS = {
    "x.npy": npy(),
    "empty.npy": b"",
    "text.npy": b"1.0 2.0\n",
    "header.npy": npy()[:30],
    "version.npy": npy(version=b"\x09\x00"),
    "short.npy": npy()[:-4],
    "long.npy": npy() + b"1234",
    "objects.npy": npy("|O8"),
    "half.npy": npy("<f2"),
    "complex.npy": npy("<c8"),
    "huge.npy": npy(shape=(10**10, 10**10), data=b""),
    "negative.npy": npy(shape=(-4, 2), data=b""),
    "order.npy": npy(order="maybe"),
    "none.npy": npy(shape=(0, 2)),
    "wide.npy": npy(shape=(4, 5)),
    "rank.npy": npy(shape=(4, 2, 1)),
    "bytes.npy": npy("|u1"),
    "images.npy": npy("|u1", (1, 1, 2, 3)),
    "gray.npy": npy("|u1", (1, 1, 2, 1)),
    "integers.npy": npy("<i8"),
    "large.npy": npy("<i8", data=struct.pack("<8q", *[0] * 6, 300, 0)),
    "nan.npy": npy(data=struct.pack("<8f", *[0.0] * 5, float("nan"), 0, 0)),
    "labels.npy": npy("<i8", (4,)),
    "few-labels.npy": npy("<i8", (3,)),
    "wrong-labels.npy": npy("<i8", (4,), struct.pack("<4q", 0, 1, 2, 1)),
    "real-labels.npy": npy("<f4", (4,)),
}


def make_inputs(folder):
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    for name, data in ARRAYS.items():
        (folder / name).write_bytes(data)
    (folder / "folder").mkdir()
    emit = ["pdq-opt", "layer.mlir", "--emit-bytecode", "-o"]
    subprocess.run([*emit, "whole.mlirbc"], cwd=folder, check=True)
    whole = (folder / "whole.mlirbc").read_bytes()
    (folder / "truncated.mlirbc").write_bytes(whole[: len(whole) // 2])
    (folder / "future.mlirbc").write_bytes(whole[:4] + b"\xc9\x01" + whole[5:])
    middle = len(whole) // 2
    (folder / "damaged.mlirbc").write_bytes(whole[:middle] + bytes(255 - b for b in whole[middle : middle + 40]) + whole[middle + 40 :])
    subprocess.run(["pdq-opt", "layer.mlir", "--pdq-annotate=first-last=none", "-o", "annotated.mlir"], cwd=folder, check=True, stderr=subprocess.DEVNULL)
    (folder / "checkpoint").write_text("no checkpoint\n")


# ---- cases --------------------------------------------------------------------


def read_cases(table):
    """(place of the expected line, command, expected line)."""
    lines = table.read_text().split("\n")
    for i, line in enumerate(lines):
        if line and not line.startswith(("#", " ")):
            yield i + 1, line, lines[i + 1].strip() if i + 1 < len(lines) else ""


def listing(folder):
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*")}


def run(command, folder):
    """What a command says last, and what is wrong with that."""
    before, start = listing(folder), time.time()
    try:
        result = subprocess.run(
            ["bash", "-c", command], cwd=folder, capture_output=True, text=True, errors="replace", timeout=SECONDS,
            stdin=subprocess.DEVNULL, env={**os.environ, "PDQ_CACHE_DIR": "", "PDQ_CUDA_LIBRARY": "none.so"},
        )
    except subprocess.TimeoutExpired:
        return "", [f"ran longer than {SECONDS} s"]
    lines = result.stderr.splitlines()
    errors = [i for i, line in enumerate(lines) if ERROR.match(line)]
    said = lines[errors[-1]] if errors else ""
    wrong = []
    if result.returncode != 1:
        wrong.append(f"status {result.returncode}, expected 1")
    if len(errors) != 1:
        wrong.append(f"{len(errors)} errors, expected 1")
    if not RIGHT_FORM.match(said):
        wrong.append("the line is not lower case, or ends in a full stop")
    changed = {name for name, at in listing(folder).items() if before.get(name) != at and not (folder / name).is_dir()}
    if changed or before.keys() - listing(folder).keys():
        wrong.append(f"files changed: {', '.join(sorted(changed))}")
    if wrong:
        wrong.append(f"after {time.time() - start:.1f} s:\n{result.stderr}")
    return said, wrong


def main():
    table, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    update = "--update" in sys.argv
    only = next((a.partition("=")[2] for a in sys.argv if a.startswith("--only=")), "")
    folder.mkdir(parents=True)
    make_inputs(folder)
    lines, failures, count = table.read_text().split("\n"), 0, 0
    for place, command, expected in reversed(list(read_cases(table))):
        if only not in command:
            continue
        count += 1
        said, wrong = run(command, folder)
        if update:
            lines[place : place + lines[place].startswith(" ")] = ["  " + said]
        elif said != expected:
            wrong.insert(0, f"said:     {said}\n  expected: {expected}")
        if wrong:
            failures += 1
            print(command, *wrong, sep="\n  ")
    if update:
        table.write_text("\n".join(lines))
    print(f"{count} wrong inputs, {failures} without the right line")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
