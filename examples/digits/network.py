"""The digits network and its data: what training and export have in common.

The data are the 1,797 handwritten digits of 8x8 pixels that scikit-learn
ships: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits",
UCI Machine Learning Repository, 1998 (test part; scikit-learn is BSD).
"""

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

SEED = 1


def load_data():
    """(train images, test images, train labels, test labels); 70 % train.

    Images are float32 [N, 1, 8, 8] in [0, 1], labels int64 [N].
    """
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[:, None]
    labels = digits.target.astype(np.int64)
    return train_test_split(images, labels, train_size=0.7, random_state=SEED, stratify=labels)


def convolution(cin, cout, size, stride=1):
    return nn.Conv2d(cin, cout, size, stride, size // 2, bias=False), nn.BatchNorm2d(cout)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut; 1x1 convolution where shapes differ."""

    def __init__(self, cin, cout, stride):
        super().__init__()
        first, second = convolution(cin, cout, 3, stride), convolution(cout, cout, 3)
        self.chain = nn.Sequential(*first, nn.ReLU(), *second)
        same = stride == 1 and cin == cout
        self.shortcut = nn.Identity() if same else nn.Sequential(*convolution(cin, cout, 1, stride))

    def forward(self, x):
        return torch.relu(self.chain(x) + self.shortcut(x))


def build_network():
    return nn.Sequential(
        *convolution(1, 16, 3),
        nn.ReLU(),
        ResidualBlock(16, 16, 1),
        ResidualBlock(16, 32, 2),
        ResidualBlock(32, 32, 1),
        ResidualBlock(32, 64, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(1),
        nn.Linear(64, 10),
    )


@torch.no_grad()
def accuracy(network, images, labels):
    """Per cent of images whose largest logit is the label's."""
    guesses = network(torch.from_numpy(images)).argmax(1).numpy()
    return 100.0 * float((guesses == labels).mean())
