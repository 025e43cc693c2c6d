#!/usr/bin/env bash
# Prints the path of schemathesis, which it installs from PyPI into a virtual
# environment below LANDFALL_CACHE (default ~/.cache/landfall) the first time.
set -euo pipefail

package=schemathesis==4.32.5
cache=${LANDFALL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/landfall}
venv=$cache/schemathesis-${package##*=}

mkdir -p "$cache"
(
  flock 9
  [ -f "$venv/ready" ] && exit 0
  rm -rf "$venv"
  python3 -m venv "$venv" || { echo "python3 with venv is needed (Debian: python3-venv)" >&2; exit 1; }
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$package" >&2 || { echo "$package could not be installed: is there a network?" >&2; exit 1; }
  touch "$venv/ready"
) 9>"$cache/schemathesis.lock"
echo "$venv/bin/schemathesis"
