# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command line `pdq`: quantizes a network, runs one, shows a demonstration.

Everything that is wrong is one line on stderr and exit code 1.
"""

import argparse
import dataclasses
import difflib
import inspect
import os
import pathlib
import re
import sys
import typing

import numpy as np

from pdq import _report_page
from pdq._demo import demonstrate
from pdq._inputs import read_network
from pdq._pictures import COLORS, Pictures
from pdq._report import Accuracy
from pdq._tools import PDQError, write_file
from pdq.options import QuantizeOptions
from pdq.quantize import accuracy, quantize, run

# Pictures that are in memory at once when a network is evaluated.
EVALUATED_AT_ONCE = 1000


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and exit code 1."""

    def __init__(self, **arguments):
        super().__init__(allow_abbrev=False, **arguments)

    def error(self, message):
        self.exit(1, f"pdq: error: {message}\n")

    def parse_known_args(self, args=None, namespace=None):
        # What is unknown to a command is known to be wrong here, where its options are.
        namespace, rest = super().parse_known_args(args, namespace)
        if rest:
            close = difflib.get_close_matches(rest[0], self._option_string_actions, n=1)
            self.error(f"argument '{rest[0]}' is unknown" + (f"; did you mean '{close[0]}'?" if close else ""))
        return namespace, rest


# ---- options ------------------------------------------------------------------


def _meanings():
    """{name: description} of the options of quantize(), from the docstring of their type."""
    parts = re.split(r"^(\w+): ", inspect.getdoc(QuantizeOptions), flags=re.M)
    return {name: " ".join(text.split()) for name, text in zip(parts[1::2], parts[2::2])}


def _argument(kind):
    """How an option of a type is parsed."""
    if kind is bool:
        return {"action": argparse.BooleanOptionalAction}
    if typing.get_origin(kind) is typing.Literal:
        return {"choices": typing.get_args(kind)}
    return {"type": kind if kind in (int, float) else str, "metavar": kind.__name__.upper() if kind in (int, float) else "TEXT"}


def _add_quantize_options(parser):
    """Adds the options of quantize(), whose names, types and meanings are those of QuantizeOptions."""
    group = parser.add_argument_group("options of the quantization, in parentheses their defaults")
    meanings = _meanings()
    for name, kind in typing.get_type_hints(QuantizeOptions).items():
        flag, text = "--" + name.replace("_", "-"), meanings[name].replace("%", "%%")
        group.add_argument(flag, default=None, help=text, **_argument(kind))


def _size(text):
    """(N,) of "N", (H, W) of "HxW"."""
    if not re.fullmatch(r"[1-9]\d{0,5}(x[1-9]\d{0,5})?", text):
        raise argparse.ArgumentTypeError(f"'{text}' is no size, expected N or HxW")
    return tuple(map(int, text.split("x")))


def _add_data_options(parser):
    parser.add_argument("network", metavar="NET", help="file .pt2 of torch.export, .onnx, .mlir or .mlirbc")
    parser.add_argument(
        "--data",
        action="append",
        required=True,
        metavar="PATH",
        help="samples: a .npy file (floats as the network takes them, or images as bytes), or a folder of pictures, "
        "or of folders with the pictures of one class each; once for each input of the network",
    )
    parser.add_argument("--resize", type=_size, default=(), metavar="SIZE", help="scale pictures to HxW, or their shorter side to N")
    parser.add_argument("--crop", type=_size, default=(), metavar="SIZE", help="cut HxW, or a square, out of the middle of pictures")
    parser.add_argument("--colors", choices=COLORS, default="rgb", help="channels of pictures (rgb)")


def _parser():
    parser = Parser(prog="pdq", description="Post-training quantization of neural networks by prediction difference.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    command = commands.add_parser("quantize", help="quantize a network")
    _add_data_options(command)
    command.add_argument("--samples", type=int, default=1024, metavar="N", help="pictures of a folder that are drawn for --data (1024)")
    command.add_argument("--test", metavar="PATH", help="samples as --data, on which both networks are evaluated")
    command.add_argument("--labels", metavar="FILE", help=".npy file with the class of each sample of --test; folders say it themselves")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="where the quantized network goes, as MLIR bytecode")
    command.add_argument("--report", metavar="FILE", help="where the report goes, as JSON")
    command.add_argument("--quiet", action="store_true", help="show no progress")
    _add_quantize_options(command)
    command = commands.add_parser("run", help="run a network, quantized or not")
    _add_data_options(command)
    command.add_argument("--labels", metavar="FILE", help=".npy file with the class of each sample; folders say it themselves")
    command.add_argument("-o", "--output", metavar="FILE", help="where the output goes, a .npy file")
    for name in ("mean", "std"):
        command.add_argument(f"--{name}", metavar="TEXT", help=_meanings()[name].replace("%", "%%"))
    _report_page.add_parser(commands)
    command = commands.add_parser("demo", help="quantize a network for handwritten digits to 2 bits")
    command.add_argument("--iterations", type=int, default=100, metavar="N", help="iterations of each region (100)")
    return parser


# ---- data ---------------------------------------------------------------------


