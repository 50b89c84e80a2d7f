"""Cuts a file that a command has open: it becomes shorter than what is read of it.

    cut_while_read.py FILE PIPE CONTENTS TIMES COMMAND...

COMMAND reads PIPE, which gives it the file CONTENTS each time; before the last of
these TIMES, all but the first page of FILE goes. Ends with the status of COMMAND.
"""

import os
import shutil
import subprocess
import sys
import time

cut, pipe, contents, times = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])


def has_open(process):
    """Whether `process` still reads the pipe, as long as it lives."""
    folder = f"/proc/{process.pid}/fd"
    try:
        return any(os.path.realpath(os.path.join(folder, name)) == pipe for name in os.listdir(folder))
    except FileNotFoundError:
        return process.poll() is None


def open_pipe(process):
    """The pipe, when `process` reads it."""
    while process.poll() is None:
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.001)
            continue
        os.set_blocking(descriptor, True)
        # A reader that is still opening has nothing open yet.
        while process.poll() is None and not has_open(process):
            time.sleep(0.001)
        return os.fdopen(descriptor, "wb")
    sys.exit(f"the command ends with {process.returncode} before it reads the pipe")


os.mkfifo(pipe)
process = subprocess.Popen(sys.argv[5:])
for number in range(times):
    with open_pipe(process) as stream:
        if number == times - 1:
            os.truncate(cut, 4096)
        with open(contents, "rb") as file:
            shutil.copyfileobj(file, stream)
    while has_open(process):
        time.sleep(0.001)
status = process.wait()
sys.exit(status if status >= 0 else 128 - status)
