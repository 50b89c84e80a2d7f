"""run_both.py FIRST SECOND COMMAND...: runs COMMAND twice at the same time, with FIRST and
with SECOND as its last argument. Fails where one of them does.
"""

import subprocess
import sys

outputs, command = sys.argv[1:3], sys.argv[3:]
processes = [subprocess.Popen([*command, output]) for output in outputs]
sys.exit(max(abs(process.wait()) for process in processes))
