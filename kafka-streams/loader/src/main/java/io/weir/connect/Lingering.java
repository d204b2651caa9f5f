package io.weir.connect;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.sink.SinkRecord;

/**
 * Holds back the records of frequently changing rows for a moment, so that only the newest of their
 * versions is written.
 */
final class Lingering {
  private final Set<String> topics;
  private final long lingerMs;
  private final List<SinkRecord> held = new ArrayList<>();
  private long sinceMs;

  Lingering(Collection<String> topics, long lingerMs) {
    this.topics = Set.copyOf(topics);
    this.lingerMs = lingerMs;
  }

  /** Holds back the records that may wait, and returns the others. */
  List<SinkRecord> hold(Collection<SinkRecord> records, long nowMs) {
    List<SinkRecord> others = new ArrayList<>(records.size());
    for (SinkRecord record : records) {
      if (!topics.contains(record.originalTopic())) {
        others.add(record);
        continue;
      }
      sinceMs = held.isEmpty() ? nowMs : sinceMs;
      held.add(record);
    }
    return others;
  }

  /** Returns the held records, once, after their wait; empty until then. */
  List<SinkRecord> due(long nowMs) {
    if (held.isEmpty() || remainingMs(nowMs) > 0) {
      return List.of();
    }
    List<SinkRecord> due = List.copyOf(held);
    held.clear();
    return due;
  }

  /** The remaining wait of the held records. */
  long remainingMs(long nowMs) {
    return sinceMs + lingerMs - nowMs;
  }

  boolean isEmpty() {
    return held.isEmpty();
  }

  /** Drops the records of partitions that are now assigned to another task. */
  void forget(Collection<TopicPartition> partitions) {
    held.removeIf(
        record ->
            partitions.contains(
                new TopicPartition(record.originalTopic(), record.originalKafkaPartition())));
  }
}
