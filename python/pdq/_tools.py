# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds and calls the built tools; what they report becomes an exception."""

import os
import pathlib
import shutil
import subprocess


# The program that holds all tools, where the package is from a wheel.
BUNDLE = pathlib.Path(__file__).parent / "bin" / "pdq-tools"


class PDQError(RuntimeError):
    """A tool of pdq is missing or rejected its input.

    Attributes:
        diagnostics: everything the tool wrote on stderr, locations included.
        command: the command line, a list of strings (empty if no tool ran).
    """

    def __init__(self, message, diagnostics="", command=()):
        super().__init__(message)
        self.diagnostics = diagnostics
        self.command = list(command)


def _candidates():
    """Yields the directories that may hold the tools, best first."""
    if os.environ.get("PDQ_BIN_DIR"):
        yield os.environ["PDQ_BIN_DIR"]
        return
    yield from os.get_exec_path()
    for checkout in (pathlib.Path(__file__).resolve().parents[2], pathlib.Path.cwd()):
        if (checkout / "include" / "pdq" / "Pipelines.h").exists():
            yield str(checkout / "build" / "bin")


def find_tool(name):
    """The path of a tool: from PDQ_BIN_DIR alone if set, else PATH, else build/bin."""
    for folder in _candidates():
        path = shutil.which(name, path=folder)
        if path:
            return path
    raise PDQError(
        f"{name} is not in PDQ_BIN_DIR, PATH or build/bin; build pdq with scripts/build "
        "and set PDQ_BIN_DIR to its build/bin"
    )


def find_command(name):
    """The start of a command line that calls a tool: the program inside of this package, if
    there is one and PDQ_BIN_DIR names no other, or the tool that is found."""
    if BUNDLE.is_file() and not os.environ.get("PDQ_BIN_DIR"):
        return [str(BUNDLE), name]
    return [find_tool(name)]


def write_file(path, contents):
    """Writes bytes to `path`, completely or not at all."""
    path = pathlib.Path(path)
    temporary = path.with_name(f"{path.name}.temporary-{os.getpid()}")
    try:
        temporary.write_bytes(contents)
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise PDQError(f"{path}: cannot write: {error.strerror}") from error


def run_tool(name, arguments, take_line=lambda line: False, folder=None, module=None):
    """Runs a tool and returns what it wrote on stdout and stderr as text.

    `take_line` gets each line while the tool runs and says whether it was one that the
    text does not need. `module` is a file that the tool reads as stdin, `-` among the
    arguments: its path is no part of locations then. Files in `folder`, which is gone
    afterwards, are called by their names in messages. Raises PDQError with the tool's
    first error, or its last words, if it fails.
    """
    command = [*find_command(name), *map(str, arguments)]

    def name_files(line):
        if module is not None:
            line = line.replace("<stdin>", pathlib.Path(module).name)
        return line if folder is None else line.replace(f"{folder}{os.sep}", "")

    with open(module or os.devnull, "rb") as source, subprocess.Popen(
        command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        try:
            lines = [line for line in map(name_files, process.stdout) if not take_line(line)]
        except BaseException:
            # Leaves the state in the checkpoint, if there is one.
            process.terminate()
            raise
    status = process.returncode
    output = "".join(lines)
    if status != 0:
        raise PDQError(_headline(name, status, output), output, command)
    return output


def _headline(name, status, output):
    """The first error of a tool's output, with its location."""
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line]
    if errors:
        return errors[0]
    reason = f"signal {-status}" if status < 0 else f"exit status {status}"
    return f"{name} stopped with {reason}" + (f": {lines[-1]}" if lines else "")
