"""The suite of the GoogleTest programs; lit counts every case in them."""

import lit.formats

config.name = "PDQ-Unit"
config.test_source_root = config.pdq_unit_dir
config.test_exec_root = config.pdq_unit_dir
config.test_format = lit.formats.GoogleTest(".", ".unittest")
config.excludes = ["CMakeFiles"]
# Nothing is taken from an earlier run.
config.environment["PDQ_CACHE_DIR"] = ""
