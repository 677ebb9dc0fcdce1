#!/usr/bin/env bash
# Feeds a live watch, rotates its log every minute, kills it at random, and compares what it told with a replay of the same
# logs. Fails if a line was lost or doubled or a record differs.
#
#   benches/soak.sh [--minutes N] [--rate N] [--kills N] [--memory SIZE]
#
#   --minutes N    for so long (default 30)
#   --rate N       so many lines a second, a multiple of 100 (default 20,000; 30 minutes of them are 6 GB, twice)
#   --kills N      so many `kill -9` at random moments (default 20)
#   --memory SIZE  limit of the watch and of the replay (default 512MiB: it is reached, so what is forgotten is compared too)
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=30 rate=20000 kills=20 memory=512MiB
while [ $# -gt 0 ]; do
    case $1 in
        --minutes) minutes=$2; shift ;;
        --rate) rate=$2; shift ;;
        --kills) kills=$2; shift ;;
        --memory) memory=$2; shift ;;
        *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
    esac
    shift
done

cargo build --locked --release --quiet
deguchi=target/release/deguchi
work=${SOAK_DIR:-target/soak}
rm -rf "$work"
mkdir -p "$work"
printf 'generating %s lines\n' $((minutes * 60 * rate)) >&2
"$deguchi" synth --seed 43 --lines $((minutes * 60 * rate)) --clients 5000 --domains 40000 --attacks 200 -o "$work/synth"
python3 benches/soak/soak.py "$deguchi" "$work/synth/access.log" "$work" "$minutes" "$rate" "$kills" "$memory"
