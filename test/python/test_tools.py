"""Finding the tools and turning what they say into exceptions."""

import importlib.util
import os
import pathlib
import stat
import tempfile
import unittest
from unittest import mock

if importlib.util.find_spec("numpy") is None:
    raise unittest.SkipTest("numpy is not installed; scripts/setup --tests installs it")

from pdq import PDQError, _tools


class ToolsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        environment = mock.patch.dict(os.environ, {"PDQ_BIN_DIR": folder.name})
        environment.start()
        self.addCleanup(environment.stop)

    def write_tool(self, script):
        path = self.folder / "pdq-opt"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def test_a_tool_is_found_in_the_named_directory(self):
        self.write_tool("")
        self.assertEqual(_tools.find_tool("pdq-opt"), str(self.folder / "pdq-opt"))

    def test_the_program_inside_the_package_comes_before_the_path(self):
        bundle = self.folder / "pdq-tools"
        bundle.touch()
        with mock.patch.object(_tools, "BUNDLE", bundle), mock.patch.dict(os.environ):
            del os.environ["PDQ_BIN_DIR"]
            self.assertEqual(_tools.find_command("pdq-run"), [str(bundle), "pdq-run"])

    def test_a_missing_tool_says_how_to_build_it(self):
        with self.assertRaisesRegex(PDQError, "scripts/build"):
            _tools.find_tool("pdq-opt")

    def test_the_first_error_is_the_message_and_nothing_is_lost(self):
        self.write_tool('echo "a.mlir:3:1: error: bits is 9" >&2; echo "note: here" >&2; exit 1')
        with self.assertRaises(PDQError) as caught:
            _tools.run_tool("pdq-opt", ["a.mlir"])
        self.assertEqual(str(caught.exception), "a.mlir:3:1: error: bits is 9")
        self.assertIn("note: here", caught.exception.diagnostics)
        self.assertEqual(caught.exception.command[1:], ["a.mlir"])

    def test_a_killed_tool_is_reported_with_its_signal(self):
        self.write_tool("kill -9 $$")
        with self.assertRaisesRegex(PDQError, "signal 9"):
            _tools.run_tool("pdq-opt", [])


if __name__ == "__main__":
    unittest.main()
