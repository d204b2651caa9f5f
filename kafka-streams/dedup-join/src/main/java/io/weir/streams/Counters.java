package io.weir.streams;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What a pipeline has done since this process began it. */
final class Counters {
  /** Records read from the source topic. */
  final LongAdder received = new LongAdder();

  final LongAdder deadLetters = new LongAdder();

  /** Events that were looked up among those seen. */
  final LongAdder deduplicated = new LongAdder();

  final LongAdder distinctEvents = new LongAdder();

  /** Distinct events further behind the newest one of their task than is allowed. */
  final LongAdder lateEvents = new LongAdder();

  Map<String, Long> snapshot() {
    Map<String, Long> counts = new LinkedHashMap<>();
    counts.put("received", received.sum());
    counts.put("dead_letters", deadLetters.sum());
    counts.put("deduplicated", deduplicated.sum());
    counts.put("distinct_events", distinctEvents.sum());
    counts.put("late_events", lateEvents.sum());
    return counts;
  }
}
