# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What users have in memory as the files that the tools read.

Arrays keep their element type: which ones a network takes, and that bytes are
images, is decided by the tools alone.
"""

import importlib
import os
import pathlib
import sys

import numpy as np

from pdq._tools import PDQError

# Beyond this much, a data loader was not meant to be read to its end.
MOST_BYTES = 4 << 30


def _torch():
    """PyTorch if it is loaded: otherwise nothing can be an object of its."""
    return sys.modules.get("torch")


def _is_tensor(value):
    return _torch() is not None and isinstance(value, _torch().Tensor)


def is_network(value):
    """Whether `value` is a torch.nn.Module."""
    return _torch() is not None and isinstance(value, _torch().nn.Module)


def _is_exported(value):
    """Whether `value` is a torch.export.ExportedProgram."""
    return _torch() is not None and isinstance(value, _torch().export.ExportedProgram)


def _is_loader(value):
    return _torch() is not None and isinstance(value, _torch().utils.data.DataLoader)


def _is_mlir_module(value):
    """Whether `value` is a module or an operation of some MLIR bindings."""
    return hasattr(value, "operation") and hasattr(value, "context")


def _describe(value):
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


# ---- data ---------------------------------------------------------------------


def _from_tensor(tensor):
    tensor = tensor.detach().cpu()
    if tensor.dtype == _torch().bfloat16:
        tensor = tensor.float()
    try:
        return tensor.numpy()
    except (RuntimeError, TypeError) as error:
        raise PDQError(f"a tensor of type {tensor.dtype} is no array: {_first_line(error)}") from error


def _from_loader(loader, what):
    """All batches of a loader; of pairs (samples, labels) the samples."""
    parts, size = [], 0
    for batch in loader:
        if isinstance(batch, (tuple, list)) and batch:
            batch = batch[0]
        if not _is_tensor(batch) and not isinstance(batch, np.ndarray):
            raise PDQError(f"{what}: the loader gives batches of {_describe(batch)}, expected tensors or (tensor, labels)")
        parts.append(_from_tensor(batch) if _is_tensor(batch) else batch)
        size += parts[-1].nbytes
        if size > MOST_BYTES:
            count = sum(len(part) for part in parts)
            raise PDQError(f"{what}: the loader gives more than {MOST_BYTES >> 30} GiB ({count} samples so far); give fewer samples")
    if not parts:
        raise PDQError(f"{what}: the loader gives no batch")
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise PDQError(f"{what}: the loader gives samples of shapes {' and '.join(map(str, sorted(shapes)))}, expected one shape")
    return np.concatenate(parts)


def as_array(data, what):
    """An array of samples from an array, a tensor, a loader or nested lists.

    Raises: PDQError, one line, for everything that holds no samples.
    """
    if _is_loader(data):
        array = _from_loader(data, what)
    elif _is_tensor(data):
        array = _from_tensor(data)
    else:
        try:
            array = np.asarray(data)
        except ValueError as error:
            raise PDQError(f"{what}: lists of different lengths are no array") from error
    if array.dtype.kind not in "fiub":
        found = _describe(data) if array.dtype.kind == "O" else f"an array of {array.dtype}"
        raise PDQError(f"{what}: found {found}, expected an array or tensor of numbers, a DataLoader or the path of a .npy file")
    if array.ndim == 0:
        raise PDQError(f"{what}: found a single number, expected samples [N, ...]")
    if array.size == 0:
        raise PDQError(f"{what}: no samples, the shape is {list(array.shape)}")
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    _check_finite(array, what)
    return array


def _check_finite(array, what):
    if array.dtype.kind != "f":
        return
    finite = np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if not finite.all():
        sample = int(np.argmin(finite))
        values = array[sample].ravel()
        value = values[~np.isfinite(values)][0]
        raise PDQError(f"{what}: sample {sample} contains {value}, expected finite numbers")


def save_data(data, folder, name, what):
    """The path of samples as a .npy file: `data` itself if it is a path."""
    if isinstance(data, (str, os.PathLike)):
        path = pathlib.Path(data)
        if not path.is_file():
            raise PDQError(f"{what}: there is no file '{path}'")
        return path
    path = pathlib.Path(folder) / name
    np.save(path, np.ascontiguousarray(as_array(data, what)), allow_pickle=False)
    return path


def save_inputs(data, folder, name, what):
    """The paths of the samples of all inputs: a tuple has one item an input."""
    if not isinstance(data, tuple):
        return [save_data(data, folder, f"{name}.npy", what)]
    if not data:
        raise PDQError(f"{what}: an empty tuple, expected samples for each input of the network")
    return [save_data(item, folder, f"{name}{i}.npy", f"{what}, input {i}") for i, item in enumerate(data)]


# ---- networks -----------------------------------------------------------------


def _first_line(error):
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _example_shape(shape, is_image):
    """The shape that a PyTorch network takes: images of bytes have channels last."""
    batch = min(shape[0], 32)
    if is_image and len(shape) == 4 and shape[3] in (1, 3, 4) and shape[1] not in (1, 3, 4):
        return (batch, shape[3], shape[1], shape[2])
    return (batch, *shape[1:])


def _example(path):
    """A tensor like the samples of a .npy file, as a network takes them."""
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    is_float = array.dtype.kind == "f" or array.dtype == np.uint8
    shape = _example_shape(array.shape, array.dtype == np.uint8)
    return _torch().zeros(shape) if is_float else _torch().from_numpy(np.array(array[: shape[0]]))


def _import_frontend(name, what):
    """The module `pdq.torch` or `pdq.onnx`, which `what` needs."""
    try:
        return importlib.import_module(f"pdq.{name}")
    except ImportError as error:
        raise PDQError(
            f"{what} needs torch-mlir, and {_first_line(error)}; pip install 'pdq[{name}]', or give MLIR text"
        ) from error


def read_network(model):
    """MLIR text of what is no MLIR yet and says its sizes itself; `model` where it is something else.

    These are files `.onnx` and `.pt2`, and programs of torch.export.
    """
    if _is_exported(model):
        return _import_frontend("torch", "a torch.export.ExportedProgram").export_program(model)
    if not isinstance(model, (str, os.PathLike)) or "\n" in str(model):
        return model
    suffix = pathlib.Path(model).suffix
    if suffix not in (".onnx", ".pt2"):
        return model
    if not pathlib.Path(model).is_file():
        raise PDQError(f"there is no file '{model}'")
    frontend = _import_frontend("onnx" if suffix == ".onnx" else "torch", f"{model}: a file '{suffix}'")
    return frontend.load(model)


def _export(network, samples):
    """MLIR text of a torch.nn.Module for inputs like the samples of .npy files."""
    frontend = _import_frontend("torch", "a torch.nn.Module")
    examples = tuple(_example(path) for path in samples)
    try:
        return frontend.export(network, examples if len(examples) > 1 else examples[0])
    except Exception as error:  # of torch.export or torch-mlir, which have no common base
        shapes = " and ".join(str(list(example.shape)) for example in examples)
        raise PDQError(f"{_describe(network)} cannot be exported for an input {shapes}: {_first_line(error)}") from error


def save_network(model, folder, samples):
    """The path of a network as a file of MLIR.

    A torch.nn.Module is exported for inputs like those in the files `samples`.
    """
    model = read_network(model)
    if is_network(model):
        model = _export(model, samples)
    elif _is_mlir_module(model):
        model = str(model)
    if isinstance(model, (bytes, bytearray)) or (isinstance(model, str) and "\n" in model):
        if not model.strip():
            raise PDQError("the network is empty, expected MLIR text or bytecode")
        path = pathlib.Path(folder) / "input.mlir"
        path.write_bytes(model.encode() if isinstance(model, str) else model)
        return path
    if not isinstance(model, (str, os.PathLike)):
        raise PDQError(
            f"the network is {_describe(model)}, expected a torch.nn.Module, an exported program, an MLIR module, its text or bytecode, or a path"
        )
    path = pathlib.Path(model)
    if not path.is_file():
        raise PDQError(f"there is no file '{path}' (MLIR text is recognized by its line ends)")
    return path
