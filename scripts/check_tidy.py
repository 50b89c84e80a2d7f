"""Runs clang-tidy (.clang-tidy) on the sources that changed since it last passed.

Usage: check_tidy.py --build DIRECTORY [--jobs N]
A source counts as changed when its own text, a project header that it includes
or .clang-tidy changed; what passed is remembered in the build directory.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = 77


def project_inputs(build):
    """Maps each object file to the project files that ninja saw it read."""
    listing = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True)
    inputs, current = {}, None
    for line in listing.stdout.split("\n"):
        if line.startswith("    "):
            path = (pathlib.Path(build) / line.strip()).resolve()
            if current is not None and path.is_relative_to(ROOT):
                current.append(path)
        elif ": #deps" in line:
            current = inputs.setdefault(line.split(": #deps")[0], [])
    return inputs


def fingerprint(paths):
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    for path in sorted(paths):
        digest.update(str(path).encode())
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()


def sources(build):
    """Yields (source, fingerprint) of every translation unit of lib/ and tools/."""
    inputs = project_inputs(build)
    for command in json.loads((pathlib.Path(build) / "compile_commands.json").read_text()):
        source = pathlib.Path(command["file"])
        if source.is_relative_to(ROOT / "lib") or source.is_relative_to(ROOT / "tools"):
            yield source, fingerprint([source, *inputs.get(command.get("output", ""), [])])


def tidy(tool, build, source):
    command = [tool, "-p", build, "--quiet", "--warnings-as-errors=*", str(source)]
    result = subprocess.run(command, capture_output=True, text=True)
    return result.returncode, result.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    tool = shutil.which("clang-tidy-22")
    if not tool:
        print("check_tidy: skipped, clang-tidy-22 is not installed")
        return SKIPPED
    memory = pathlib.Path(arguments.build) / "clang-tidy-passed.json"
    passed = json.loads(memory.read_text()) if memory.exists() else {}
    everything = list(sources(arguments.build))
    todo = [(s, f) for s, f in everything if passed.get(str(s)) != f]
    print(f"check_tidy: {len(todo)} of {len(everything)} sources to check")
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = pool.map(lambda item: tidy(tool, arguments.build, item[0]), todo)
        for (source, hash_), (status, output) in zip(todo, results):
            if status == 0:
                passed[str(source)] = hash_
            else:
                failures += 1
                print(f"{source.relative_to(ROOT)}:\n{output}")
    memory.write_text(json.dumps(passed))
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
