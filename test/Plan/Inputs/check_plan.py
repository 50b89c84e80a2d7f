"""Holds what benchmarks/plan counted to its aims.

Usage: check_plan.py PLAN.json --launches N --bytes RATIO --arena RATIO
"""

import argparse
import json

parser = argparse.ArgumentParser()
parser.add_argument("plan")
for name in ("launches", "bytes", "arena"):
    parser.add_argument(f"--{name}", type=float, required=True)
arguments = parser.parse_args()
with open(arguments.plan) as stream:
    regions = json.load(stream)["regions"].values()
launches = sum(region["launches"] for region in regions) / len(regions)
moved = sum(region["bytes"] for region in regions) / sum(region["product_bytes"] for region in regions)
arena = max(region["arena_bytes"] / region["live_bytes"] for region in regions)
holds = launches <= arguments.launches and moved <= arguments.bytes and arena <= arguments.arena
print(
    f"{len(regions)} regions: {launches:.1f} launches of {arguments.launches:.0f}, bytes {moved:.3f} of "
    f"{arguments.bytes}, arena {arena:.3f} of {arguments.arena}"
)
raise SystemExit(0 if holds else 1)
