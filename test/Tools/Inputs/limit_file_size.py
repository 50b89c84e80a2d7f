"""limit_file_size.py BYTES COMMAND...: no file that COMMAND writes gets larger."""

import os
import resource
import signal
import sys

# Python ignores the signal, and what is ignored stays so.
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execvp(sys.argv[2], sys.argv[2:])
