"""vanish.py FILE FOLDER COMMAND...: removes FOLDER as soon as COMMAND has written FILE.

Ends with the status of COMMAND.
"""

import os
import shutil
import subprocess
import sys
import time

written, folder = sys.argv[1:3]
process = subprocess.Popen(sys.argv[3:])
while process.poll() is None and not os.path.exists(written):
    time.sleep(0.01)
shutil.rmtree(folder)
status = process.wait()
sys.exit(status if status >= 0 else 128 - status)
