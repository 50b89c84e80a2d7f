# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m pdq`, the same as the command `pdq`."""

import sys

from pdq._cli import main

if __name__ == "__main__":
    sys.exit(main())
