# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pictures in folders, one folder a class, as arrays of bytes."""

import pathlib
import random

import numpy as np

from pdq._tools import PDQError

try:
    import PIL.Image
except ImportError:
    PIL = None

# The mode of Pillow for each name.
COLORS = {"rgb": "RGB", "bgr": "RGB", "gray": "L"}


def _list_pictures(folder):
    """The pictures directly in a folder, by name."""
    suffixes = {suffix for suffix, kind in PIL.Image.registered_extensions().items() if kind in PIL.Image.OPEN}
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes and not path.name.startswith("."))


def _resize(picture, size):
    """Scales to (height, width), or the shorter side to one number."""
    if len(size) == 1:
        shorter = min(picture.size)
        height, width = (max(size[0], int(size[0] * side / shorter)) for side in (picture.height, picture.width))
    else:
        height, width = size
    return picture.resize((width, height), PIL.Image.Resampling.BILINEAR)


def _crop(picture, size, path):
    """Cuts (height, width), or a square, out of the middle."""
    height, width = size if len(size) == 2 else size * 2
    if picture.height < height or picture.width < width:
        raise PDQError(f"{path}: has {picture.height}x{picture.width} pixels, fewer than the {height}x{width} of --crop; give --resize")
    top, left = round((picture.height - height) / 2), round((picture.width - width) / 2)
    return picture.crop((left, top, left + width, top + height))


class Pictures:
    """Pictures of a folder, read when they are needed.

    A folder of folders has one class in each, in the order of their names; pictures
    directly in the folder have no labels.

    Attributes:
        labels: the number of each picture's class, or None.
    """

    def __init__(self, folder, resize=(), crop=(), colors="rgb"):
        if PIL is None:
            raise PDQError(f"{folder}: pictures need Pillow; pip install 'pdq[images]'")
        folder = pathlib.Path(folder)
        classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        found = [(path, number) for number, name in enumerate(classes) for path in _list_pictures(name)]
        self.labels = None
        if found:
            self.labels = np.array([number for _, number in found], np.int64)
        self.paths = [path for path, _ in found] or _list_pictures(folder)
        if not self.paths:
            raise PDQError(f"{folder}: holds no pictures, neither directly nor in folders that are classes")
        self._resize, self._crop, self._colors = resize, crop, colors

    def __len__(self):
        return len(self.paths)

    def sample(self, count, seed):
        """An array of up to `count` of the pictures, drawn by the seed."""
        numbers = range(len(self))
        if count < len(self):
            numbers = sorted(random.Random(seed).sample(numbers, count))
        return self.read(numbers)

    def read(self, numbers):
        """The pictures of some numbers as bytes [N, H, W, C].

        Raises: PDQError where one cannot be read, or has another size than the first.
        """
        arrays = []
        for number in numbers:
            arrays.append(self._read(self.paths[number]))
            if arrays[-1].shape != arrays[0].shape:
                sizes = ["x".join(map(str, array.shape[:2])) for array in (arrays[0], arrays[-1])]
                raise PDQError(
                    f"{self.paths[number]}: has {sizes[1]} pixels, {self.paths[numbers[0]]} has {sizes[0]}; "
                    "give --resize and --crop, after which all have one size"
                )
        return np.stack(arrays)

    def _read(self, path):
        try:
            with PIL.Image.open(path) as file:
                picture = file.convert(COLORS[self._colors])
        except Exception as error:  # of Pillow's many readers, without a common base
            raise PDQError(f"{path}: cannot be read as a picture: {error}") from error
        if self._resize:
            picture = _resize(picture, self._resize)
        if self._crop:
            picture = _crop(picture, self._crop, path)
        array = np.asarray(picture)
        if array.ndim == 2:
            return array[:, :, None]
        return array[:, :, ::-1] if self._colors == "bgr" else array
