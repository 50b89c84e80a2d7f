# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A random network is a recipe: layers with a seed each, drawn from the network's seed.

Every part of a recipe is a recipe: each layer draws its sizes from its own seed and from
the shape that comes in, so a failing network is made smaller by leaving layers out.
"""

import dataclasses
from typing import List, Optional

import numpy as np

from generator import activations, linears, norms, products, reads, reductions, structure, views
from generator.builder import Builder

LAYERS = {
    "convolution": products.convolve,
    "transposed_convolution": products.convolve_transposed,
    "linear": linears.linear,
    "attention": linears.attention,
    "squeeze_excite": linears.squeeze_excite,
    "batch_norm": norms.batch_norm,
    "layer_norm": reductions.layer_norm,
    "group_norm": reductions.group_norm,
    "softmax": reductions.softmax_layer,
    "mean": reductions.mean_layer,
    "activation": activations.activation,
    "prelu": activations.prelu,
    "pool": structure.pool,
    "slice": structure.slice_layer,
    "pad": structure.pad_layer,
    "gated_linear_unit": structure.gated_linear_unit,
    "shuffle_channels": structure.shuffle_channels,
    "pixel_shuffle": structure.pixel_shuffle,
    "transpose": structure.transpose_layer,
    "view": structure.view_layer,
    "spatial_view": structure.spatial_view,
    "flatten": structure.flatten,
    "roll": structure.roll,
    "flip": reads.flip,
    "select": reads.select,
    "upsample": reads.upsample,
    "interpolate": reads.interpolate,
    "reflect": reads.reflect,
    "adaptive_pool": reads.adaptive_pool,
}

# How often a layer is drawn.
WEIGHTS = {
    "convolution": 8,
    "transposed_convolution": 1.5,
    "linear": 5,
    "attention": 1,
    "squeeze_excite": 0.7,
    "batch_norm": 6,
    "layer_norm": 1,
    "group_norm": 0.7,
    "softmax": 0.5,
    "mean": 1,
    "activation": 7,
    "prelu": 0.7,
    "pool": 2,
    "slice": 1,
    "pad": 1,
    "gated_linear_unit": 0.7,
    "shuffle_channels": 0.7,
    "pixel_shuffle": 0.5,
    "transpose": 1.5,
    "view": 1.2,
    "spatial_view": 0.7,
    "flatten": 0.7,
    "flip": 0.4,
    "roll": 0.5,
    "select": 0.6,
    "upsample": 0.7,
    "interpolate": 0.6,
    "reflect": 0.4,
    "adaptive_pool": 0.6,
}
BRANCHES = ("residual", "join")


@dataclasses.dataclass
class Layer:
    """One layer, or a branch with layers inside."""

    kind: str
    seed: int
    inside: List["Layer"] = dataclasses.field(default_factory=list)

    def spell(self):
        inside = f"({', '.join(layer.spell() for layer in self.inside)})" if self.kind in BRANCHES else ""
        return f"{self.kind}:{self.seed}{inside}"


@dataclasses.dataclass
class Recipe:
    """Everything that a network is made from."""

    shape: List[int]
    batch: Optional[int]
    frontend: str
    channels_last: bool
    data_seed: int
    layers: List[Layer]

    def describe(self):
        batch = "?" if self.batch is None else self.batch
        last = ", channels last" if self.channels_last else ""
        layers = " ".join(layer.spell() for layer in self.layers)
        return f"{self.frontend}{last}, input [{batch}, {', '.join(map(str, self.shape))}]: {layers}"


@dataclasses.dataclass
class Network:
    """The text of a network, samples, and the outputs they should have."""

    text: str
    inputs: np.ndarray
    outputs: np.ndarray
    batch: Optional[int]


def draw_recipe(seed):
    """The recipe of a seed."""
    r = np.random.default_rng(seed)
    rank = int(r.choice([1, 2, 3, 4], p=[0.2, 0.25, 0.47, 0.08]))
    sizes = [1, 2, 3, 4, 6, 8] if rank == 1 else [2, 3, 4, 4, 5, 6] if rank < 4 else [2, 3, 4]
    shape = [int(r.choice(sizes)) for _ in range(rank)]
    frontend = "tosa" if r.random() < 0.25 else "linalg"
    batch = [1, 2, 3, None][r.choice(4, p=[0.4, 0.2, 0.15, 0.25])]
    if frontend == "tosa" and batch is None:
        batch = 2
    layers = [draw_layer(r, 2) for _ in range(int(r.integers(2, 8)))]
    return Recipe(shape, batch, frontend, bool(r.random() < 0.15), int(r.integers(1 << 30)), layers)


def draw_layer(r, depth):
    if depth and r.random() < 0.15:
        inside = [draw_layer(r, depth - 1) for _ in range(int(r.integers(1, 4)))]
        return Layer(BRANCHES[r.integers(2)], int(r.integers(1 << 30)), inside)
    names = list(WEIGHTS)
    chances = np.array([WEIGHTS[n] for n in names])
    return Layer(names[r.choice(len(names), p=chances / chances.sum())], int(r.integers(1 << 30)))


def build(recipe, samples=5, inputs=None):
    """The network of a recipe. Layers that do not fit what comes in are left out.

    `inputs` takes the place of the samples that the recipe draws.
    """
    r = np.random.default_rng(recipe.data_seed)
    if inputs is None:
        inputs = r.normal(0, 1, (samples, *recipe.shape)).astype(np.float32)
    b = Builder(recipe.batch, len(inputs), recipe.frontend, recipe.channels_last)
    x = b.input([-1, *recipe.shape], inputs.astype(np.float64))
    y = apply(b, x, recipe.layers)
    if y.name == "%x":
        y = activations.named_activation(b, x, "scale", r)
    return Network(b.finish(y), inputs, y.data, recipe.batch)


def apply(b, x, layers):
    for layer in layers:
        r = np.random.default_rng(layer.seed)
        if layer.kind in BRANCHES:
            x = branch(b, x, layer, r)
            continue
        y = LAYERS[layer.kind](b, x, r)
        if y is None:
            continue
        if y.rank > 5 or views.product(y.shape[1:]) > 2048:
            continue
        if not np.isfinite(y.data).all() or np.abs(y.data).max() > 1e3:
            continue
        x = y
    return x


def branch(b, x, layer, r):
    """x + f(x), or x and f(x) one behind the other, where the shapes allow it."""
    y = apply(b, x, layer.inside)
    if y is x:
        return x
    if layer.kind == "residual" and y.shape == x.shape:
        return views.add(b, x, y, r)
    if layer.kind == "join" and y.rank == x.rank:
        differ = [i for i in range(x.rank) if x.shape[i] != y.shape[i]]
        axis = differ[0] if differ else activations.channel_axis(b, x)
        if len(differ) <= 1 and axis != 0:
            return views.concatenate(b, [x, y], axis, r)
    return y
