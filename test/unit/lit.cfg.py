"""The suite of the GoogleTest programs; lit counts every case in them."""

import lit.formats

config.name = "PDQ-Unit"
config.test_source_root = config.pdq_unit_dir
config.test_exec_root = config.pdq_unit_dir
config.test_format = lit.formats.GoogleTest(".", ".unittest")
config.excludes = ["CMakeFiles"]
