# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The kind of wheel: with the tools inside it is for one platform and any Python 3."""

import pathlib

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class ToolsDistribution(Distribution):
    def has_ext_modules(self):
        return (pathlib.Path(__file__).parent / "pdq" / "bin" / "pdq-tools").exists()


class ToolsWheel(bdist_wheel):
    def get_tag(self):
        return ("py3", "none", super().get_tag()[2])


setup(distclass=ToolsDistribution, cmdclass={"bdist_wheel": ToolsWheel})
