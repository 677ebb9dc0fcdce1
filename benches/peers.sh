#!/usr/bin/env bash
# Measures deguchi beside a newline scan and beside programs that do a near job, on one log, interleaved.
#
#   benches/peers.sh [--lines N | --file LOG] [--rounds N] [--no-peers] [--skew] [--readme]
#
#   --lines N     generate a log of N lines with 5,000 clients and 40,000 domains (default 10,000,000: 1.5 GB, 10 GB free)
#   --file LOG    take this log, Squid's native format
#   --rounds N    rounds; medians are printed (default 3)
#   --no-peers    only this program and its limits
#   --skew        also a copy of the log in which every fourth line goes to one domain
#   --readme      put the result into README.md
#
# Single-threaded where the program can be told so; CPU seconds are compared, as they bear a busy machine. What is not
# installed is left out with a word about how to get it:
#   apt-get install goaccess mtail; python3 -m pip install duckdb chdb
set -euo pipefail
cd "$(dirname "$0")/.."

lines=10000000 rounds=3 peers=1 skew=0 readme=0 log=
while [ $# -gt 0 ]; do
    case $1 in
        --lines) lines=$2; shift ;;
        --file) log=$2; shift ;;
        --rounds) rounds=$2; shift ;;
        --no-peers) peers=0 ;;
        --skew) skew=1 ;;
        --readme) readme=1 ;;
        *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
    esac
    shift
done

say() { printf '%s\n' "$*" >&2; }

cargo build --locked --release --quiet
deguchi=target/release/deguchi
bench=$(cargo bench --locked --no-run --bench scan --message-format json 2>/dev/null |
    sed -n 's/.*"name":"scan".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)

work=${PEERS_DIR:-target/peers}
mkdir -p "$work"
if [ -z "$log" ]; then
    log=$work/$lines.log
    if [ ! -s "$log" ]; then
        say "generating $lines lines"
        "$deguchi" synth --seed 42 --lines "$lines" --clients 5000 --domains 40000 --attacks 60 -o "$work/synth"
        mv "$work/synth/access.log" "$log"
    fi
fi
lines=$(wc -l <"$log")
name=$(basename "$log" .log)
[ -s "$work/$name.log.gz" ] || { say "packing"; gzip -6 -c "$log" >"$work/$name.log.gz"; }
if [ "$skew" = 1 ] && [ ! -s "$work/$name.skewed.log" ]; then
    say "skewing"
    awk 'NR % 4 == 0 {
        host = "h" NR % 97 ".busy.example"
        if ($6 == "CONNECT") $7 = host ":443"
        else sub(/:\/\/[^\/:]+/, "://" host, $7)
    } { print }' "$log" >"$work/$name.skewed.log"
fi

jobs=$work/jobs
: >"$jobs"
job() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$jobs"; }
job "scan" "$bench scan $log" "one memchr a line over read(2)"
job "wc -l" "wc -l $log" "$(wc --version | head -n 1)"
job "parse" "$bench parse $log" "native format, no more"
job "replay, 1 thread" "$deguchi replay --quiet --threads 1 --alerts $work/alerts.jsonl --output csv $log" "the whole job"
job "replay, 2 threads" "$deguchi replay --quiet --threads 2 --alerts $work/alerts.jsonl --output csv $log" ""
job "gzip decompression" "$bench decode $work/$name.log.gz" "same decoder, nothing done with the bytes"
job "gzip replay, 1 thread" "$deguchi replay --quiet --threads 1 --output csv $work/$name.log.gz" ""
job "gzip replay, 2 threads" "$deguchi replay --quiet --threads 2 --output csv $work/$name.log.gz" ""
if [ "$skew" = 1 ]; then
    job "skewed replay, 1 thread" "$deguchi replay --quiet --threads 1 --output csv $work/$name.skewed.log" "one domain holds 25 % of the events"
    job "skewed replay, 2 threads" "$deguchi replay --quiet --threads 2 --output csv $work/$name.skewed.log" ""
fi
if [ "$peers" = 1 ]; then
    for engine in chdb duckdb; do
        if version=$(python3 -c "import $engine; print($engine.__version__)" 2>/dev/null); then
            job "$engine" "python3 benches/peers/sql.py $engine $log" "$version, 1 thread: median and MAD of intervals per client and domain"
        else
            say "left out: $engine (python3 -m pip install $engine)"
        fi
    done
    if command -v goaccess >/dev/null; then
        format="--log-format='%x.%^ %~%L %h %^/%s %b %m %U %^' --date-format=%s --time-format=%s --datetime-format=%s"
        job "goaccess" "goaccess $log $format --no-global-config --no-progress -o $work/goaccess.json" \
            "$(goaccess --version | sed -n '1s/.*- \(.*\)\.$/\1/p'): its full report"
    else
        say "left out: goaccess (apt-get install goaccess)"
    fi
    if command -v mtail >/dev/null; then
        job "mtail" "mtail -one_shot -progs benches/peers/requests.mtail -logs $log" \
            "$(mtail --version | sed -n 's/^mtail version \([^ ]*\).*/\1/p'): one pattern, two counters by client"
    else
        say "left out: mtail (apt-get install mtail)"
    fi
fi

cat "$log" >/dev/null
export PEERS_ERRORS=$work/errors
: >"$PEERS_ERRORS"
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
{
    printf '%s, %s, %s cores, Linux %s, %s. ' "$(date -u +%F)" "${model:-unknown processor}" "$(nproc)" "$(uname -r | cut -d- -f1)" "$(rustc --version | cut -d' ' -f1,2)"
    printf '%s lines, %s bytes, warm cache; interleaved, medians over the rounds (`benches/peers.sh --lines %s --rounds %s%s`).\n\n' "$lines" "$(wc -c <"$log")" "$lines" "$rounds" "$([ "$skew" = 0 ] || printf ' --skew')"
    python3 benches/peers/measure.py "$rounds" "$lines" <"$jobs"
    python3 benches/peers/memory.py "$deguchi" "$log"
} | tee "$work/result.md"

if [ "$readme" = 1 ]; then
    awk -v result="$work/result.md" '
        /<!-- \/peers -->/ { skip = 0 }
        !skip { print }
        /<!-- peers -->/ { print ""; while ((getline line < result) > 0) print line; print ""; skip = 1 }
    ' README.md >"$work/README.md"
    cp "$work/README.md" README.md
fi
