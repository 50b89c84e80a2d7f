# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How far a calibration is: what the compiler says, and a bar or lines that show it."""

import dataclasses
import importlib.util
import json
import sys
from typing import Optional

from pdq._report import RegionReport, build

# What a line of progress starts with (`progress=json` of pdq-quantize).
PREFIX = '{"progress":'


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a calibration is.

    `phase` says what is done to `region`; numbers that it does not have are None.
    `report` is there where the phase is "finished". Losses are those of one
    mini-batch.
    """

    region: str
    phase: str
    finished_regions: int
    regions: int
    iteration: Optional[int] = None
    iterations: Optional[int] = None
    loss: Optional[float] = None
    reconstruction: Optional[float] = None
    prediction_difference: Optional[float] = None
    rounding_regularizer: Optional[float] = None
    seconds_left: Optional[float] = None
    report: Optional[RegionReport] = None

    @property
    def fraction(self):
        """The part of the work that is done, 0 to 1, by regions and iterations."""
        part = self.iteration / self.iterations if self.iterations else 0
        return (self.finished_regions + part) / self.regions if self.regions else 1.0

    @classmethod
    def from_line(cls, line):
        """The progress that a line of the compiler is, or None if it is another one."""
        if not line.startswith(PREFIX):
            return None
        values = json.loads(line)["progress"]
        if "report" in values:
            values["report"] = build(RegionReport, values["report"])
        names = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})


def _has_bar():
    """Whether a bar can be shown: tqdm is installed, and something shows what changes."""
    if importlib.util.find_spec("tqdm") is None:
        return False
    return "ipykernel" in sys.modules or sys.stderr.isatty()


def _describe(progress):
    before, after = progress.report.reconstruction_loss
    differences = progress.report.prediction_difference
    return (
        f"[{progress.finished_regions}/{progress.regions}] {progress.region}: reconstruction {before:.4g} -> {after:.4g}, "
        f"prediction difference {differences[0]:.4g} -> {differences[1]:.4g}, {progress.report.seconds:.1f} s"
    )


class Lines:
    """A line on stderr for each region that is finished, and the compiler's remarks."""

    def show(self, progress):
        if progress.report is not None:
            self.write(_describe(progress))

    def write(self, line):
        print(line, file=sys.stderr, flush=True)

    def close(self):
        pass


class Bar:
    """A bar of tqdm, in a terminal or a notebook."""

    def __init__(self):
        from tqdm.auto import tqdm

        self._bar = tqdm(total=1.0, desc="pdq", bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}")

    def show(self, progress):
        self._bar.set_description_str(f"{progress.region} ({progress.phase})", refresh=False)
        if progress.loss is not None:
            self._bar.set_postfix_str(f"loss {progress.loss:.4g}", refresh=False)
        self._bar.n = progress.fraction
        self._bar.refresh()

    def write(self, line):
        self._bar.write(line, file=sys.stderr)

    def close(self):
        self._bar.close()


def create_display():
    """A bar where one can be shown, else lines."""
    return Bar() if _has_bar() else Lines()
