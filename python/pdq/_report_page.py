# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The report of a quantization as one page to look at, which needs no network."""

import html
import importlib.util
import json
import pathlib

from pdq._tools import PDQError, write_file

HERE = pathlib.Path(__file__).resolve().parent
# The form of report.json whose fields the page shows.
VERSION = 3

REGIONS = {"block": "residual blocks, and layers outside of them", "layer": "single layers", "network": "the whole network"}


# ---- text ---------------------------------------------------------------------


def _number(value, digits=3):
    """A number as people read it; a dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:,.0f}"


def _seconds(value):
    if value < 100:
        return f"{value:.3g} s"
    return f"{value / 60:.1f} min" if value < 6000 else f"{value / 3600:.1f} h"


def _percent(part):
    return f"{100 * part:.2f}\N{NO-BREAK SPACE}%"


def _count(number, noun):
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _span(numbers):
    """The smallest and the largest of some numbers, or the only one."""
    low, high = _number(min(numbers)), _number(max(numbers))
    return low if low == high else f"{low} … {high}"


def _escape(text):
    return html.escape(str(text))


# ---- what a report says -------------------------------------------------------


def find_worst(report):
    """The region that changes the prediction most when it alone is quantized, or None."""
    regions = [region for region in report["regions"] if (region["sensitivity"] or 0) > 0]
    return max(regions, key=lambda region: region["sensitivity"], default=None)


def _bits(report, kind, separator=" and "):
    """The widths of a kind of quantizer, most frequent first: "2 and 8"."""
    widths = [q["bits"] for region in report["regions"] for q in region["quantizers"] if q["kind"] == kind]
    return separator.join(str(bits) for bits in sorted(set(widths), key=lambda bits: (-widths.count(bits), bits))) or "none"


def _weights(region):
    return sum(sum(q["level_counts"]) for q in region["quantizers"] if q["kind"] == "weight")


def _coverage(report):
    """(operands of products that are quantized, all of them)."""
    widths = [bits for product in report["coverage"] for bits in product["weight_bits"] + product["input_bits"]]
    return sum(1 for bits in widths if bits), len(widths)


def _describe(report):
    """What was done, as sentences."""
    settings, regions = report["settings"], report["regions"]
    weights, flipped = sum(map(_weights, regions)), sum(region["rounding_flipped"] for region in regions)
    quantized, operands = _coverage(report)
    rounding = "rounded to nearest"
    if settings.get("learned-rounding"):
        rounding = f"rounded up or down as calibration decided; {_percent(flipped / max(weights, 1))} did not go to the nearest integer"
    kept = "learned" if settings.get("scale-learning") else "chosen once"
    goal = "that the output of the region stays close to the original"
    if settings.get("prediction-difference"):
        goal += ", and above all the prediction of the whole network"
    corrected = "was" if settings.get("distribution-correction") else "was not"
    return [
        f"<b>Weights</b> became integers of {_bits(report, 'weight')} bits: {weights:,} numbers, {rounding}.",
        f"<b>Activations</b>, what flows between layers, became integers of {_bits(report, 'activation')} bits; their scales were {kept}.",
        f"The network was cut into {_count(len(regions), 'region')} ({REGIONS.get(settings.get('granularity'), 'parts')}), calibrated one after "
        f"another with {_count(settings.get('iterations', 0), 'iteration')} each on mini-batches of {settings.get('batch')}, so {goal}.",
        f"{'All' if quantized == operands else f'{quantized} of'} {operands} inputs and weights of matrix products and convolutions are quantized"
        f"{'' if quantized == operands else '; the others stayed floating point, for reasons that are said below'}.",
        f"The calibration data {corrected} corrected to the statistics that the network's batch norms remember "
        f"({_count(report['batch_norms_captured'], 'batch norm')}).",
        f"It ran on {_escape(settings.get('target', '?'))} for {_seconds(report['total_seconds'])} "
        f"and took {report['peak_memory_bytes'] / 2**20:,.0f} MiB of memory.",
    ]


def _accuracy(report):
    found = report.get("accuracy")
    if not found:
        return "not measured", "no images with labels were given"
    change = 100 * (found["quantized"] - found["original"])
    return _percent(found["quantized"]), f"accuracy; {_percent(found['original'])} before ({change:+.2f}), on {_count(found['samples'], 'sample')}"


# ---- pieces of HTML -----------------------------------------------------------


def _tile(value, meaning, is_bad=False):
    color = ' class="bad"' if is_bad else ""
    return f'<div class="tile"><b{color}>{value}</b><span>{meaning}</span></div>'


def _tiles(report):
    worst = find_worst(report)
    return "".join(
        [
            _tile(*_accuracy(report)),
            _tile(f"W{_bits(report, 'weight', '/')} A{_bits(report, 'activation', '/')}", "bits of weights and activations; 32 before"),
            _tile(_escape(worst["name"]) if worst else "–", "the region that hurts most", is_bad=True),
            _tile(_seconds(report["total_seconds"]), f"for {_count(len(report['regions']), 'region')}"),
        ]
    )


def _table(head, rows):
    """A table; columns whose name starts with "<" are text, the others numbers."""
    kinds = [' class="text"' if name.startswith("<") else "" for name in head]
    titles = "".join(f"<th{kind}>{name.lstrip('<')}</th>" for kind, name in zip(kinds, head))
    lines = ["".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds, row)) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide" tabindex="0"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'


def _folded(title, content):
    return f"<details><summary>{title}</summary>{content}</details>"


def _chart(name, is_tall=False):
    return f'<div class="{"tall" if is_tall else "wide"}"><div class="chart" id="{name}"></div></div>'


def _key(reports, index):
    """The colour of a report, where there are two."""
    return f'<span class="key key{index}"></span>' if len(reports) > 1 else ""


def _region_rows(reports):
    pairs = [(index, name, report) for index, (name, report) in enumerate(reports)]
    names = dict.fromkeys(region["name"] for _, report in reports for region in report["regions"])
    for name in names:
        for index, label, report in pairs:
            worst = find_worst(report)
            for region in (region for region in report["regions"] if region["name"] == name):
                title = _escape(name) if region is not worst else f'<span class="bad">{_escape(name)}</span>'
                noise = [q["snr_db"] for q in region["quantizers"] if q["kind"] == "weight" and q["snr_db"] is not None]
                yield (
                    [f"{_key(reports, index)}{title}"] if len(reports) == 1 else [title, f"{_key(reports, index)}{_escape(label)}"]
                ) + [
                    _number(region["sensitivity"]),
                    " → ".join(map(_number, region["prediction_difference"])),
                    " → ".join(map(_number, region["reconstruction_loss"])),
                    _percent(region["rounding_flipped"] / max(_weights(region), 1)),
                    _span(noise) if noise else "–",
                    _seconds(region["seconds"]),
                ]


def _quantizer_rows(reports):
    for index, (label, report) in enumerate(reports):
        for region in report["regions"]:
            for q in region["quantizers"]:
                yield ([f"{_key(reports, index)}{_escape(label)}"] if len(reports) > 1 else []) + [
                    _escape(region["name"]),
                    q["kind"],
                    " × ".join(map(str, q["shape"])),
                    q["bits"],
                    "–" if q["axis"] is None else q["axis"],
                    _span(q["scales"]),
                    _span(q["zero_points"]),
                    _percent(q["saturation"]),
                    _number(q["snr_db"]),
                ]


def _coverage_rows(reports):
    for index, (label, report) in enumerate(reports):
        for product in report["coverage"]:
            widths = [" ".join(str(b or "float") for b in product[name]) or "–" for name in ("weight_bits", "input_bits")]
            yield ([f"{_key(reports, index)}{_escape(label)}"] if len(reports) > 1 else []) + [
                _escape(product["region"] or "–"),
                _escape(product["operation"]),
                *widths,
                _escape(product["reason"] or "–"),
            ]


def _settings_rows(reports, differing):
    names = sorted({name for _, report in reports for name in report["settings"]})
    for name in names:
        values = [report["settings"].get(name, "–") for _, report in reports]
        if not differing or values[0] != values[-1]:
            yield [_escape(name), *(_escape(json.dumps(value)) for value in values)]


GLOSSARY = {
    "Quantization": "Computing with small integers instead of 32-bit floating-point numbers: the network becomes smaller and faster. "
    "An integer q stands for the number (q − zero point) × scale.",
    "Region": "A piece of the network, one residual block for example. pdq calibrates one after another.",
    "Change of the prediction": "How far the network's output moves from the original's, as the Kullback-Leibler divergence of the two (0: not at all). "
    "“Alone” means that only this region is quantized; “with all before it” adds the regions that stand before it in the network.",
    "Reconstruction": "Mean squared error of a region's own output.",
    "Signal to noise": "Energy of the original numbers over energy of the error, in decibels: 20 dB are 10 times the amplitude, 6 dB about one bit.",
    "Clipped": "Elements beyond the largest or smallest integer. A few are normal: smaller steps for all others are worth them.",
    "Not nearest": "Weights that calibration rounds the other way, because the errors of several weights then cancel out.",
}


def _section(title, explanation, *content):
    above = f"<p class='quiet'>{explanation}</p>" if explanation else ""
    return f"<section><h2>{title}</h2>{above}{''.join(content)}</section>"


def _worst_sentence(reports):
    sentences = []
    for index, (name, report) in enumerate(reports):
        worst = find_worst(report)
        if not worst:
            sentences.append(f"{_key(reports, index)}No region was compared by the network's prediction.")
            continue
        # A divergence of nearly nothing may be below zero by rounding.
        whole = sum(max(region["sensitivity"] or 0, 0) for region in report["regions"])
        sentences.append(
            f"{_key(reports, index)}<b class='bad'>{_escape(worst['name'])}</b> hurts most"
            f"{' in ' + _escape(name) if len(reports) > 1 else ''}: quantized alone it changes the prediction by {_number(worst['sensitivity'])}, "
            f"{100 * worst['sensitivity'] / whole:.0f} % of what all regions do alone. If the accuracy is too low, give this region more bits first."
        )
    return "<br>".join([*sentences, "A bar is one region alone; its tick, this region with all that stand before it."])


def _choice(reports, worst):
    names = dict.fromkeys(region["name"] for _, report in reports for region in report["regions"])
    options = "".join(f"<option{' selected' if name == worst else ''}>{_escape(name)}</option>" for name in names)
    return f'<p><label>Region: <select id="region">{options}</select></label></p>'


def _specify(chart, rows):
    """A chart of some rows as Vega-Lite that fills the width; the configuration is the page's, not altair's."""
    specification = chart.to_dict(validate=False)
    for part in (specification, *specification.get("layer", [])):
        for name in ("config", "data", "datasets"):
            part.pop(name, None)
    return {**specification, "data": {"values": rows}, "autosize": {"type": "fit-x", "contains": "padding"}}


def _draw(reports, worst):
    """{name of a place on the page: specification of its chart}."""
    from pdq import _report_charts as charts

    curves = charts.draw_curves(reports, worst)
    drawn = {
        "sensitivity": charts.draw_sensitivity(reports, worst),
        **{f"curve-{loss}": chart for loss, chart in curves.items()},
        "levels-weight": charts.draw_levels(reports, "weight"),
        "levels-activation": charts.draw_levels(reports, "activation"),
        "noise": charts.draw_noise(reports),
        "saturation": charts.draw_saturation(reports),
        "time": charts.draw_time(reports),
    }
    return {name: _specify(*chart) for name, chart in drawn.items() if chart is not None}


def _sections(reports, worst, charts):
    two = len(reports) > 1
    first = [] if not two else ["<report"]
    curves = [_chart(name) for name in charts if name.startswith("curve-")]
    levels = [_chart(name, is_tall=True) for name in charts if name.startswith("levels-")]
    head = ["<region", *first, "change of the prediction alone", "with all before it, before → after", "reconstruction, before → after"]
    yield _section("Which region hurts most", "", f"<p>{_worst_sentence(reports)}</p>", _chart("sensitivity"))
    yield _section(
        "Regions",
        "Before → after calibration. The change of the prediction includes all regions before.",
        _table([*head, "weights not nearest", "weights' signal to noise (dB)", "time"], _region_rows(reports)),
    )
    if curves:
        text = "The losses that calibration saw in a region, iteration after iteration. It minimizes their sum."
        yield _section("Loss curves", text, _choice(reports, worst), f'<div class="grid">{"".join(curves)}</div>')
    yield _section(
        "Distributions",
        "Each row is one quantizer, from its smallest integer on the left to its largest: the stronger the colour, the more elements have this integer.",
        f'<div class="grid">{"".join(levels)}</div>',
    )
    yield _section(
        "Quality of each quantizer",
        "A point for each quantizer: what is left of the signal, and which part of the elements is beyond the ends of the integers.",
        f'<div class="grid">{_chart("noise")}{_chart("saturation")}</div>',
        _folded(
            "All quantizers",
            _table([*first, "<region", "<kind", "shape", "bits", "axis", "scales", "zero points", "clipped", "signal to noise (dB)"], _quantizer_rows(reports)),
        ),
    )
    yield _section("Time", "Where the time of each region went.", _chart("time"))
    yield _section(
        "What is quantized",
        "Every matrix product and convolution of the network, with the bits of what it reads.",
        _folded("All products", _table([*first, "<region", "<operation", "<weight bits", "<input bits", "<why it is floating point"], _coverage_rows(reports))),
    )
    names = [f"<{_escape(name)}" for name, _ in reports]
    if two:
        yield _section("Settings that differ", "", _table(["<option", *names], _settings_rows(reports, differing=True)))
    origin = "; ".join(f"{_escape(name)}: form {r['version']}, seed {r['seed']}, data SHA-256 {r['data_sha256'][:16]}…" for name, r in reports)
    titles = ["<option", *(names if two else ["<value"])]
    yield _section("Settings", origin, _folded("All options", _table(titles, _settings_rows(reports, differing=False))))
    yield _section("Words", "", "<dl>" + "".join(f"<dt>{word}</dt><dd>{meaning}</dd>" for word, meaning in GLOSSARY.items()) + "</dl>")


def _headline(reports):
    if len(reports) > 1:
        return f"Two quantizations compared: {_escape(reports[0][0])} and {_escape(reports[1][0])}"
    report = reports[0][1]
    return f"A network with {_bits(report, 'weight')}-bit weights and {_bits(report, 'activation')}-bit activations"


def _beside(reports, write):
    """What `write` makes of each report, under their names where there are two."""
    if len(reports) == 1:
        return write(reports[0][1])
    parts = [f"<div><h2>{_key(reports, i)}{_escape(name)}</h2>{write(report)}</div>" for i, (name, report) in enumerate(reports)]
    return f"<div class='grid'>{''.join(parts)}</div>"


def build_page(reports):
    """The page of [(name, report)], one or two, as text."""
    import vl_convert

    worst = find_worst(reports[0][1])
    worst = worst["name"] if worst else reports[0][1]["regions"][0]["name"]
    charts = _draw(reports, worst)
    # What ends a script may not stand inside one.
    specifications = json.dumps(charts, separators=(",", ":")).replace("<", "\\u003c")
    drawing = (HERE / "_report_page.js").read_text(encoding="utf-8")
    intro = _beside(reports, lambda report: f"<div class='tiles'>{_tiles(report)}</div>")
    done = _beside(reports, lambda report: f"<ul>{''.join(f'<li>{sentence}</li>' for sentence in _describe(report))}</ul>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>pdq: {_headline(reports)}</title><style>{(HERE / '_report_page.css').read_text(encoding='utf-8')}</style></head><body><main>"
        f"<p class='quiet'>Report of pdq, which quantizes trained neural networks</p><h1>{_headline(reports)}</h1>"
        f"{intro}{_section('What was done', 'All numbers of a trained network were floating point. Now most are small integers.', done)}"
        f"{''.join(_sections(reports, worst, charts))}</main>"
        f'<script type="application/json" id="charts">{specifications}</script>'
        f"<script type='module'>{vl_convert.javascript_bundle(drawing)}</script></body></html>\n"
    )


# ---- files and the command line -----------------------------------------------


def read_report(path):
    """The contents of a report.json. Raises: PDQError where it is none, or of another form."""
    try:
        report = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise PDQError(f"{path}: cannot read: {error.strerror}") from error
    except ValueError as error:
        raise PDQError(f"{path}: not JSON: {error}") from error
    if not isinstance(report, dict) or not isinstance(report.get("regions"), list):
        raise PDQError(f"{path}: no report of a quantization")
    if report.get("version") != VERSION:
        raise PDQError(f"{path}: report has form {report.get('version')}, expected {VERSION}; quantize again with this pdq")
    if not report["regions"]:
        raise PDQError(f"{path}: report has no region")
    return report


def write_page(report, path, compare=None):
    """Writes a report, or two side by side, as one page of HTML that needs no network.

    Args:
        report, compare: paths of files that the option `report` wrote.
        path: where the page goes.
    Raises: PDQError with one line: a file is no report, or altair or vl-convert-python
        is not installed.
    """
    for module, package in (("altair", "altair"), ("vl_convert", "vl-convert-python")):
        if importlib.util.find_spec(module) is None:
            raise PDQError(f"the page of a report needs {package}, which is not installed; pip install 'pdq[report]'")
    paths = [pathlib.Path(report), *([pathlib.Path(compare)] if compare else [])]
    names = [given.stem for given in paths]
    if len(set(names)) < len(names):
        names = [str(given) for given in paths] if paths[0] != paths[1] else ["first", "second"]
    write_file(path, build_page([(name, read_report(given)) for name, given in zip(names, paths)]).encode())


def add_parser(commands):
    """Adds the command to those of the command line."""
    command = commands.add_parser("report", help="make a page of a report, to look at")
    command.add_argument("report", metavar="REPORT", help="report.json, as quantize --report writes it")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="where the page goes, one file of HTML")
    command.add_argument("--compare", metavar="REPORT", help="a second report, shown beside the first")


def run(arguments):
    """Runs the command."""
    write_page(arguments.report, arguments.output, arguments.compare)
    print(f"{arguments.output}: {pathlib.Path(arguments.output).stat().st_size:,} bytes")
