# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What layers compute, in float64 on arrays with the channels in dimension 1."""

import itertools
import math

import numpy as np


def windows(x, kernel, stride, dilation):
    """Yields the place in the window and what all windows have there."""
    sizes = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation)]
    for place in itertools.product(*map(range, kernel)):
        index = [slice(p * d, p * d + (n - 1) * s + 1, s) for p, n, s, d in zip(place, sizes, stride, dilation)]
        yield place, x[(slice(None), slice(None), *index)]


def convolution(x, weight, stride, dilation, groups):
    """`weight` is [F, C / groups, *kernel]; `x` is padded."""
    outputs = []
    for part, filters in zip(np.split(x, groups, 1), np.split(weight, groups, 0)):
        terms = [
            np.einsum("bc...,fc->bf...", value, filters[(slice(None), slice(None), *place)])
            for place, value in windows(part, weight.shape[2:], stride, dilation)
        ]
        outputs.append(sum(terms))
    return np.concatenate(outputs, 1)


def transposed_convolution(x, weight, stride, padding, output_padding, dilation):
    """`weight` is [C, F, *kernel], as in PyTorch."""
    kernel = weight.shape[2:]
    full = [
        (n - 1) * s + d * (k - 1) + 1 + o for n, s, d, k, o in zip(x.shape[2:], stride, dilation, kernel, output_padding)
    ]
    result = np.zeros((x.shape[0], weight.shape[1], *full))
    for place in itertools.product(*map(range, kernel)):
        index = [
            slice(p * d, p * d + (n - 1) * s + 1, s) for p, d, n, s in zip(place, dilation, x.shape[2:], stride)
        ]
        result[(slice(None), slice(None), *index)] += np.einsum(
            "bc...,cf->bf...", x, weight[(slice(None), slice(None), *place)]
        )
    inner = [slice(p, n - p) for p, n in zip(padding, full)]
    return result[(slice(None), slice(None), *inner)]


def pooling(x, kernel, stride, dilation, reduce):
    return reduce([value for _, value in windows(x, kernel, stride, dilation)])


def along(vector, rank, axis):
    """A vector as an array that varies along one axis."""
    shape = [1] * rank
    shape[axis] = -1
    return np.reshape(vector, shape)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def erf(x):
    return np.vectorize(math.erf)(x) if x.size else x


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "leaky_relu": lambda x: np.maximum(x, 0) + 0.1 * np.minimum(x, 0),
    "hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "softplus": lambda x: np.logaddexp(x, 0),
    "mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "square": lambda x: x * x / (1 + np.abs(x)),
    "negate": lambda x: -x,
    "scale": lambda x: x * 0.75,
}
