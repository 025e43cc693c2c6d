#!/usr/bin/env bash
# The peers of docs/benchmarks.md, in the same run as Landfall's own figures:
# promptfoo as a runner, and an untuned scikit-learn model on BANKING77. What
# cannot be installed is said and left out.
#   scripts/bench-peers.sh WORK   WORK/banking77/data holds the data
set -euo pipefail
work=$1
cache=${LANDFALL_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/landfall-bench}
mkdir -p "$cache"
row() { printf '%-42s %12s  %s\n' "$1" "$2" "$3"; }

# promptfoo 0.123 needs Node 22.22 or later, which the npm package node brings.
promptfoo=$cache/promptfoo
if [ ! -f "$promptfoo/ready" ]; then
  if npm install --no-audit --no-fund --silent --prefix "$promptfoo" promptfoo@0.123 node@22 >"$work/npm.log" 2>&1; then touch "$promptfoo/ready"; fi
fi
if [ -f "$promptfoo/ready" ]; then
  cat >"$work/provider.js" <<'JS'
module.exports = class {
  id() { return 'mock'; }
  async callApi() { await new Promise((r) => setTimeout(r, Number(process.env.DELAY_MS))); return { output: 'yes' }; }
};
JS
  python3 - "$work" <<'PY'
import json, sys
json.dump({"prompts": ["{{q}}"], "providers": ["file://provider.js"], "tests": [
    {"vars": {"q": f"case {i}"}, "assert": [{"type": "equals", "value": "yes"}]} for i in range(2000)]}, open(sys.argv[1] + "/promptfoo.json", "w"))
PY
  for delay in 100 0; do
    : >"$work/pf"
    for _ in 1 2 3; do
      python3 - "$work" "$promptfoo" "$delay" >>"$work/pf" <<'PY'
import os, resource, subprocess, sys, time
work, root, delay = sys.argv[1:]
env = dict(os.environ, DELAY_MS=delay, PROMPTFOO_DISABLE_TELEMETRY="1", PROMPTFOO_DISABLE_UPDATE="1", PROMPTFOO_CONFIG_DIR=work + "/pf-home")
began = time.time()
subprocess.run([root + "/node_modules/.bin/node", root + "/node_modules/promptfoo/dist/src/main.js", "eval", "-c", "promptfoo.json",
                "--no-cache", "--no-table", "--no-progress-bar", "-j", "32"], cwd=work, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(f"{2000 / (time.time() - began):.0f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6:.0f}")
PY
    done
    row "peer promptfoo 0.123, $delay ms, 32 wide" "$(sort -g "$work/pf" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}') /s" "peak $(awk '$2 > m {m = $2} END {print m}' "$work/pf") MB"
  done
else
  row "peer promptfoo 0.123" "—" "could not be installed: $(tail -n 1 "$work/npm.log" 2>/dev/null)"
fi

# TF-IDF over words and characters with a linear model, nothing tuned.
venv=$cache/sklearn
if [ ! -f "$venv/ready" ]; then
  if python3 -m venv "$venv" 2>"$work/pip.log" && "$venv/bin/pip" install -q scikit-learn >>"$work/pip.log" 2>&1; then touch "$venv/ready"; fi
fi
if [ -f "$venv/ready" ]; then
  "$venv/bin/python" - "$work/banking77/data" <<'PY'
import csv, resource, sys, time
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
def read(name):
    with open(f"{sys.argv[1]}/{name}.csv", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    return [r["text"] for r in rows], [r["category"] for r in rows]
(x, y), (tx, ty) = read("train"), read("test")
began = time.time()
model = make_pipeline(make_union(TfidfVectorizer(ngram_range=(1, 2)), TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5))), LogisticRegression(C=10, max_iter=300))
model.fit(x, y)
accuracy = model.score(tx, ty)
print(f"{'peer scikit-learn, one linear model':<42} {time.time() - began:>10.1f} s  accuracy {accuracy:.4f}, peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6:.0f} MB")
PY
else
  row "peer scikit-learn" "—" "could not be installed: $(tail -n 1 "$work/pip.log" 2>/dev/null)"
fi
