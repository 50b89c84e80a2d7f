"""write_commands.py ROOT BUILD: writes how the sources in ROOT/lib are compiled."""

import json
import pathlib
import sys

# Of the precompiled header, which is not there, nothing may be left.
PRECOMPILED = "-Winvalid-pch -Xclang -include-pch -Xclang none.pch -Xclang -include -Xclang none.hxx"

root, build = map(pathlib.Path, sys.argv[1:])
commands = [
    {"directory": str(build), "file": str(path), "output": f"{path.stem}.o", "command": f"clang++ -std=c++17 {PRECOMPILED} -o {path.stem}.o -c {path}"}
    for path in sorted(root.glob("lib/*/*.cpp"))
]
(build / "compile_commands.json").write_text(json.dumps(commands))
