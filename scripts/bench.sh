#!/usr/bin/env bash
# The benchmarks of docs/benchmarks.md.
#   scripts/bench.sh        everything, medians over several runs, with peers
#   scripts/bench.sh smoke  everything small and once, without peers: that it runs
# Peers are installed into LANDFALL_BENCH_CACHE, outside the project.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-full}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "$mode" = smoke ]; then count=1 time=1x short=-short; else count=5 time=1s short=; fi

echo "landfall $(git describe --tags --always --dirty 2>/dev/null || echo dev), $(go version | cut -d' ' -f3), $(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs)"

# bench PACKAGE PATTERN TIME: the raw lines, for the medians below.
bench() { go test "$1" $short -run '^$' -bench "$2" -benchtime "$3" -count "$count" -timeout 30m | tee -a "$work/raw" | grep -E '^(FAIL|---|panic)' || true; }
bench ./align/poc/ '^BenchmarkRunnerSlow$' 1x
bench ./align/poc/ '^BenchmarkRunnerInstant$' "$time"
bench ./core/evidence/ '^BenchmarkAppend$/^batch=100$' "$time"
bench ./core/evidence/ '^BenchmarkVerify(Hashes|Envelopes)$' 1x
if grep -qE '^(FAIL|--- FAIL)' "$work/raw"; then cat "$work/raw"; exit 1; fi

# median NAME UNIT: of a benchmark's metric over its runs.
median() {
  awk -v name="$1" -v unit="$2" '$1 ~ "^"name"(-[0-9]+)?$" {for (i = 2; i < NF; i++) if ($(i+1) == unit) print $i}' "$work/raw" |
    sort -g | awk '{v[NR] = $1} END {if (!NR) exit 1; print v[int((NR + 1) / 2)]}'
}
row() { printf '%-42s %12s  %s\n' "$1" "$2" "$3"; }
seconds() { awk -v ns="$1" 'BEGIN {printf "%.2f s", ns / 1e9}'; }
row "runner, 100 ms, 32 wide, to a bare loop" "$(median BenchmarkRunnerSlow x-bare-loop) x" "bar: 1.05 x"
row "runner, 100 ms, 32 wide" "$(median BenchmarkRunnerSlow cases/s) /s" ""
row "runner, instant candidate" "$(median BenchmarkRunnerInstant cases/s) /s" "bar: 2,000 /s"
row "evidence, durable appends by 100" "$(median BenchmarkAppend/batch=100 items/s) /s" "bar: 3,000 /s"
row "evidence, hashes of a log$([ -z "$short" ] && echo ' of 1,000,000')" "$(seconds "$(median BenchmarkVerifyHashes ns/op)")" "bar: 10 s for 1,000,000"
row "evidence, envelopes$([ -z "$short" ] && echo ', 100,000')" "$(seconds "$(median BenchmarkVerifyEnvelopes ns/op)")" "bar: 8 s for 100,000"

# BANKING77, all built-in candidates: wall time and peak memory of the process.
cp -r examples/banking77 "$work/banking77"
if ! bin/landfall data pull "$work/banking77" -q >/dev/null 2>"$work/err"; then
  cat "$work/err" >&2
  echo "BANKING77 is not at hand" >&2
  exit 1
fi
: >"$work/b77"
for i in $(seq "$([ "$mode" = smoke ] && echo 1 || echo 3)"); do
  python3 - "$work" "$i" >>"$work/b77" <<'PY'
import resource, subprocess, sys, time
work, i = sys.argv[1:]
began = time.time()
out = open(work + "/b77.json", "w")
code = subprocess.run(["bin/landfall", "run", work + "/banking77", "--home", work + "/home" + i, "-o", "json", "-q"], stdout=out).returncode
assert code == 11, code  # no costs are stated, so its align gate stays open
print(f"{time.time() - began:.2f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
PY
done
row "BANKING77, all built-in candidates" "$(sort -g "$work/b77" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}') s" "bar: 40 s"
row "BANKING77, peak memory" "$(sort -g -k2 "$work/b77" | awk '{v[NR] = $2} END {printf "%d MB", v[NR] * 1024 / 1e6}')" "bar: 400 MB"
python3 - "$work/b77.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
for c in d["poc"]["candidates"]:
    if c["id"] == d["selection"]["recommended"]:
        print(f"{'BANKING77, recommended: ' + c['id']:<42} {c['overall']['accuracy']:>12.4f}  bar: 0.905")
        print(f"{'BANKING77, its surest 80 %':<42} {c['surest_80']['accuracy']:>12.4f}  bar: 0.975")
PY
[ "$mode" = smoke ] && exit 0

scripts/bench-peers.sh "$work"
