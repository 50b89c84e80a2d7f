"""Kills a calibration again and again and starts it anew until it ends.

    kill_and_resume.py KILLS CHECKPOINT COMMAND...

Every run but the last is killed (SIGKILL) when it has replaced CHECKPOINT a few
times, each run more often than the one before, so that the kills fall in several
regions, at their end and inside them. Prints how many runs were killed; fails if a run ends
by itself too early or with an error.
"""

import os
import signal
import subprocess
import sys
import time

TIMEOUT = 120.0


def identity(path):
    try:
        status = os.stat(path)
        return status.st_ino, status.st_mtime_ns
    except FileNotFoundError:
        return None


def kill_after_writes(command, checkpoint, writes):
    """Kills the command when it has replaced the file `writes` times."""
    last = identity(checkpoint)
    process = subprocess.Popen(command)
    deadline = time.monotonic() + TIMEOUT
    while writes > 0:
        if process.poll() is not None:
            sys.exit(f"ended by itself ({process.returncode}) before it was killed")
        if time.monotonic() > deadline:
            sys.exit("the checkpoint is not written")
        now = identity(checkpoint)
        if now != last:
            last = now
            writes -= 1
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    process.wait()


def main():
    kills, checkpoint, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    for kill in range(kills):
        kill_after_writes(command, checkpoint, 1 + 40 * kill)
        if not os.path.exists(checkpoint):
            sys.exit("the checkpoint is gone")
    subprocess.run(command, check=True)
    print(f"killed {kills} runs")


main()
