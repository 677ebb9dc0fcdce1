"""Bytes of memory for a pair: memory.py PROGRAM LOG. Anonymous memory at its peak, less that of a run over one line."""

import re
import subprocess
import sys
import tempfile
import time

PROGRAM, LOG = sys.argv[1:3]


def peak(log, folder):
    """Peak of RssAnon, bytes, by looking every 2 ms: the kernel keeps a peak only of all memory, file pages included."""
    command = [PROGRAM, "replay", "--threads", "1", "--quiet", "--format", "squid", "--metrics", f"{folder}/metrics", log]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    most = 0
    while child.poll() is None:
        with open(f"/proc/{child.pid}/status") as status:
            anonymous = re.search(r"RssAnon:\s+(\d+) kB", status.read())
        most = max(most, int(anonymous[1]) * 1024 if anonymous else 0)
        time.sleep(0.002)
    if child.returncode != 0:
        sys.exit(f"memory.py: {PROGRAM} ended with {child.returncode}")
    return most


with tempfile.TemporaryDirectory() as folder:
    with open(LOG, "rb") as log, open(f"{folder}/line", "wb") as line:
        line.write(log.readline())
    empty = max(peak(f"{folder}/line", folder) for _ in range(20))
    full = peak(LOG, folder)
    with open(f"{folder}/metrics") as metrics:
        pairs = int(re.search(r"^deguchi_state_pairs (\d+)", metrics.read(), re.M)[1])
print(f"- Memory of a pair: {(full - empty) / pairs:.1f} bytes ({pairs:,} pairs; anonymous peak {full / 1e6:.1f} MB, of which {empty / 1e6:.1f} MB are there after one line).")
