"""Feeds a live watch for a while, rotates its log, kills it at random, and compares what it told with a replay.

soak.py DEGUCHI SOURCE WORK MINUTES RATE KILLS MEMORY

The source is written to WORK/access.log in whole lines at RATE lines a second; every minute the log is renamed and begun
anew. The lag of an alert is the time from the writing of the first line that lets it be decided (its pane and the lateness
are over by it) to its record in the file of alerts, which is counted in the metrics at the same moment. At the end a
replay and a watch read the source as fast as they can (the watch counts once a second: a short run says little of that).
Prints a Markdown table; fails if a line is lost or doubled, or an alert differs.
"""
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from bisect import bisect_left
from datetime import datetime

DEGUCHI, SOURCE, WORK = sys.argv[1:4]
MINUTES, RATE, KILLS, MEMORY = float(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6]), sys.argv[7]
# The watermark is so far behind the newest line: `LATENESS` in src/window/clock.rs.
LATENESS = 10.0
# So long after a kill an alert may owe its lag to it.
RECOVERY = 10.0
ALERTS, LOG = f"{WORK}/alerts.jsonl", f"{WORK}/access.log"
LISTEN = "127.0.0.1:10954"

watch, kills, moments, samples = None, [], [], []
# By process: pauses for a snapshot, and those of them that were short.
pauses = {}
over = threading.Event()
lock = threading.Lock()


def start(log=f"{LOG}*", state="state", alerts=ALERTS):
    command = [DEGUCHI, "watch", log, "--format", "squid", "--state", f"{WORK}/{state}", "--alerts", alerts]
    command += ["--from", "start", "--memory", MEMORY, "--listen", LISTEN]
    said = open(f"{WORK}/watch.log", "ab")
    # As packaging/deguchi.service runs it.
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=os.environ | {"MALLOC_ARENA_MAX": "1"})


def metric(name):
    try:
        text = urllib.request.urlopen(f"http://{LISTEN}/metrics", timeout=5).read().decode()
    except OSError:
        return None
    found = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.M)
    return sum(map(float, found)) if found else None


def write():
    """Writes the source, at its pace; notes which event time was written when."""
    chunk, written, rotations = RATE // 100, 0, 0
    source, log = open(SOURCE, "rb"), open(LOG, "ab", buffering=0)
    begun = time.monotonic()
    newest = 0.0
    for tick in range(int(MINUTES * 6000)):
        lines = [line for line in (source.readline() for _ in range(chunk)) if line]
        if not lines:
            sys.exit("the source is too short")
        if tick // 6000 > rotations:
            rotations = tick // 6000
            log.close()
            os.rename(LOG, f"{LOG}.{rotations:04}")
            log = open(LOG, "ab", buffering=0)
        log.write(b"".join(lines))
        newest = max(newest, float(lines[-1][:14]))
        moments.append((newest, time.monotonic()))
        written += len(lines)
        time.sleep(max(0.0, begun + (tick + 1) / 100 - time.monotonic()))
    # An hour later, so that the last pane is over; too few to be alerted on themselves.
    last = b"10.255.255.254 TCP_MISS/200 512 GET http://last.example/ - HIER_DIRECT/203.0.113.9 text/html\n"
    for n in range(3):
        log.write(b"%.3f     40 %b" % (newest + 3600 + n, last))
        moments.append((newest + 3600 + n, time.monotonic()))
        written += 1
    return written, rotations, time.monotonic() - begun


def kill():
    """Kills at random moments, and starts again at once."""
    global watch
    dice = random.Random(7)
    begun = time.monotonic()
    for moment in sorted(dice.uniform(5, MINUTES * 60 - 5) for _ in range(KILLS)):
        if over.wait(max(0.0, begun + moment - time.monotonic())):
            return
        with lock:
            watch.kill()
            watch.wait()
            kills.append(time.monotonic())
            watch = start()


def sample():
    """Memory and pairs, every five seconds."""
    begun = time.monotonic()
    while not over.wait(5):
        try:
            status = open(f"/proc/{watch.pid}/status").read()
            resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
        except (OSError, TypeError):
            continue
        samples.append((time.monotonic() - begun, resident, metric("deguchi_state_pairs")))
        pause = [metric(f'deguchi_store_snapshot_pause_seconds_bucket{{le="{le}"}}') for le in ("+Inf", "0.25")]
        if None not in pause:
            pauses[watch.pid] = pause


