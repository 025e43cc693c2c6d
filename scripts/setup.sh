#!/usr/bin/env bash
# Installs what building and testing need on Debian and Ubuntu; elsewhere lists
# what is missing and what is skipped without it. Quick if all is there.
set -euo pipefail

missing=()
have() { command -v "$1" >/dev/null 2>&1; }
have gcc || missing+=(gcc)
have g++ || missing+=(g++)
[ -n "$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null)" ] || have initdb || missing+=(postgresql)
have chromium || have chromium-browser || have google-chrome || missing+=(chromium)
fc-list :lang=zh 2>/dev/null | grep -q . || missing+=(fonts-noto-cjk)
fc-list 2>/dev/null | grep -qi '/inter' || missing+=(fonts-inter)
have unshare && have flock || missing+=(util-linux)

have go || { echo "Go 1.26 or later is needed: https://go.dev/dl/" >&2; exit 1; }
[ ${#missing[@]} -eq 0 ] && exit 0

if have apt-get && { [ "$(id -u)" = 0 ] || have sudo; }; then
  sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  echo "installing: ${missing[*]}" >&2
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  exit 0
fi

echo "missing: ${missing[*]}" >&2
for m in "${missing[@]}"; do
  case $m in
    gcc|g++) echo "  without $m nothing can be built" >&2 ;;
    postgresql) echo "  without postgresql: make test-postgres is skipped" >&2 ;;
    util-linux) echo "  without util-linux: no test of full disks and held homes" >&2 ;;
    chromium|fonts-*) echo "  without $m: the report is not looked at in a browser" >&2 ;;
  esac
done
have gcc && have g++
