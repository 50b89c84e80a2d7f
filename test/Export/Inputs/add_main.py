"""add_main.py MODULE SAMPLES.npy COUNT: writes the module, which is text as mlir-opt
prints it, with a function `run` that calls its network on the first COUNT samples,
batch by batch, and prints the bits of every output, one decimal number a line. COUNT
is a multiple of the module's batch."""

import re
import sys

from print_bits import read_rows

RUN = """
  func.func private @printI64(i64)
  func.func private @printNewline()
  func.func @run() {{
    %samples = arith.constant dense<"0x{data}"> : tensor<{all}xf32>
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %batch = arith.constant {batch} : index
    %count = arith.constant {count} : index
    %width = arith.constant {width} : index
    scf.for %first = %zero to %count step %batch {{
      %x = tensor.extract_slice %samples[%first, {zeros}] [{sizes}] [{ones}]
        : tensor<{all}xf32> to tensor<{input}>
      %y = func.call @{name}(%x) : (tensor<{input}>) -> tensor<{output}>
      scf.for %i = %zero to %batch step %one {{
        scf.for %j = %zero to %width step %one {{
          %element = tensor.extract %y[%i, %j] : tensor<{output}>
          %bits = arith.bitcast %element : f32 to i32
          %wide = arith.extui %bits : i32 to i64
          func.call @printI64(%wide) : (i64) -> ()
          func.call @printNewline() : () -> ()
        }}
      }}
    }}
    return
  }}
"""

path, samples, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
text = open(path).read()
name, source, target = re.search(r"func\.func @(\w+)\(%\w+: tensor<([^>]*)>\) -> tensor<([^>]*)>", text).groups()
sizes, rows = read_rows(samples, count)
batch, width = (int(size) for size in target.split("x")[:2])
assert count % batch == 0, f"{count} samples are no whole batches of {batch}"
main = RUN.format(
    data=rows.hex(),
    all="x".join(map(str, [count, *sizes])),
    batch=batch,
    count=count,
    width=width,
    zeros=", ".join(["0"] * len(sizes)),
    ones=", ".join(["1"] * (len(sizes) + 1)),
    sizes=", ".join(map(str, [batch, *sizes])),
    input=source,
    output=target,
    name=name,
)
# Behind the last operation of the module; resources stand behind its end.
end = text.rindex("\n}", 0, text.find("{-#") if "{-#" in text else len(text))
print(text[:end] + main + text[end + 1 :], end="")
