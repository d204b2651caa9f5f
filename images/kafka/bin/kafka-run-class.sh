#!/bin/sh
# kafka-run-class.sh CLASS [ARGUMENT ...]: with the variables that Kafka's own script of this name reads.
# A tool runs for a second or two: the quickest compiler and the smallest collector do.
set -eu
home=$(dirname "$(dirname "$(readlink -f "$0")")")
exec java ${KAFKA_HEAP_OPTS:--Xmx256m} ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:TieredStopAtLevel=1 -XX:+UseSerialGC} \
  -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
  -Dlog4j2.configurationFile="${KAFKA_LOG4J_CONFIG:-$home/config/tools-log4j2.properties}" \
  ${KAFKA_OPTS:-} -cp "$home/libs/*" "$@"
