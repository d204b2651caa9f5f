#!/bin/sh
# kafka-server-start.sh FILE: the node. Short pauses and early concurrent marking are Kafka's own defaults.
set -eu
home=$(dirname "$(dirname "$(readlink -f "$0")")")
pauses="-XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35"
export KAFKA_JVM_PERFORMANCE_OPTS="${KAFKA_JVM_PERFORMANCE_OPTS:-$pauses}"
export KAFKA_LOG4J_CONFIG="${KAFKA_LOG4J_CONFIG:-$home/config/log4j2.properties}"
exec "$home/bin/kafka-run-class.sh" kafka.Kafka "$@"
