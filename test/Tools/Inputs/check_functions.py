"""check_functions.py FOLDER: mathematical functions at ordinary and extreme places.

Writes FOLDER/NAME.mlir and FOLDER/x.npy, runs pdq-run on each and compares with
Python's functions in double precision; without NumPy. Allowed are a few units in
the last place of f32 (relative) and, where a function has zeros elsewhere than at 0,
the same in absolute terms.
"""

import array
import math
import pathlib
import struct
import subprocess
import sys

INF, NAN = math.inf, math.nan
EXTREMES = [0.0, 1e-40, 1e-38, 1e-20, 1e-10, 1e-5, 0.1, 0.4999, 0.5, 0.9, 0.9999, 1.0, 1.0001, 1.5, 2.0]
EXTREMES += [3.0, 7.0, 10.0, 20.5, 50.0, 88.0, 89.0, 90.0, 100.0, 1000.5, 4095.0, 4097.0, 12345.67]
EXTREMES += [99999.9, 1e6, 12345678.0, 1e9, 1e12, 1e19, 1e25, 3e38, INF]


def guard(function):
    """Domain errors are NaN, overflows infinite with the sign of the argument."""

    def guarded(x):
        try:
            return function(x)
        except ValueError:
            return NAN
        except OverflowError:
            return math.copysign(INF, x) if function is math.sinh else INF

    return guarded


def cbrt(x):
    return math.copysign(math.exp(math.log(abs(x)) / 3), x) if x and math.isfinite(x) else x


def atanh(x):
    return math.copysign(INF, x) if abs(x) == 1 else math.atanh(x)


def power(y):
    return lambda x: math.pow(x, y)


# name: (operation, function, largest argument, units in the last place)
FUNCTIONS = {
    "sin": ("math.sin %a", math.sin, 1e9, 4),
    "cos": ("math.cos %a", math.cos, 1e9, 4),
    "tan": ("math.tan %a", math.tan, 1e5, 4),
    "sinh": ("math.sinh %a", math.sinh, INF, 4),
    "cosh": ("math.cosh %a", math.cosh, INF, 4),
    "asinh": ("math.asinh %a", math.asinh, INF, 4),
    "acosh": ("math.acosh %a", math.acosh, INF, 4),
    "atanh": ("math.atanh %a", atanh, INF, 4),
    "cbrt": ("math.cbrt %a", cbrt, INF, 4),
    "pow_inf": ("math.powf %a, %p", power(INF), INF, 0),
    "pow_minus_inf": ("math.powf %a, %p", power(-INF), INF, 0),
    "pow_nan": ("math.powf %a, %p", power(NAN), INF, 0),
    # exp(3 log x): as many units as the logarithm of the result is large.
    "pow_3": ("math.powf %a, %p", power(3.0), 1e12, 160),
}
EXPONENTS = {"pow_inf": "0x7F800000", "pow_minus_inf": "0xFF800000", "pow_nan": "0x7FC00000", "pow_3": "3.0"}


def write_npy(path, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values)}, 1), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    contents = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
    path.write_bytes(contents + values.tobytes())


def read_npy(path):
    contents = path.read_bytes()
    return array.array("f", contents[10 + int.from_bytes(contents[8:10], "little") :])


MODULE = """#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<COUNTx1xf32>) -> tensor<COUNTx1xf32> {
  %p = arith.constant EXPONENT : f32
  %e = tensor.empty() : tensor<COUNTx1xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<COUNTx1xf32>) outs(%e : tensor<COUNTx1xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = OPERATION : f32
    linalg.yield %0 : f32
  } -> tensor<COUNTx1xf32>
  return %y : tensor<COUNTx1xf32>
}
"""


def is_close(found, expected, units):
    if math.isnan(expected) or math.isnan(found):
        return math.isnan(expected) and math.isnan(found)
    if math.isinf(expected) or math.isinf(found):
        # What f32 does not hold is infinite, at the latest beyond its range.
        return found == expected or (abs(expected) > 3.39e38 and found * expected > 0)
    return abs(found - expected) <= units * max(abs(expected) * 2.0**-24, 1e-38)


def main():
    folder = pathlib.Path(sys.argv[1])
    extra = sys.argv[2:]
    folder.mkdir(exist_ok=True)
    x = array.array("f", EXTREMES + [-value for value in EXTREMES] + [NAN])
    x.extend(array.array("f", [i * 0.37 - 60 for i in range(400)]))
    write_npy(folder / "x.npy", x)
    wrong = 0
    for name, (operation, function, largest, units) in FUNCTIONS.items():
        text = MODULE.replace("COUNT", str(len(x))).replace("OPERATION", operation)
        module, output = folder / f"{name}.mlir", folder / f"{name}.npy"
        module.write_text(text.replace("EXPONENT", EXPONENTS.get(name, "0.0")))
        command = ["pdq-run", module, f"--input={folder / 'x.npy'}", f"--output={output}", "--batch=4096"]
        subprocess.run([*command, *extra], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for argument, found in zip(x, read_npy(output)):
            expected = guard(function)(argument)
            if abs(argument) <= largest and not is_close(found, expected, units):
                print(f"{name}({argument!r}) is {found!r}, expected {expected!r}")
                wrong += 1
    print(f"{wrong} of {len(x) * len(FUNCTIONS)} values differ")
    return wrong != 0


sys.exit(main())
