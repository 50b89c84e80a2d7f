"""doubling.py FILE N: N functions of which each calls the next one twice."""

import sys

path, count = sys.argv[1], int(sys.argv[2])
matrix = "tensor<1x2xf32>"
functions = []
for i in range(count):
    name = f"private @f{i}" if i else "@main"
    functions.append(f"""func.func {name}(%x: {matrix}) -> {matrix} {{
  %a = call @f{i + 1}(%x) : ({matrix}) -> {matrix}
  %b = call @f{i + 1}(%a) : ({matrix}) -> {matrix}
  return %b : {matrix}
}}
""")
functions.append(f"""func.func private @f{count}(%x: {matrix}) -> {matrix} {{
  %y = tensor.empty() : {matrix}
  %sum = linalg.add ins(%x, %x : {matrix}, {matrix}) outs(%y : {matrix}) -> {matrix}
  return %sum : {matrix}
}}
""")
with open(path, "w") as file:
    file.write("".join(functions))
