"""Runs a command twice at the same time: run_beside.py STATE FIRST SECOND COMMAND...

The second one starts when the first has written STATE; FIRST and SECOND become
their last arguments. Prints both exit statuses.
"""

import os
import subprocess
import sys
import time


def main():
    state, outputs, command = sys.argv[1], sys.argv[2:4], sys.argv[4:]
    first = subprocess.Popen([*command, outputs[0]], stderr=subprocess.DEVNULL)
    while not os.path.exists(state) and first.poll() is None:
        time.sleep(0.001)
    second = subprocess.run([*command, outputs[1]], check=False)
    print(f"first {first.wait()}, second {second.returncode}")


main()
