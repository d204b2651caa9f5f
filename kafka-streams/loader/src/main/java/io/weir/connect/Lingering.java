package io.weir.connect;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.sink.SinkRecord;

/**
 * Records of topics whose rows change often, held back for a moment: of the many versions that a
 * row has in that time only the newest is written.
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

  /** Keeps those that may wait; returns the others. */
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

  /** What has waited long enough, once; empty while nothing has. */
  List<SinkRecord> due(long nowMs) {
    if (held.isEmpty() || remainingMs(nowMs) > 0) {
      return List.of();
    }
    List<SinkRecord> due = List.copyOf(held);
    held.clear();
    return due;
  }

  /** How long the held records may still wait. */
  long remainingMs(long nowMs) {
    return sinceMs + lingerMs - nowMs;
  }

  boolean isEmpty() {
    return held.isEmpty();
  }

  /** Forgets the records of partitions that another task has now. */
  void forget(Collection<TopicPartition> partitions) {
    held.removeIf(
        record ->
            partitions.contains(
                new TopicPartition(record.originalTopic(), record.originalKafkaPartition())));
  }
}
