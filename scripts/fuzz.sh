#!/usr/bin/env bash
# Fuzzes every fuzz target of the project for the given time each.
set -euo pipefail
time=${1:-20s}
grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do
  dir=$(dirname "$file")
  # One instrumented binary serves all targets of a package.
  bin=$(mktemp)
  go test -c -fuzz=. -o "$bin" "$dir"
  cache=$(go env GOCACHE)/fuzz/$(go list "$dir")
  mkdir -p "$cache"
  grep -oE '^func Fuzz[A-Za-z0-9]+' "$file" | awk '{print $2}' | while read -r target; do
    echo "== $dir $target"
    (cd "$dir" && "$bin" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" -test.fuzzcachedir "$cache" -test.parallel "$(nproc)")
  done
  rm -f "$bin"
done
