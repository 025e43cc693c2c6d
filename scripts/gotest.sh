#!/usr/bin/env bash
# go test, and where LANDFALL_STRICT is set a skipped test is a failure: what
# a machine lacks must not pass for what holds.
set -uo pipefail
[ -n "${LANDFALL_STRICT:-}" ] || exec go test "$@"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
go test -v "$@" >"$log" 2>&1
code=$?
if [ $code -ne 0 ]; then
  # Passing tests are left out; what they logged stands with them.
  grep -vE '^=== |^ *--- PASS' "$log"
  exit $code
fi
grep -E '^ok' "$log"
if grep -E '^ *--- SKIP' "$log"; then
  echo "skipped, and nothing may be skipped here (LANDFALL_STRICT)" >&2
  exit 1
fi
