"""Checks the fields and types of a report: check_report.py FILE REGIONS ITERATIONS
[SETTING=VALUE...]."""

import json
import math
import sys

TOP = {
    "version": int,
    "settings": dict,
    "seed": int,
    "data_sha256": str,
    "total_seconds": float,
    "peak_memory_bytes": int,
    "batch_norms_captured": int,
    "coverage": list,
    "regions": list,
}
SETTINGS = {
    **dict.fromkeys(("calibration", "preset", "init", "target", "cpu", "chip", "math", "memory-budget"), str),
    **dict.fromkeys(("checkpoint", "report", "first-last", "granularity", "preset-from", "memory-limit", "mean", "std"), str),
    **dict.fromkeys(("scale-samples", "products", "output-losses", "output-weights"), str),
    **dict.fromkeys(("weight-bits", "activation-bits", "iterations", "batch", "init-samples", "seed"), int),
    **dict.fromkeys(("threads", "checkpoint-every", "distribution-correction-steps"), int),
    **dict.fromkeys(("learned-rounding", "scale-learning", "prediction-difference", "distribution-correction"), bool),
    **dict.fromkeys(("symmetric-weights", "power-of-two-scales", "weight-scale-learning"), bool),
    **dict.fromkeys(("drop-in", "drop-act", "warmup", "temperature", "lambda-r", "lambda-c"), float),
    **dict.fromkeys(("rounding-weight", "rounding-rate", "scale-rate", "weight-scale-rate", "distribution-correction-rate"), float),
}
PRODUCT = {
    **dict.fromkeys(("region", "operation", "location", "reason"), str),
    **dict.fromkeys(("weight_bits", "input_bits"), list),
}
PARTS = ("compile", "initialization", "correction", "iteration", "evaluation")
QUANTIZER = {
    "kind": str,
    **dict.fromkeys(("shape", "scales", "zero_points", "level_counts"), list),
    "bits": int,
    "axis": (int, type(None)),
    "saturation": float,
    "snr_db": (float, int, type(None)),
}
CURVES = ("total", "reconstruction", "prediction_difference", "rounding_regularizer")
REGION = {
    "name": str,
    "iterations": int,
    "seconds": float,
    "milliseconds_per_iteration": float,
    **dict.fromkeys((f"{part}_seconds" for part in PARTS), float),
    "sensitivity": float,
    "loss_curve": dict,
    "quantizers": list,
    "reconstruction_loss": list,
    "prediction_difference": list,
    "activation_scales": list,
    "rounding_flipped": int,
}


def check(entry, fields):
    assert set(entry) == set(fields), sorted(set(entry) ^ set(fields))
    for name, kind in fields.items():
        number = isinstance(entry[name], (int, float)) and kind is float
        assert number or isinstance(entry[name], kind), (name, entry[name])


def check_quantizer(quantizer):
    check(quantizer, QUANTIZER)
    count = 1 if quantizer["axis"] is None else quantizer["shape"][quantizer["axis"]]
    assert len(quantizer["scales"]) == len(quantizer["zero_points"]) == count, quantizer
    top = 2 ** quantizer["bits"] - 1
    assert all(0 <= point <= top for point in quantizer["zero_points"])
    levels = quantizer["level_counts"]
    assert len(levels) == top + 1 and min(levels) >= 0
    if quantizer["kind"] == "weight":
        assert sum(levels) == math.prod(quantizer["shape"])
    # What is clipped is at an end of the grid.
    assert 0 <= quantizer["saturation"] * sum(levels) <= levels[0] + levels[-1] + 1e-6
    assert quantizer["snr_db"] is None or quantizer["snr_db"] > 0, quantizer


def check_curve(curve, iterations):
    check(curve, dict.fromkeys(("iterations", *CURVES), list))
    kept = curve["iterations"]
    assert kept[0] == 1 and kept[-1] == iterations and kept == sorted(set(kept)) and len(kept) <= 202
    for parts in zip(*(curve[name] for name in CURVES)):
        assert math.isclose(parts[0], sum(parts[1:]), rel_tol=1e-5), parts
    assert len({len(values) for values in curve.values()}) == 1


def check_region(region, iterations):
    check(region, REGION)
    assert region["iterations"] == iterations
    for losses in (region["reconstruction_loss"], region["prediction_difference"]):
        assert len(losses) == 2 and all(map(math.isfinite, losses)), losses
    check_curve(region["loss_curve"], iterations)
    for quantizer in region["quantizers"]:
        check_quantizer(quantizer)
    activations = [scale for q in region["quantizers"] if q["kind"] == "activation" for scale in q["scales"]]
    assert activations == region["activation_scales"] and all(scale > 0 for scale in activations)
    assert sum(region[f"{part}_seconds"] for part in PARTS) <= region["seconds"]


def main():
    with open(sys.argv[1]) as file:
        report = json.load(file)
    check(report, TOP)
    check(report["settings"], SETTINGS)
    for option in sys.argv[4:]:
        name, value = option.split("=")
        assert str(report["settings"][name]) == value, (option, report["settings"][name])
    assert len(report["data_sha256"]) == 64
    for product in report["coverage"]:
        check(product, PRODUCT)
        widths = product["weight_bits"] + product["input_bits"]
        assert len(widths) == 2 and all(bits == 0 or 2 <= bits <= 8 for bits in widths), widths
        assert (product["reason"] == "") == (0 not in widths), product
    assert report["coverage"], "no product"
    assert len(report["regions"]) == int(sys.argv[2]), len(report["regions"])
    for region in report["regions"]:
        check_region(region, int(sys.argv[3]))
    # Nothing is quantized before the first region; before the last one there is.
    first, *_, last = report["regions"]
    assert first["sensitivity"] == first["prediction_difference"][1], first["sensitivity"]
    assert last["sensitivity"] != last["prediction_difference"][1], last["sensitivity"]


main()
