#!/usr/bin/env bash
# A throwaway PostgreSQL server for tests, without durability.
#   eval "$(scripts/postgres.sh start)"   starts it and sets LANDFALL_TEST_POSTGRES
#   scripts/postgres.sh stop              stops it and removes its files
# It listens on localhost alone and trusts whoever comes from there. A second
# start finds the running one. LANDFALL_POSTGRES_DIR is where its
# folder is made, if not among the temporary files.
set -euo pipefail

dir=${LANDFALL_POSTGRES_DIR:-${TMPDIR:-/tmp}}/landfall-postgres-$(id -u)

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if [ -z "$bin" ]; then
  initdb=$(command -v initdb) || { echo "PostgreSQL is not installed (looked in /usr/lib/postgresql and PATH)" >&2; exit 1; }
  bin=$(dirname "$initdb")
fi

# The server refuses to run as root; its package makes a user for it.
as() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

start() {
  if [ ! -f "$dir/port" ] || ! as "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1; then
    rm -rf "$dir"
    mkdir -p "$dir"
    chmod 700 "$dir"
    if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; fi
    as "$bin/initdb" -D "$dir/data" -U landfall --auth=trust --encoding=UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 ||
      { cat "$dir/initdb.log" >&2; exit 1; }
    # Any free port will do; somebody may take it first, so try a few.
    for _ in 1 2 3 4 5; do
      port=$((20000 + RANDOM % 20000))
      if as "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 60 \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off -c shared_buffers=32MB" \
        start >"$dir/start.log" 2>&1; then
        echo "$port" >"$dir/port"
        break
      fi
    done
    [ -f "$dir/port" ] || { cat "$dir/start.log" "$dir/data/server.log" >&2; exit 1; }
  fi
  echo "export LANDFALL_TEST_POSTGRES=postgres://landfall@127.0.0.1:$(cat "$dir/port")/postgres?sslmode=disable"
}

stop() {
  if [ -d "$dir/data" ]; then
    as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  fi
  rm -rf "$dir"
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
