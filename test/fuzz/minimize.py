# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a failing network smaller by leaving parts of its recipe out."""

import dataclasses

from generator.recipe import BRANCHES


def smaller_layers(layers):
    """Yields lists with one layer less, a branch replaced by its inside, or a branch made smaller."""
    for i, layer in enumerate(layers):
        yield layers[:i] + layers[i + 1 :]
    for i, layer in enumerate(layers):
        if layer.kind not in BRANCHES:
            continue
        yield layers[:i] + layer.inside + layers[i + 1 :]
        for inside in smaller_layers(layer.inside):
            yield layers[:i] + [dataclasses.replace(layer, inside=inside)] + layers[i + 1 :]


def simpler(recipe):
    """Yields recipes that are a step simpler, the most promising ones first."""
    half = len(recipe.layers) // 2
    if half > 1:
        yield dataclasses.replace(recipe, layers=recipe.layers[:half])
        yield dataclasses.replace(recipe, layers=recipe.layers[half:])
    for layers in smaller_layers(recipe.layers):
        yield dataclasses.replace(recipe, layers=layers)
    if recipe.batch != 2:
        yield dataclasses.replace(recipe, batch=2)
    if recipe.channels_last:
        yield dataclasses.replace(recipe, channels_last=False)
    for i, size in enumerate(recipe.shape):
        if size > 2:
            yield dataclasses.replace(recipe, shape=recipe.shape[:i] + [size - 1] + recipe.shape[i + 1 :])


def minimize(recipe, fails, tries=80):
    """The smallest recipe found for which `fails(recipe)` holds, as it does for `recipe`."""
    again = True
    while again:
        again = False
        for candidate in simpler(recipe):
            if tries == 0:
                return recipe
            tries -= 1
            if fails(candidate):
                recipe, again = candidate, True
                break
    return recipe
