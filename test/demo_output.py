"""What the outputs of the demo and of the README's commands have to say.

Usage: scripts/demo | demo_output.py
Fails where PD-Quant is not better than rounding to nearest, a network is worse than
it should be, or the exported module does not compute what was calibrated.
"""

import re
import sys

# Of the digits network's 540 test images, in percent.
LEAST_FLOAT, LEAST_4_BITS, LEAST_GAIN = 98.0, 97.0, 5.0


def find(pattern, output):
    """The one number that `pattern` captures."""
    found = re.findall(pattern, output, re.M)
    if len(found) != 1:
        raise AssertionError(f"expected '{pattern}' once, found it {len(found)} times")
    return float(found[0])


def require(condition, message):
    if not condition:
        raise AssertionError(message)


def check_demo(output):
    accuracy = r" +([\d.]+) % \(\d+ / 540\)$"
    whole = find("^float" + accuracy, output)
    nearest = find("^2 bits, to nearest" + accuracy, output)
    learned = find("^2 bits, PD-Quant" + accuracy, output)
    require(whole >= LEAST_FLOAT, f"float: {whole} %, expected at least {LEAST_FLOAT}")
    require(
        learned >= nearest + LEAST_GAIN,
        f"PD-Quant: {learned} %, nearest rounding: {nearest} %, expected {LEAST_GAIN} more at least",
    )
    check_equal(output)


def check_equal(output):
    difference, agreement = find(r"^max difference: (\S+)$", output), find(r"^agreement: (\S+) %$", output)
    require(difference == 0 and agreement == 100, f"the exported module differs by {difference}, {agreement} % agree")


def check_by_hand(output):
    """Accuracies of the float and the 4-bit network, then how far they agree."""
    accuracies = [float(value) for value in re.findall(r"^accuracy: ([\d.]+) % \(\d+ / 540\)$", output, re.M)]
    require(len(accuracies) == 2, f"expected two accuracies, found {accuracies}")
    require(accuracies[0] >= LEAST_FLOAT, f"float: {accuracies[0]} %, expected at least {LEAST_FLOAT}")
    require(accuracies[1] >= LEAST_4_BITS, f"4 bits: {accuracies[1]} %, expected at least {LEAST_4_BITS}")
    agreement = find(r"^agreement: (\S+) %$", output)
    require(agreement >= LEAST_4_BITS, f"{agreement} % agree, expected at least {LEAST_4_BITS}")
    require(find(r"^max difference: (\S+)$", output) > 0, "4 bits compute the same as floating point")


def main():
    output = sys.stdin.read()
    print(output)
    check_demo(output)


if __name__ == "__main__":
    main()
