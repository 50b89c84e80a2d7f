# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random networks as the frontends write them, with their values by NumPy."""

from generator.recipe import Network, Recipe, build, draw_recipe

__all__ = ["Network", "Recipe", "build", "draw_recipe"]
