"""Sends a signal to a calibration that is in its iterations.

    interrupt.py SIGNAL CHECKPOINT COMMAND...

SIGNAL is INT or TERM. The command is signalled when its checkpoint has been
replaced three times, or, where CHECKPOINT is -, when it has run for a second.
Ends with the command's exit status.
"""

import os
import signal
import subprocess
import sys
import time


def identity(path):
    try:
        status = os.stat(path)
        return status.st_ino, status.st_mtime_ns
    except FileNotFoundError:
        return None


def wait_for_writes(process, checkpoint):
    last, writes = None, 0
    while writes < 4 and process.poll() is None:
        now = identity(checkpoint)
        writes += now != last
        last = now
        time.sleep(0.0005)


def main():
    number, checkpoint, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    process = subprocess.Popen(command)
    if checkpoint == "-":
        time.sleep(1)
    else:
        wait_for_writes(process, checkpoint)
    process.send_signal(signal.Signals["SIG" + number])
    sys.exit(process.wait())


main()
