package io.weir.streams;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;

/**
 * The failures of one application of Kafka Streams, and whether what failed has got on since. A
 * thread that is replaced runs again at once and says nothing of itself; it has got on when the
 * partitions that it failed on have committed something behind the failure, or have nothing left.
 *
 * <p>Failures of one place that follow each other are counted together; those of several threads at
 * the same moment are one, for a broker that goes away takes all of them along.
 */
final class FailureLog {
  /**
   * The ends of transactions are never committed, so that a partition whose last record is done may
   * look as if one were left. Longer than any wait of a client that ends in a failure, two minutes.
   */
  static final long QUIET_MILLIS = 180_000;

  /** Failures in a row at one place. */
  private static final class Streak {
    private FailurePlace place;
    private int failures;
    private long lastMillis;

    /** When the last failure came that was not the same as the one before. */
    private long countedMillis;

    /** What was committed when it failed last; null until somebody has looked. */
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
   * @param sameMillis failures that are closer together are one
   */
  FailureLog(long sameMillis) {
    this.sameMillis = sameMillis;
  }

  /** Takes note of what failed. */
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
   * Ends the streaks of what has got on.
   *
   * @param committed the next offset of each partition that the application has committed any of
   * @param ends behind the last record of each of them
   * @param state of the application at this moment
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

  /** Ends all streaks: it works. */
  synchronized void passed() {
    streaks.clear();
  }

  /** Whether something has failed and not got on since. */
  synchronized boolean isOpen() {
    return !streaks.isEmpty();
  }

  /** The longest row of failures at one place, without progress. */
  synchronized int failuresSinceProgress() {
    return streaks.values().stream().mapToInt(streak -> streak.failures).max().orElse(0);
  }

  /** All failures since the process began. */
  synchronized long total() {
    return total;
  }

  /** Of the last failure: its root cause in one line; empty without one. */
  synchronized String lastReason() {
    return lastReason;
  }

  /** The last failure for whoever asks; empty without one. */
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
