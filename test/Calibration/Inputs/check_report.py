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
REGION = {
    "name": str,
    "iterations": int,
    "seconds": float,
    "milliseconds_per_iteration": float,
    "compile_seconds": float,
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
        check(region, REGION)
        assert region["iterations"] == int(sys.argv[3])
        for losses in (region["reconstruction_loss"], region["prediction_difference"]):
            assert len(losses) == 2 and all(map(math.isfinite, losses)), losses
        assert all(scale > 0 for scale in region["activation_scales"])


main()
