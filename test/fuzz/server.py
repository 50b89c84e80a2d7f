# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls of pdq-opt and pdq-run through the fork server."""

import os
import pathlib
import signal
import subprocess


class Outcome:
    """How a call ended: its status (negative: a signal) and what it printed."""

    def __init__(self, status, log):
        self.status, self.log = status, log

    @property
    def crashed(self):
        """Signals, and the exit statuses of assertions that were caught."""
        return self.status < 0

    def describe(self):
        if self.status == -signal.SIGALRM:
            return "hangs"
        if self.crashed:
            return f"ended by {signal.Signals(-self.status).name}: {self.log[-300:]}"
        return self.last_error() or f"status {self.status}"

    def last_error(self):
        errors = [line for line in self.log.splitlines() if "error:" in line]
        return errors[0].split("error: ", 1)[1] if errors else ""


class Server:
    """The fork server of a build, started at the first call; the tools where there is none."""

    def __init__(self, build, folder, seconds=60, megabytes=0):
        self.program = pathlib.Path(build) / "bin" / "pdq-fork-server"
        self.log = pathlib.Path(folder) / "log"
        self.seconds, self.megabytes, self.process = seconds, megabytes, None
        self.calls = 0

    def call(self, tool, *arguments, seconds=None):
        """Runs `tool` and returns its Outcome."""
        self.calls += 1
        if not self.program.exists():
            return self.call_tool(tool, arguments, seconds or self.seconds)
        if self.process is None:
            self.process = subprocess.Popen(
                [self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.environment()
            )
        parts = [self.log, seconds or self.seconds, self.megabytes, tool, *arguments]
        self.process.stdin.write("\t".join(map(str, parts)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.program} stopped with status {self.process.wait()}")
        return Outcome(int(answer), self.log.read_text(errors="replace"))

    def call_tool(self, tool, arguments, seconds):
        command = [self.program.parent / tool, *map(str, arguments)]
        try:
            ran = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", timeout=seconds, env=self.environment(),
            )
        except subprocess.TimeoutExpired as expired:
            return Outcome(-signal.SIGALRM, str(expired))
        return Outcome(ran.returncode, ran.stdout)

    @staticmethod
    def environment():
        # All symbols are resolved before the first fork.
        return {**os.environ, "LD_BIND_NOW": "1", "PDQ_CACHE_DIR": ""}

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.process = None