def _open_data(path, arguments):
    """Pictures of a folder, or the path of a .npy file."""
    if os.path.isdir(path):
        return Pictures(path, arguments.resize, arguments.crop, arguments.colors)
    if not os.path.isfile(path):
        raise PDQError(f"there is no file or folder '{path}'")
    if not path.endswith(".npy"):
        raise PDQError(f"{path}: expected a .npy file or a folder of pictures")
    for name in ("resize", "crop"):
        if getattr(arguments, name):
            raise PDQError(f"{path}: option '--{name}' is for folders of pictures")
    return path


def _join(items):
    """What quantize() takes for one input, or for several."""
    return items[0] if len(items) == 1 else tuple(items)


def _evaluate(model, data, labels, normalization):
    """The accuracy of a network on pictures or on samples with labels."""
    if not isinstance(data, Pictures):
        return accuracy(model, data, labels, **normalization)
    right = 0
    for start in range(0, len(data), EVALUATED_AT_ONCE):
        numbers = range(start, min(start + EVALUATED_AT_ONCE, len(data)))
        part = accuracy(model, data.read(numbers), data.labels[start : numbers.stop], **normalization)
        right += round(part * len(numbers))
    return right / len(data)


def _check_labels(data, labels, option):
    """Fails where samples have no labels, or labels that are no file."""
    if labels is not None and isinstance(data, Pictures):
        raise PDQError("option '--labels' is for .npy files; a folder of pictures has a folder for each class")
    if labels is not None and not os.path.isfile(labels):
        raise PDQError(f"there is no file '{labels}'")
    if labels is None and getattr(data, "labels", None) is None:
        raise PDQError(f"option '{option}' needs labels: --labels with a .npy file, or a folder with a folder for each class")


def _check_writable(path):
    """Fails before the work where a file cannot be written after it."""
    folder = pathlib.Path(path).resolve().parent
    if not folder.is_dir():
        raise PDQError(f"{path}: there is no folder '{folder}'")
    if pathlib.Path(path).is_dir() or not os.access(folder, os.W_OK):
        raise PDQError(f"{path}: cannot be written")


def _read_network(path):
    """What is quantized or run; fails where there is no such file."""
    if not os.path.isfile(path):
        raise PDQError(f"there is no file '{path}'")
    return read_network(path)


# ---- commands -----------------------------------------------------------------


def _quantize(arguments):
    for path in filter(None, (arguments.output, arguments.report)):
        _check_writable(path)
    if arguments.samples < 1:
        raise PDQError(f"option '--samples' is {arguments.samples}, expected at least 1")
    if arguments.labels and not arguments.test:
        raise PDQError("option '--labels' is for the samples of --test, which is missing")
    options = {name: getattr(arguments, name) for name in typing.get_type_hints(QuantizeOptions)}
    items = [_open_data(path, arguments) for path in arguments.data]
    test = _open_data(arguments.test, arguments) if arguments.test else None
    if test is not None:
        _check_labels(test, arguments.labels, "--test")
    network = _read_network(arguments.network)
    samples = [item.sample(arguments.samples, options["seed"] or 0) if isinstance(item, Pictures) else item for item in items]
    result = quantize(network, _join(samples), progress=not arguments.quiet, **options)
    if arguments.report:
        write_file(arguments.report, result.report.to_json().encode())
    result.save(arguments.output)
    print(f"{arguments.output}: {len(result.module):,} bytes")
    if test is not None:
        normalization = {name: options[name] for name in ("mean", "std")}
        parts = []
        for name, model in (("float", network), ("quantized", result)):
            parts.append(_evaluate(model, test, arguments.labels, normalization))
            print(f"{name}: accuracy {100 * parts[-1]:.2f} %")
        if arguments.report:
            count = len(test) if isinstance(test, Pictures) else len(np.load(arguments.labels, allow_pickle=False))
            report = dataclasses.replace(result.report, accuracy=Accuracy(*parts, count))
            write_file(arguments.report, report.to_json().encode())


def _run(arguments):
    if arguments.output:
        _check_writable(arguments.output)
    network = _read_network(arguments.network)
    items = [_open_data(path, arguments) for path in arguments.data]
    normalization = {"mean": arguments.mean, "std": arguments.std}
    if arguments.output:
        samples = [item.read(range(len(item))) if isinstance(item, Pictures) else item for item in items]
        outputs = run(network, _join(samples), **normalization)
        if isinstance(outputs, tuple):
            raise PDQError(f"the network has {len(outputs)} outputs; pdq.run gives them in Python")
        np.save(arguments.output, outputs)
        print(f"{arguments.output}: {list(outputs.shape)}")
    if arguments.labels or not arguments.output:
        _check_labels(items[0], arguments.labels, "--data")
        data = items[0] if isinstance(items[0], Pictures) else _join(items)
        print(f"accuracy {100 * _evaluate(network, data, arguments.labels, normalization):.2f} %")


def main(arguments=None):
    """The command line; returns the exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.command == "quantize":
            _quantize(parsed)
        elif parsed.command == "run":
            _run(parsed)
        elif parsed.command == "report":
            _report_page.run(parsed)
        else:
            demonstrate(parsed.iterations)
    except PDQError as error:
        print(f"pdq: {error}" if "error:" in str(error) else f"pdq: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("pdq: error: interrupted", file=sys.stderr)
        return 1
    return 0
