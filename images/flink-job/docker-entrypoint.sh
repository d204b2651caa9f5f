#!/bin/bash
# Flink's entry point, for the modes in which the operator starts it; anything else is run as it is.
# An operator of before Flink 2 mounts its settings as flink-conf.yaml, one `key: value` a line. Flink 2 reads
# config.yaml and nothing else: it is written here, with every value quoted, for a value may hold anything.
set -eu
mounted=${FLINK_CONF_DIR:-$FLINK_HOME/conf}
if [ -f "$mounted/flink-conf.yaml" ] && [ ! -f "$mounted/config.yaml" ]; then
  export FLINK_CONF_DIR=/tmp/flink-conf
  mkdir -p "$FLINK_CONF_DIR"
  cp -L "$mounted"/*.properties "$mounted"/*.xml "$FLINK_CONF_DIR"/ 2>/dev/null || true
  sed -n -e "/^[^#]*: /{s/'/''/g;s/^\([^:]*\): *\(.*\)\$/\1: '\2'/p}" "$mounted/flink-conf.yaml" > "$FLINK_CONF_DIR/config.yaml"
  for setting in jobmanager.bind-host taskmanager.bind-host rest.bind-address; do
    grep -q "^$setting:" "$FLINK_CONF_DIR/config.yaml" || echo "$setting: 0.0.0.0" >> "$FLINK_CONF_DIR/config.yaml"
  done
fi
# glibc's allocator never gives back what RocksDB frees.
jemalloc=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2
if [ -f "$jemalloc" ]; then export LD_PRELOAD="${LD_PRELOAD:+$LD_PRELOAD:}$jemalloc"; fi
# Flink 2 has no `--host ADDRESS` any more, by which an older operator gives the job manager its pod's address: what
# stands behind it would be taken for arguments of the job.
job() {
  local arguments=()
  while [ $# -gt 0 ]; do
    if [ "$1" = --host ]; then
      arguments=(-D "jobmanager.rpc.address=$2" -D "rest.address=$2" "${arguments[@]}")
      shift 2
    else
      arguments+=("$1")
      shift
    fi
  done
  exec "$FLINK_HOME/bin/standalone-job.sh" start-foreground "${arguments[@]}"
}
mode=${1:-help}
case "$mode" in
  standalone-job) shift; job "$@" ;;
  jobmanager) shift; exec "$FLINK_HOME/bin/jobmanager.sh" start-foreground "$@" ;;
  taskmanager) shift; exec "$FLINK_HOME/bin/taskmanager.sh" start-foreground "$@" ;;
  help) echo "usage: docker-entrypoint.sh standalone-job|jobmanager|taskmanager|COMMAND [ARGUMENT ...]" ;;
  *) exec "$@" ;;
esac
