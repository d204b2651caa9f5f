package io.weir.streams;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.errors.StreamsException;

/** Where a thread failed, as far as its exception says: at a record, in a task, or unknown. */
final class FailurePlace {
  static final int REASON_CHARACTERS = 300;
  static final FailurePlace ANYWHERE = new FailurePlace("unknown", null, -1, -1);

  /** How Kafka Streams names the record that it failed on. */
  private static final Pattern RECORD =
      Pattern.compile("topic=([^,\\s]+), partition=(\\d+), offset=(\\d+)");

  private final String name;
  private final TopicPartition record;
  private final long offset;

  /** All input partitions of a task have the task's number; -1 if the task is unknown. */
  private final int task;

  private FailurePlace(String name, TopicPartition record, long offset, int task) {
    this.name = name;
    this.record = record;
    this.offset = offset;
    this.task = task;
  }

  static FailurePlace of(Throwable error) {
    FailurePlace found = ANYWHERE;
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      Matcher matcher = RECORD.matcher(String.valueOf(cause.getMessage()));
      if (matcher.find()) {
        TopicPartition partition =
            new TopicPartition(matcher.group(1), Integer.parseInt(matcher.group(2)));
        return new FailurePlace(
            partition.toString(), partition, Long.parseLong(matcher.group(3)), -1);
      }
      if (found == ANYWHERE && cause instanceof StreamsException failure) {
        found =
            failure
                .taskId()
                .map(id -> new FailurePlace("task " + id, null, -1, id.partition()))
                .orElse(ANYWHERE);
      }
    }
    return found;
  }

  /** The root cause in one line, cut to {@link #REASON_CHARACTERS}. */
  static String reason(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    String text = root.toString().replaceAll("\\s+", " ").strip();
    return text.length() <= REASON_CHARACTERS
        ? text
        : text.substring(0, REASON_CHARACTERS - 1) + "…";
  }

  /** Topic and partition, or the task. */
  String name() {
    return name;
  }

  /** The offset of the failed record, if known. */
  OptionalLong offset() {
    return record == null ? OptionalLong.empty() : OptionalLong.of(offset);
  }

  /** Whether all partitions that may have failed are past the failure or have no records left. */
  boolean isPassed(
      Map<TopicPartition, Long> before,
      Map<TopicPartition, Long> committed,
      Map<TopicPartition, Long> ends) {
    if (record != null) {
      return committed.getOrDefault(record, 0L) > offset;
    }
    List<TopicPartition> concerned =
        committed.keySet().stream()
            .filter(partition -> task < 0 || task == partition.partition())
            .toList();
    return !concerned.isEmpty()
        && concerned.stream().allMatch(partition -> gotOn(partition, before, committed, ends));
  }

  private static boolean gotOn(
      TopicPartition partition,
      Map<TopicPartition, Long> before,
      Map<TopicPartition, Long> committed,
      Map<TopicPartition, Long> ends) {
    long now = committed.get(partition);
    return now > before.getOrDefault(partition, -1L)
        || now >= ends.getOrDefault(partition, Long.MAX_VALUE);
  }
}