def listen(arrivals):
    """Notes when each record was told."""
    while not os.path.exists(ALERTS):
        if over.wait(0.02):
            return
    with open(ALERTS, "rb") as told:
        rest = b""
        while True:
            data = told.read()
            if not data and over.wait(0.02):
                return
            now = time.monotonic()
            *lines, rest = (rest + data).split(b"\n")
            arrivals.extend((now, line) for line in lines)


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


arrivals = []
watch = start()
while metric("process_start_time_seconds") is None:
    time.sleep(0.1)
threads = [threading.Thread(target=kill), threading.Thread(target=sample), threading.Thread(target=listen, args=(arrivals,))]
for thread in threads:
    thread.start()
written, rotations, took = write()
threads[0].join()
still, before = 0, None
while still < 5:
    now = (metric("deguchi_watermark_timestamp_seconds"), len(arrivals))
    still = still + 1 if now == before else 0
    before = now
    time.sleep(1)
over.set()
for thread in threads[1:]:
    thread.join()
watch.send_signal(signal.SIGTERM)
code = watch.wait(timeout=30)
read = int(re.findall(r"stopped behind (\d+) lines", open(f"{WORK}/watch.log").read())[-1])

files = [f"{LOG}.{n:04}" for n in range(1, rotations + 1)] + [LOG]
begun = time.monotonic()
replay = [DEGUCHI, "replay", "--quiet", "--format", "squid", "--memory", MEMORY, "--alerts", f"{WORK}/replayed.jsonl"]
subprocess.run(replay + files, check=True, stdout=subprocess.DEVNULL)
replayed = time.monotonic() - begun
# As fast as they can: a replay of the source, and a watch that has all of it before it.
begun = time.monotonic()
subprocess.run(replay[:-1] + [f"{WORK}/source.jsonl", SOURCE], check=True, stdout=subprocess.DEVNULL)
fastest = time.monotonic() - begun
begun = time.monotonic()
watch = start(SOURCE, "again", f"{WORK}/again.jsonl")
while (metric('deguchi_input_lines_total{input="log"}') or 0) < written - 3 and time.monotonic() - begun < 10 * fastest + 60:
    time.sleep(0.1)
again = time.monotonic() - begun
watch.send_signal(signal.SIGTERM)
watch.wait(timeout=30)
live, whole = open(ALERTS, "rb").read(), open(f"{WORK}/replayed.jsonl", "rb").read()
rest = [json.loads(line)["record"] for line in whole[len(live):].splitlines()]
same = whole.startswith(live) and set(rest) <= {"end"}

lags, slow = [], []
for told, line in arrivals:
    record = json.loads(line)
    if record["record"] == "end":
        continue
    at = bisect_left(moments, (seconds(record["time"]) + LATENESS, 0.0))
    if at < len(moments):
        lag = told - moments[at][1]
        after_kill = any(moments[at][1] - RECOVERY < killed <= told for killed in kills)
        (slow if after_kill else lags).append(lag)
thirds = [samples[len(samples) * i // 3:len(samples) * (i + 1) // 3] for i in range(3)]

print(f"| {MINUTES:g} minutes at {RATE} lines/s | |\n| --- | ---: |")
print(f"| lines written, in {took:.0f} s | {written} |")
print(f"| lines read | {read} |")
print(f"| rotations, kills | {rotations}, {len(kills)} |")
print(f"| records told, of a replay ({replayed:.0f} s) | {len(live.splitlines())}, {len(whole.splitlines())} |")
print(f"| as fast as it can, lines/s: a watch; as share of a replay | {written / again:.0f}; {fastest / again:.2f} |")
print(f"| the same bytes, but for episodes that are still open | {'yes' if same else 'NO'} |")
print(f"| lag: median, 99th percentile, most, of {len(lags)} records | "
      f"{quantile(lags, .5):.2f} s, {quantile(lags, .99):.2f} s, {max(lags, default=0):.2f} s |")
print(f"| the same around kills, of {len(slow)} | "
      f"{quantile(slow, .5):.2f} s, {quantile(slow, .99):.2f} s, {max(slow, default=0):.2f} s |")
snapshots, short = (sum(pause[i] for pause in pauses.values()) for i in (0, 1))
print(f"| pauses for a snapshot seen, of them over 250 ms | {snapshots:.0f}, {snapshots - short:.0f} |")
for name, third in zip(("first", "second", "last"), thirds):
    if third:
        print(f"| memory in the {name} third: median, most; pairs at its end | {quantile([s[1] for s in third], .5):.0f} MB, "
              f"{max(s[1] for s in third):.0f} MB; {third[-1][2] or 0:.0f} |")
if not (same and read == written and code == 0):
    sys.exit(f"not what was written: {read} lines of {written}, the same records: {same}, exit status {code}")
