"""Fails where a folder of pdq includes what it may not.

Usage: check_layers.py [ROOT]
The rules:
- a folder includes its own headers and those of folders before it in LAYERS;
- code for the CPU and code for the GPU never include each other: what both need
  is in Codegen/Common or Plan;
- a header in lib is private: only sources beside it include it. What others use
  is in include/pdq;
- two classes of the project have two names, or the linker takes one's functions for
  the other's; those in anonymous namespaces and nested ones are not meant;
- libraries register the dialects that they use; `registerAllDialects` of MLIR is
  for tools.
"""

import pathlib
import re
import sys

LAYERS = [
    "Support",
    "IR",
    "Network",
    "Frontend",
    "Annotation",
    "Autodiff",
    "Plan",
    "Codegen",
    "Runtime",
    "Export",
    "Calibration",
    "Pipelines",
]
DEVICES = {"CPU": "CPU", "GPU": "GPU", "CUDA": "GPU"}
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
REGISTRATION = re.compile(r"\bmlir::registerAll(Dialects|Extensions|Passes)\b")


def layer_of(path):
    """The place of a folder among LAYERS; None for tools and tests, which use all."""
    name = path.parts[0].split(".")[0]
    return LAYERS.index(name) if name in LAYERS else None


def device_of(path):
    return next((DEVICES[part] for part in path.parts if part in DEVICES), None)


def problems(source, inside, root):
    """What is wrong with the includes of a file, whose path in its tree is `inside`."""
    text = source.read_text()
    library = source.is_relative_to(root / "lib") or source.is_relative_to(root / "include")
    for match in INCLUDE.finditer(text):
        line, name = text.count("\n", 0, match.start()) + 1, match[1]
        if not name.startswith("pdq/"):
            header = (source.parent / name).resolve()
            private = header.is_relative_to(root / "lib") and header.exists()
            if private and header.parent != source.parent.resolve():
                yield line, f"'{name}' is private to its folder; a header that others use is in include/pdq"
            continue
        header = pathlib.PurePath(name).relative_to("pdq")
        if not library:
            continue
        used, user = layer_of(header), layer_of(inside)
        if used is not None and user is not None and used > user:
            yield line, f"{LAYERS[user]} includes '{name}' of {LAYERS[used]}, which is built on it"
        if {device_of(header), device_of(inside)} == {"CPU", "GPU"}:
            yield line, f"code for the {device_of(inside)} includes '{name}', which is for the {device_of(header)}"
    for match in REGISTRATION.finditer(text) if library else ():
        line = text.count("\n", 0, match.start()) + 1
        yield line, f"'{match[0]}' is for tools; a library registers the dialects that it uses"


CLASS = re.compile(r"^(?:class|struct) (?:mlir::pdq::)?(\w+)[^;{]*\{", re.M)


def equal_classes(root):
    """Pairs of a header and the one before it that defines a class of the same name."""
    seen = {}
    for header in sorted([*(root / "include").rglob("*.h"), *(root / "lib").rglob("*.h")]):
        for match in CLASS.finditer(header.read_text()):
            other = seen.setdefault(match[1], header)
            if other != header:
                yield header, match[1], other


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1]).resolve()
    trees = [root / "include" / "pdq", root / "lib", root / "tools", root / "test", root / "benchmarks"]
    found = 0
    for tree in trees:
        for source in sorted([*tree.rglob("*.h"), *tree.rglob("*.cpp")]):
            for line, message in problems(source, source.relative_to(tree), root):
                print(f"{source.relative_to(root)}:{line}: error: {message}")
                found += 1
    for header, name, other in equal_classes(root):
        print(f"{header.relative_to(root)}: error: class '{name}' is defined in {other.relative_to(root)}, too")
        found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
