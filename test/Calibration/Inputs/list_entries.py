"""Lists the entries of a kernel cache: name, size and when it was written.

Usage: list_entries.py DIRECTORY [--damage]

--damage cuts the last byte off every entry instead.
"""

import pathlib
import sys


def main():
    entries = sorted(pathlib.Path(sys.argv[1]).glob("llvmcache-*"))
    for entry in entries:
        if "--damage" in sys.argv:
            entry.write_bytes(entry.read_bytes()[:-1])
            continue
        status = entry.stat()
        print(entry.name, status.st_size, status.st_mtime_ns)


if __name__ == "__main__":
    main()
