"""write_nested.py PREFIX: writes modules that nest a lot, in different ways."""

import sys


def write(name, text):
    with open(f"{sys.argv[1]}.{name}.mlir", "w") as file:
        file.write(text + "\n")


def modules(count):
    return "module {\n" * count + "}\n" * count


write("modules", modules(20000))
write("attributes", "module attributes {a = " + "[" * 30000 + "]" * 30000 + "} {}")
write("types", "func.func private @f(" + "tuple<" * 30000 + "i32" + ">" * 30000 + ")")
write("sum", "#m = affine_map<(d0) -> (" + "d0 + " * 100000 + "d0)>")
write("signs", "#m = affine_map<(d0) -> (" + "-" * 100000 + "d0)>")
write("deep", modules(250))
write("400", modules(400))
comments = "// [[[[{{{{((((<<<<\n" * 100
functions = "".join(f'func.func private @f{i}(i32) -> i32 attributes {{a = "[[[[\\"((((<<<<"}}\n' for i in range(300))
sets = "".join(f"#s{i} = affine_set<(d0) : (d0 - {i} >= 0)>\n" for i in range(300))
write("harmless", comments + sets + functions)
