package io.weir.streams;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;

/**
 * The failures of one Kafka Streams application, and whether it has made progress since. A replaced
 * thread restarts at once and does not report success. It has made progress once the partitions
 * that it failed on have committed an offset beyond the failure, or have no records left.
 *
 * <p>Consecutive failures at the same place are counted together. Failures of several threads at
 * the same moment count as one, because a broker that goes down makes all of them fail.
 */
final class FailureLog {
  /**
   * How long a running application must go without a failure to count as recovered. Offsets alone
   * cannot tell: transaction markers take up offsets that are never committed, so a finished
   * partition may look as if a record were left. Longer than any client wait that ends in a
   * failure, which is two minutes at most.
   */
  static final long QUIET_MILLIS = 180_000;

  /** Consecutive failures at one place. */
  private static final class Streak {
    private FailurePlace place;
    private int failures;
    private long lastMillis;

    /** The time of the last failure that counted separately. */
    private long countedMillis;

    /** The committed offsets at the last failure; null until they are read. */
    private Map<TopicPartition, Long> committed;

    private Streak(FailurePlace place) {
      this.place = place;
    }
  }

  private final long sameMillis;
  private final Map<String, Streak> streaks = new HashMap<>();
  private long total;
  private long lastMillis;
  private String lastReason = "";
  private FailurePlace lastPlace = FailurePlace.ANYWHERE;

  /**
   * @param sameMillis failures closer together than this count as one
   */
  FailureLog(long sameMillis) {
    this.sameMillis = sameMillis;
  }

  /** Records a failure. */
  synchronized void failed(Throwable error, long nowMillis) {
    lastPlace = FailurePlace.of(error);
    lastReason = FailurePlace.reason(error);
    lastMillis = nowMillis;
    total++;
    Streak streak = streaks.computeIfAbsent(lastPlace.name(), name -> new Streak(lastPlace));
    if (streak.failures == 0 || nowMillis - streak.countedMillis >= sameMillis) {
      streak.failures++;
      streak.countedMillis = nowMillis;
    }
    streak.place = lastPlace;
    streak.lastMillis = nowMillis;
    streak.committed = null;
  }

  /**
   * Ends the streaks that have made progress.
   *
   * @param committed the next offset of each partition for which the application has committed
   *     offsets
   * @param ends the end offset of each of these partitions
   * @param state the application's current state
   */
  synchronized void look(
      Map<TopicPartition, Long> committed,
      Map<TopicPartition, Long> ends,
      KafkaStreams.State state,
      long nowMillis) {
    Iterator<Streak> open = streaks.values().iterator();
    while (open.hasNext()) {
      Streak streak = open.next();
      boolean quiet =
          state == KafkaStreams.State.RUNNING && nowMillis - streak.lastMillis >= QUIET_MILLIS;
      if (streak.committed == null) {
        streak.committed = Map.copyOf(committed);
      }
      if (quiet || streak.place.isPassed(streak.committed, committed, ends)) {
        open.remove();
      }
    }
  }

  /** Ends all streaks, because the operation succeeded. */
  synchronized void passed() {
    streaks.clear();
  }

  /** Whether there is a failure without progress since. */
  synchronized boolean isOpen() {
    return !streaks.isEmpty();
  }

  /** The highest number of consecutive failures at one place without progress. */
  synchronized int failuresSinceProgress() {
    return streaks.values().stream().mapToInt(streak -> streak.failures).max().orElse(0);
  }

  /** All failures since the process started. */
  synchronized long total() {
    return total;
  }

  /** The root cause of the last failure in one line; empty if there is none. */
  synchronized String lastReason() {
    return lastReason;
  }

  /** The last failure, for the status report; empty if there is none. */
  synchronized Optional<Map<String, Object>> last() {
    if (total == 0) {
      return Optional.empty();
    }
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("at_milliseconds", lastMillis);
    told.put("reason", lastReason);
    told.put("place", lastPlace.name());
    lastPlace.offset().ifPresent(offset -> told.put("offset", offset));
    return Optional.of(told);
  }
}
