"""Ends a calibration at random moments: what it writes is whole or absent.

    kill_at_random.py KILLS SEED FOLDER COMMAND...

KILLS is a number, or numbers of signals such as KILL=50,INT=8,TERM=8. In COMMAND, @OUT and @STATE stand for its output and its checkpoint, which lie in
FOLDER. It runs to the end once; then runs are ended by SIGKILL, SIGINT or SIGTERM
at moments drawn by SEED, some of them with a checkpoint of all regions, so that
reading it and the export are hit too. Each run goes on from what the one before
left; a run that ends by itself must have the bytes of the first, after which all
begins anew. Prints figures; fails if anything is half written, differs, if a run
does not go on from a checkpoint, or if a signal that can be caught leaves a temporary
file.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def draw_signals(text, generator):
    """The signals of KILLS, in the order in which they are sent."""
    if text.isdigit():
        return [generator.choice(SIGNALS) for _ in range(int(text))]
    drawn = []
    for part in text.split(","):
        name, count = part.split("=")
        drawn += [signal.Signals["SIG" + name]] * int(count)
    generator.shuffle(drawn)
    return drawn


def remove(path):
    if os.path.exists(path):
        os.remove(path)


class Series:
    def __init__(self, seed, folder, command):
        self.random = random.Random(seed)
        self.folder = folder
        self.out = os.path.join(folder, "out.mlirbc")
        self.state = os.path.join(folder, "state.mlirbc")
        self.finished = os.path.join(folder, "finished.mlirbc")
        places = {"@OUT": self.out, "@STATE": self.state}
        self.command = command
        for name, path in places.items():
            self.command = [part.replace(name, path) for part in self.command]
        self.figures = {"completed": 0, "whole": 0, "absent": 0, "one line": 0}
        self.killed = dict.fromkeys(SIGNALS, 0)

    def start(self):
        return subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def run_to_end(self):
        """Runs without an end from outside; gives the seconds it took."""
        begin = time.monotonic()
        process = self.start()
        _, errors = process.communicate()
        if process.returncode != 0:
            sys.exit(f"a run fails ({process.returncode}): {errors}")
        return time.monotonic() - begin

    def measure(self):
        self.seconds = self.run_to_end()
        self.reference = read(self.out)
        shutil.copy(self.state, self.finished)
        remove(self.out)
        self.export_seconds = self.run_to_end()
        self.check_out("the finished checkpoint gives")
        remove(self.out)
        remove(self.state)

    def check_out(self, what):
        if read(self.out) != self.reference:
            sys.exit(f"{what} another result")

    def check_message(self, process, number, errors):
        """A signal that can be caught leaves one line, or none at the very ends
        of the process, where it has nothing to keep."""
        lines = [line for line in errors.splitlines() if "error:" in line]
        if process.returncode == 1:
            if len(lines) != 1 or "interrupted by " + signal.Signals(number).name not in lines[0]:
                sys.exit(f"{signal.Signals(number).name} ends with: {errors}")
            self.figures["one line"] += 1
        elif process.returncode != -number:
            sys.exit(f"{signal.Signals(number).name} ends with {process.returncode}: {errors}")

    def adapt(self, seconds, only_exports):
        """A machine that became quicker would let most runs end by themselves."""
        if only_exports:
            self.export_seconds = (self.export_seconds + seconds) / 2
        else:
            self.seconds = (self.seconds + seconds) / 2

    def count_temporaries(self):
        return sum(".temporary-" in name for name in os.listdir(self.folder))

    def kill_once(self, number):
        """Starts a run and ends it; true where it did not end by itself."""
        limit = self.seconds
        only_exports = self.random.random() < 0.25
        if only_exports:
            shutil.copy(self.finished, self.state)
            limit = self.export_seconds
        remove(self.out)
        temporaries = self.count_temporaries()
        begin = time.monotonic()
        process = self.start()
        try:
            process.wait(self.random.uniform(0, limit))
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        _, errors = process.communicate()
        if process.returncode == 0:
            self.check_out("a run that went on has")
            self.figures["completed"] += 1
            self.adapt(time.monotonic() - begin, only_exports)
            remove(self.out)
            remove(self.state)
            return False
        self.check_message(process, number, errors)
        self.killed[number] += 1
        if number != signal.SIGKILL and self.count_temporaries() > temporaries:
            sys.exit(f"{signal.Signals(number).name} leaves a temporary file")
        exists = os.path.exists(self.out)
        if exists:
            self.check_out("an ended run has")
        self.figures["whole" if exists else "absent"] += 1
        return True


def main():
    kills, seed, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    series = Series(seed, folder, sys.argv[4:])
    numbers = draw_signals(kills, series.random)
    series.measure()
    for number in numbers:
        while not series.kill_once(number):
            pass
    series.run_to_end()
    series.check_out("the last run has")
    signals = ", ".join(f"{signal.Signals(number).name} {count}" for number, count in series.killed.items())
    figures = ", ".join(f"{name} {count}" for name, count in series.figures.items())
    print(f"killed {len(numbers)} runs ({signals}); results: {figures}; broken 0")


main()
