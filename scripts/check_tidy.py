"""Runs clang-tidy (.clang-tidy) on the sources that changed since they last passed.

Usage: check_tidy.py --build DIRECTORY [--jobs N] [--root DIRECTORY]
A source counts as changed when its own text, a project header that it includes
or .clang-tidy changed; what passed is remembered in the build directory.

Nearly all the time goes into MLIR's headers, so sources are checked a few at a time,
one behind the other in one file, and headers are read once for them. Only sources that
define different names and mean the same files by their includes go together. Where something is found, or
they do not compile together, each is checked alone: that is what counts and is shown.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
# More save little: ten sources take about as long as the headers before them.
MOST_TOGETHER = 10

# Names that only one of the sources of a file can define.
FILE_SCOPE_NAMES = [
    re.compile(r"^static\b[^;{}=()]*?\b(\w+)(?:\s*\(|\s*=|\[|\{|;)", re.M),
    re.compile(r"^(?:constexpr|const)\b[^;{}()]*?\b(\w+)\s*[=\[{]", re.M),
    re.compile(r"^(?:struct|class|enum|enum class|union)\s+(\w+)", re.M),
    re.compile(r"^namespace (\w+) =", re.M),
    re.compile(r"^using (?!namespace)(?:.*::)?(\w+)", re.M),
    re.compile(r"^#define (?!GEN_PASS_DEF)(\w+)", re.M),
]


# A header beside the source, which another folder may have by the same name.
PRIVATE_INCLUDE = re.compile(r'^#include "([^"/]+)"', re.M)


class Source:
    """A translation unit: its path, how it is compiled, and a digest of what it reads."""

    def __init__(self, command, inputs, config):
        self.path = pathlib.Path(command["file"])
        self.flags = self._get_flags(command)
        text = self.path.read_text()
        self.headers = {name for name in PRIVATE_INCLUDE.findall(text) if (self.path.parent / name).exists()}
        self.names = {name for pattern in FILE_SCOPE_NAMES for name in pattern.findall(text)}
        digest = hashlib.sha256(config)
        for path in sorted({self.path, *inputs.get(command.get("output", ""), [])}):
            digest.update(str(path).encode())
            digest.update(path.read_bytes() if path.exists() else b"")
        self.digest = digest.hexdigest()

    @staticmethod
    def _get_flags(command):
        """The flags, without compiler launchers and compiler, source and object."""
        words = command["arguments"] if "arguments" in command else shlex.split(command["command"])
        start = next(i for i, word in enumerate(words) if word.startswith("-"))
        text = "\n".join(words[start:]) + "\n"
        # Of a precompiled header clang-tidy reads everything, which takes longer than
        # to parse what a source includes.
        text = re.sub(r"-Xclang\n-include(-pch)?\n-Xclang\n.*\n", "", text)
        text = re.sub(r"-Winvalid-pch\n|-c\n|-o\n.*\n", "", text)
        return tuple(word for word in text.split("\n") if word and word != command["file"])


INCLUDE = re.compile(r'^#include ["<][^">]*(?<!\.inc)[">].*\n', re.M)


def join_sources(texts):
    """One source of several: all headers first, so that none is read in another way
    than alone because of what stands in front of it."""
    headers = dict.fromkeys(header for text in texts for header in INCLUDE.findall(text))
    return "".join(headers) + "\n".join(INCLUDE.sub("", text) for text in texts)


def project_inputs(build, root):
    """Maps each object file to the project files that ninja saw it read."""
    listing = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True)
    inputs, current = {}, None
    for line in listing.stdout.split("\n"):
        if line.startswith("    "):
            path = (pathlib.Path(build) / line.strip()).resolve()
            if current is not None and path.is_relative_to(root):
                current.append(path)
        elif ": #deps" in line:
            current = inputs.setdefault(line.split(": #deps")[0], [])
    return inputs


def read_sources(build, root):
    """The translation units of lib/ and tools/."""
    inputs = project_inputs(build, root)
    config = (root / ".clang-tidy").read_bytes()
    for command in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(command["file"])
        if path.is_relative_to(root / "lib") or path.is_relative_to(root / "tools"):
            yield Source(command, inputs, config)


def mean_other_files(one, other):
    """Whether two sources include different files by the same name, or would where each
    is looked for in the folders of both."""
    if one.path.parent == other.path.parent:
        return False
    return any((other.path.parent / name).exists() for name in one.headers) or any(
        (one.path.parent / name).exists() for name in other.headers
    )


def form_groups(sources):
    """Sources that can stand in one file; the first group that fits takes each."""
    groups = []
    for source in sources:
        for group in groups:
            if (
                len(group) < MOST_TOGETHER
                and group[0].flags == source.flags
                and not any(source.names & other.names or mean_other_files(source, other) for other in group)
            ):
                group.append(source)
                break
        else:
            groups.append([source])
    # The longest first, so that all cores end together.
    return sorted(groups, key=len, reverse=True)


class Tidy:
    def __init__(self, tool, build, root):
        self.tool, self.build, self.root = tool, build, root

    def _run(self, path, flags):
        command = [self.tool, "--quiet", "--warnings-as-errors=*", f"--config-file={self.root / '.clang-tidy'}"]
        result = subprocess.run([*command, str(path), "--", *flags], capture_output=True, text=True, cwd=self.build)
        return result.returncode, result.stdout + (result.stderr if result.returncode else "")

    def check(self, group):
        """The sources of a group that did not pass, with what was found."""
        if len(group) > 1:
            # A name of its own: one source can belong to two programs.
            with tempfile.NamedTemporaryFile("w", suffix=".cpp", dir=self.build) as together:
                together.write(join_sources([source.path.read_text() for source in group]))
                together.flush()
                folders = dict.fromkeys(f"-iquote{source.path.parent}" for source in group)
                status, _ = self._run(together.name, [*folders, *group[0].flags])
            if status == 0:
                return []
        checked = [(source, *self._run(source.path, source.flags)) for source in group]
        return [(source, output) for source, status, output in checked if status]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("--build", type=pathlib.Path, default=root / "build")
    parser.add_argument("--root", type=pathlib.Path, default=root)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    tool = shutil.which("clang-tidy-22")
    if not tool:
        print("check_tidy: skipped, clang-tidy-22 is not installed; scripts/setup installs it")
        return SKIPPED
    build = arguments.build.resolve()
    memory = build / "clang-tidy-passed.json"
    passed = json.loads(memory.read_text()) if memory.exists() else {}
    sources = list(read_sources(build, arguments.root.resolve()))
    todo = [source for source in sources if passed.get(str(source.path)) != source.digest]
    groups = form_groups(todo)
    print(f"check_tidy: {len(todo)} of {len(sources)} sources to check, in {len(groups)} groups")
    tidy, failures = Tidy(tool, build, arguments.root.resolve()), 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for group, failed in zip(groups, pool.map(tidy.check, groups)):
            names = {source.path for source, _ in failed}
            passed.update({str(source.path): source.digest for source in group if source.path not in names})
            failures += len(failed)
            for source, output in failed:
                print(f"{source.path}:\n{output}")
    memory.write_text(json.dumps(passed))
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
