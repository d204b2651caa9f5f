#!/bin/sh
# Makes the database on an empty volume, then becomes the server; with the variables that PostgreSQL's own image reads.
set -eu
if [ "${1:-}" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  # In the data folder's neighbourhood: a database half made must not look like one.
  rm -rf "$PGDATA.new"
  # shellcheck disable=SC2086 # options, separated by blanks
  initdb --pgdata="$PGDATA.new" --username="$user" --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 --locale=C.UTF-8 \
    --auth-local=trust ${POSTGRES_INITDB_ARGS:-}
  echo "host all all all scram-sha-256" >> "$PGDATA.new/pg_hba.conf"
  if [ "$database" != postgres ]; then
    echo "CREATE DATABASE \"$database\";" | postgres --single -j -D "$PGDATA.new" postgres > /dev/null
  fi
  mv "$PGDATA.new" "$PGDATA"
fi
if [ "${1:-}" = postgres ]; then
  shift
  exec postgres -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql "$@"
fi
exec "$@"
