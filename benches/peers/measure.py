"""Runs commands in turn, several rounds, and prints a Markdown table of CPU, wall, memory and ratios.

measure.py ROUNDS LINES with one job a line on standard input: name, TAB, command, TAB, note.
CPU seconds are user + sys of the process and its children (wait4). Two-thread speed-ups are taken only from runs with a
probe of two spinning processes, 0.25 s just before and just after, that got at least 1.85 cores.
"""
import os
import shlex
import statistics
import subprocess
import sys
import time

ROUNDS, LINES = int(sys.argv[1]), int(sys.argv[2])
QUIET = 1.85


def probe(seconds=0.25):
    """Cores that two spinners get."""
    def spin():
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass
        os._exit(0)

    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            spin()
        children.append(child)
    used = 0.0
    for child in children:
        usage = os.wait4(child, 0)[2]
        used += usage.ru_utime + usage.ru_stime
    return used / seconds


def run(command):
    before = probe()
    begun = time.perf_counter()
    with open(os.devnull, "r+b") as null, open(os.environ["PEERS_ERRORS"], "ab") as errors:
        child = subprocess.Popen(shlex.split(command), stdin=null, stdout=null, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    cores = min(before, probe())
    if child.returncode != 0:
        return None
    return {"cpu": usage.ru_utime + usage.ru_stime, "wall": wall, "rss": usage.ru_maxrss / 1024, "cores": cores}


jobs = [line.rstrip("\n").split("\t") for line in sys.stdin if line.strip()]
runs = {name: [] for name, _, _ in jobs}
for number in range(ROUNDS):
    for name, command, _ in jobs:
        done = run(command)
        told = "failed" if done is None else "{:.2f} CPU s".format(done["cpu"])
        print(f"round {number + 1}: {name}: {told}", file=sys.stderr)
        if done is not None:
            runs[name].append(done)


def middle(name, what):
    return statistics.median(run[what] for run in runs[name]) if runs.get(name) else None


def ratio(one, other):
    return "" if one is None or not other else f"{one / other:.2f}" if one / other < 10 else f"{one / other:.1f}"


scan, ours = middle("scan", "cpu"), middle("replay, 1 thread", "cpu")
print("| job | CPU s | M lines/CPU s | wall s | peak MB | CPU ÷ scan | CPU ÷ replay | |")
print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
for name, _, note in jobs:
    cpu = middle(name, "cpu")
    if cpu is None:
        print(f"| {name} | failed | | | | | | {note} |")
        continue
    row = [f"{cpu:.2f}", f"{LINES / cpu / 1e6:.2f}" if cpu > 0.005 else "", f"{middle(name, 'wall'):.2f}"]
    row += [f"{middle(name, 'rss'):.0f}", ratio(cpu, scan), ratio(cpu, ours)]
    print(f"| {name} | {' | '.join(row)} | {note} |")


def quiet(name):
    return [run["wall"] for run in runs.get(name, []) if run["cores"] >= QUIET]


print()
for one, two, what in [
    ("replay, 1 thread", "replay, 2 threads", "Two threads against one"),
    ("skewed replay, 1 thread", "skewed replay, 2 threads", "The same where one domain holds 25 % of the events"),
    ("gzip decompression", "gzip replay, 2 threads", "gzip replay against decompression alone"),
]:
    if not runs.get(one) or not runs.get(two):
        continue
    cpu = f"CPU × {ratio(middle(two, 'cpu'), middle(one, 'cpu'))}"
    if quiet(one) and quiet(two):
        speed = ratio(statistics.median(quiet(one)), statistics.median(quiet(two)))
        print(f"- {what}: speed × {speed} in wall time (quiet runs: {len(quiet(one))} and {len(quiet(two))}), {cpu}.")
    else:
        best = max((run["cores"] for name in (one, two) for run in runs[name]), default=0)
        print(f"- {what}: no two cores were free (best probe {best:.2f}), so no wall time; {cpu}.")
