# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The charts of a report's page, as Vega-Lite without colours: the page has those.

Each function takes [(name, report)], one or two of them, and returns an altair chart
without data, and its rows: altair would look at every number.
"""

import altair as alt

# Numbers of all curves of a page together, and columns of a quantizer's distribution.
CURVE_NUMBERS = 40_000
LEVELS_SHOWN = 32

CURVES = {
    "total": "what is minimized, the sum of the three",
    "reconstruction": "error of the region's output",
    "prediction_difference": "change of the network's prediction",
    "rounding_regularizer": "pressure on weights to decide for an integer",
}
PARTS = {
    "compile": "compiling",
    "initialization": "first scales",
    "correction": "correcting the distribution",
    "iteration": "optimizing",
    "evaluation": "measuring",
}
KINDS = {"weight": "weights", "activation": "activations"}


def rounded(number):
    """Four digits are more than a chart shows."""
    return None if number is None else float(f"{number:.4g}")


def _regions(reports):
    """Names of regions in the order of the network, those of both reports."""
    return list(dict.fromkeys(region["name"] for _, report in reports for region in report["regions"]))


def _rows(reports):
    """Height and encodings of a row for each region, and in it one for each report."""
    names = _regions(reports)
    height = len(names) * (18 if len(reports) == 1 else 28)
    y = alt.Y("region:N", sort=names, title=None)
    offset = [alt.YOffset("report:N", sort=[name for name, _ in reports])] if len(reports) > 1 else []
    return height, [y, *offset]


def _report_color(reports):
    names = [name for name, _ in reports]
    return alt.Color("report:N", sort=names, scale=alt.Scale(domain=names), legend=None)


def draw_sensitivity(reports, worst):
    """Bars: how much each region hurts alone; ticks: with all regions before it."""
    rows = [
        {
            "region": region["name"],
            "report": name,
            "alone": rounded(region["sensitivity"]),
            "together": rounded(region["prediction_difference"][1]),
            "worst": region["name"] == worst,
        }
        for name, report in reports
        for region in report["regions"]
    ]
    height, places = _rows(reports)
    base = alt.Chart().encode(
        *places,
        tooltip=[
            alt.Tooltip("region:N"),
            alt.Tooltip("report:N"),
            alt.Tooltip("alone:Q", title="quantized alone"),
            alt.Tooltip("together:Q", title="with all before it"),
        ],
    )
    bars = base.mark_bar().encode(
        x=alt.X("alone:Q", title="change of the prediction"),
        color=alt.Color("worst:O", scale=alt.Scale(domain=[False, True]), legend=None)
        if len(reports) == 1
        else _report_color(reports),
    )
    ticks = base.mark_tick(thickness=2).encode(x="together:Q")
    return alt.layer(bars, ticks).properties(width="container", height=height), rows


def _sampled(curve, count):
    """At most about `count` points of a curve, the last one among them."""
    iterations = curve["iterations"]
    stride = max(1, -(-len(iterations) // count))
    kept = sorted({*range(0, len(iterations), stride), len(iterations) - 1})
    return [[rounded(values[i]) for i in kept] for values in (iterations, *(curve[name] for name in CURVES))]


def draw_curves(reports, region):
    """{name of a loss: its curve in the region that the signal `region` names}."""
    curves = [(name, r["name"], r["loss_curve"]) for name, report in reports for r in report["regions"]]
    curves = [curve for curve in curves if curve[2]["iterations"]]
    if not curves:
        return {}
    count = max(10, CURVE_NUMBERS // len(curves) // (2 * len(CURVES)))
    sampled = [(name, owner, _sampled(curve, count)) for name, owner, curve in curves]
    charts = {}
    for index, (loss, meaning) in enumerate(CURVES.items(), start=1):
        rows = [{"report": n, "region": o, "iteration": points[0], "loss": points[index]} for n, o, points in sampled]
        chart = (
            alt.Chart(title=alt.Title(loss.replace("_", " "), subtitle=meaning))
            .add_params(alt.param(name="region", value=region))
            .transform_filter("datum.region === region")
            .transform_flatten(["iteration", "loss"])
            .mark_line(strokeWidth=1.5)
            .encode(
                x=alt.X("iteration:Q", title="iteration", axis=alt.Axis(tickCount=4)),
                y=alt.Y("loss:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=4)),
                color=_report_color(reports),
            )
            .properties(width="container", height=150)
        )
        charts[loss] = chart, rows
    return charts


def _quantizers(reports, kind):
    """(report, region, label, quantizer) of a kind."""
    for name, report in reports:
        for region in report["regions"]:
            found = [q for q in region["quantizers"] if q["kind"] == kind]
            for number, quantizer in enumerate(found, start=1):
                label = region["name"] + (f" · {number}" if len(found) > 1 else "")
                yield name, region["name"], label + (f" ({name})" if len(reports) > 1 else ""), quantizer


def _shares(counts):
    """Parts of the elements in at most LEVELS_SHOWN columns."""
    width = max(1, len(counts) // LEVELS_SHOWN)
    whole = sum(counts) or 1
    return [rounded(sum(counts[i : i + width]) / whole) for i in range(0, len(counts), width)]


def draw_levels(reports, kind):
    """A row for each quantizer: which part of the elements has each integer."""
    rows = []
    for _, _, label, quantizer in _quantizers(reports, kind):
        shares = _shares(quantizer["level_counts"])
        edges = [rounded(i / len(shares)) for i in range(len(shares))]
        rows.append({"quantizer": label, "bits": quantizer["bits"], "width": 1 / len(shares), "share": shares, "from": edges})
    if not rows:
        return None
    chart = (
        alt.Chart()
        .transform_flatten(["share", "from"])
        .transform_calculate(to="datum.from + datum.width")
        .mark_rect()
        .encode(
            x=alt.X(
                "from:Q",
                title=f"integers of {KINDS[kind]}, from the smallest to the largest",
                scale=alt.Scale(domain=[0, 1], nice=False),
                axis=alt.Axis(values=[0, 1], labelExpr="datum.value == 0 ? '0' : 'largest'", grid=False),
            ),
            x2="to:Q",
            y=alt.Y("quantizer:N", sort=[row["quantizer"] for row in rows], title=None),
            color=alt.Color("share:Q", scale=alt.Scale(type="sqrt", domainMin=0), legend=alt.Legend(title="part of elements", format=".0%")),
            tooltip=[alt.Tooltip("quantizer:N"), alt.Tooltip("bits:Q"), alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(width="container", height=16 * len(rows))
    )
    return chart, rows


def _draw_dots(reports, field, title, text):
    rows = [
        {"region": region, "report": name, "kind": KINDS[kind], "quantizer": label, "value": rounded(quantizer[field])}
        for kind in KINDS
        for name, region, label, quantizer in _quantizers(reports, kind)
        if quantizer[field] is not None
    ]
    height, places = _rows(reports)
    chart = (
        alt.Chart()
        .mark_point(filled=True, size=60, opacity=0.8)
        .encode(
            *places,
            x=alt.X("value:Q", title=title, axis=alt.Axis(format=text)),
            color=alt.Color("kind:N", sort=list(KINDS.values()), scale=alt.Scale(domain=list(KINDS.values())), legend=alt.Legend(title=None)),
            tooltip=["quantizer:N", "kind:N", alt.Tooltip("value:Q", format=text, title=title)],
        )
        .properties(width="container", height=height)
    )
    return chart, rows


def draw_noise(reports):
    """Signal-to-noise ratio of each quantizer."""
    return _draw_dots(reports, "snr_db", "signal to noise in dB (more is better)", "~g")


def draw_saturation(reports):
    """Clipped part of each quantizer's elements."""
    return _draw_dots(reports, "saturation", "elements that are clipped", ".2~%")


def draw_time(reports):
    """Bars of seconds for each region, in parts."""
    rows = [
        {"region": region["name"], "report": name, "part": title, "order": order, "seconds": rounded(region[f"{part}_seconds"])}
        for name, report in reports
        for region in report["regions"]
        for order, (part, title) in enumerate(PARTS.items())
    ]
    height, places = _rows(reports)
    titles = list(PARTS.values())
    chart = (
        alt.Chart()
        .mark_bar()
        .encode(
            *places,
            x=alt.X("seconds:Q", title="seconds"),
            color=alt.Color("part:N", sort=titles, scale=alt.Scale(domain=titles), legend=alt.Legend(title=None, columns=2)),
            order="order:O",
            tooltip=["region:N", "report:N", "part:N", "seconds:Q"],
        )
        .properties(width="container", height=height)
    )
    return chart, rows
