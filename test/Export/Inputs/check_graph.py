"""Checks a graph of pdq-export-graph and prints the nodes of each layer.

Usage: check_graph.py GRAPH.json [DATA.json MODULE.mlir]
Losses in DATA are compared with those in the text of the module.
"""

import collections
import json
import re
import sys


def main():
    graph = json.load(open(sys.argv[1]))
    (network,) = graph["graphs"]
    nodes = {node["id"]: node for node in network["nodes"]}
    assert len(nodes) == len(network["nodes"]), "two nodes have one id"
    layers = collections.defaultdict(list)
    for node in nodes.values():
        layers[node["namespace"]].append(node["label"])
        for edge in node["incomingEdges"]:
            source = nodes[edge["sourceNodeId"]]
            assert edge["sourceNodeOutputId"] in [output["id"] for output in source["outputsMetadata"]]
            assert int(edge["sourceNodeId"]) < int(node["id"]), "an edge leads back"
        computes = node["label"].startswith(("linalg.conv", "linalg.matmul", "generic", "output", "pdq.batch_norm"))
        assert not computes or node["incomingEdges"], f"nothing leads to {node}"
    for name, labels in layers.items():
        print(f"{name}: {', '.join(labels)}")
    losses = []
    if len(sys.argv) > 2:
        values = json.load(open(sys.argv[2]))[network["id"]]["results"]
        text = open(sys.argv[3]).read()
        for region, loss in re.findall(r"pdq\.region @(\w+) .*prediction_difference = \S+ to ([^>,]+)>", text):
            found = {values[i]["value"] for i, node in nodes.items() if node["namespace"].startswith(f"{region}/")}
            assert len(found) == 1 and abs(found.pop() - float(loss)) <= 1e-6 * abs(float(loss)), (region, loss)
            losses.append(region)
    labels = [node["label"] for node in nodes.values()]
    print(f"{labels.count('input')} input, {labels.count('output')} output; {len(losses)} regions with a colour")


main()
