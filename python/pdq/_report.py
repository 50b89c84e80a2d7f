# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a quantization did: the contents of its report, with types."""

import dataclasses
import html
import json
from typing import Dict, List, Optional, Tuple, Union

from pdq._tools import PDQError


@dataclasses.dataclass(frozen=True)
class QuantizerReport:
    """What one quantizer learned, and how it fits what it quantizes.

    `kind` is "weight" or "activation". There is one scale and zero point, or one for
    each index of `axis`. `level_counts` has the number of elements at each integer,
    from 0 to 2^bits - 1, of the weight or of activations of the first mini-batch;
    `saturation` is the part of them that is clipped, `snr_db` their signal-to-noise
    ratio, None where nothing is lost.
    """

    kind: str
    shape: List[int]
    bits: int
    axis: Optional[int]
    scales: List[float]
    zero_points: List[int]
    level_counts: List[int]
    saturation: float
    snr_db: Optional[float]


@dataclasses.dataclass(frozen=True)
class RegionReport:
    """What calibration did to one reconstruction region.

    Pairs are (before, after) the optimization; losses are the means over the
    calibration set. `rounding_flipped` counts the weights that are not rounded
    to nearest. `sensitivity` is the prediction difference where this region alone
    is quantized. `loss_curve` has up to 202 iterations, as lists of the same length:
    `iterations`, `total`, `reconstruction`, `prediction_difference` and
    `rounding_regularizer`.
    """

    name: str
    iterations: int
    seconds: float
    milliseconds_per_iteration: float
    compile_seconds: float
    initialization_seconds: float
    correction_seconds: float
    iteration_seconds: float
    evaluation_seconds: float
    reconstruction_loss: Tuple[float, float]
    prediction_difference: Tuple[float, float]
    sensitivity: Optional[float]
    loss_curve: Dict[str, List[float]]
    quantizers: List[QuantizerReport]
    activation_scales: List[float]
    rounding_flipped: int


@dataclasses.dataclass(frozen=True)
class ProductCoverage:
    """What one product of the network reads, after quantization.

    `region` is empty outside of regions. Widths are in bits, one an operand, 0 for
    floating point; `reason` says why one is 0 and is empty where none is.
    """

    region: str
    operation: str
    location: str
    weight_bits: List[int]
    input_bits: List[int]
    reason: str

    @property
    def is_quantized(self):
        """Whether everything that it reads is quantized."""
        return 0 not in [*self.weight_bits, *self.input_bits]


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """The parts of `samples` that the networks give the right class, 0 to 1."""

    original: float
    quantized: float
    samples: int


@dataclasses.dataclass(frozen=True)
class Report:
    """The report of one quantization, the contents of `report.json`.

    `version` is that of the report's form; `settings` has every option of the
    quantization by its name ("weight-bits"), those that the preset chose included.
    `coverage` has every product of the network, in its order. `accuracy` is there
    where it was measured, on samples with labels.
    """

    version: int
    settings: Dict[str, Union[bool, int, float, str]]
    seed: int
    data_sha256: str
    total_seconds: float
    peak_memory_bytes: int
    batch_norms_captured: int
    coverage: List[ProductCoverage]
    regions: List[RegionReport]
    accuracy: Optional[Accuracy] = None

    @classmethod
    def from_json(cls, text):
        """Reads a report; keys of a newer version are ignored."""
        values = json.loads(text)
        for name, kind in (("regions", RegionReport), ("coverage", ProductCoverage)):
            values[name] = [build(kind, value) for value in values.get(name, [])]
        values["accuracy"] = build(Accuracy, values["accuracy"]) if values.get("accuracy") else None
        return build(cls, values)

    def to_json(self):
        """The report as JSON text, as `from_json` reads it."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    def coverage_table(self):
        """The products as text, one a line, with their widths in bits."""
        rows = [("region", "operation", "weight", "input", "why it is floating point")]
        for product in self.coverage:
            widths = [" ".join(str(b or "float") for b in bits) for bits in (product.weight_bits, product.input_bits)]
            rows.append((product.region or "-", product.operation, *widths, product.reason))
        sizes = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join("  ".join(cell.ljust(size) for cell, size in zip(row, sizes)).rstrip() for row in rows)

    def _repr_html_(self):
        """The regions as a table, for notebooks."""
        head = ("region", "reconstruction", "prediction difference", "weights not rounded to nearest", "seconds")
        rows = [
            (
                html.escape(region.name),
                " &rarr; ".join(f"{loss:.4g}" for loss in region.reconstruction_loss),
                " &rarr; ".join(f"{loss:.4g}" for loss in region.prediction_difference),
                region.rounding_flipped,
                f"{region.seconds:.1f}",
            )
            for region in self.regions
        ]
        lines = [_html_row("th", head), *(_html_row("td", row) for row in rows)]
        return f"<table>{''.join(lines)}</table>"


def _html_row(tag, cells):
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def build(kind, values):
    """A dataclass from a JSON object; pairs become tuples."""
    names = [field.name for field in dataclasses.fields(kind)]
    missing = [name for name in names if name not in values]
    if missing:
        raise PDQError(f"the report has no '{missing[0]}'")
    if kind is RegionReport:
        values = {**values, "quantizers": [build(QuantizerReport, value) for value in values["quantizers"]]}
    pairs = ("reconstruction_loss", "prediction_difference")
    return kind(**{n: tuple(values[n]) if n in pairs else values[n] for n in names})
