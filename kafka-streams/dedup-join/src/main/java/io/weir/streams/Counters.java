package io.weir.streams;

import io.weir.join.JoinMisses;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What a pipeline has processed since this process started it. */
final class Counters {
  /** Records read from the source topic. */
  final LongAdder received = new LongAdder();

  final LongAdder deadLetters = new LongAdder();

  /** Events whose id was looked up. */
  final LongAdder deduplicated = new LongAdder();

  final LongAdder distinctEvents = new LongAdder();

  /** Dropped events that differ from the first event with their id. */
  final LongAdder conflictingDuplicates = new LongAdder();

  /** Distinct events that are further behind the newest event of their task than allowed. */
  final LongAdder lateEvents = new LongAdder();

  private final Map<String, JoinMisses> joinMisses = new ConcurrentHashMap<>();

  /** The misses of this reference, over all its joins and tasks. */
  JoinMisses joinMisses(String reference) {
    return joinMisses.computeIfAbsent(reference, name -> new JoinMisses());
  }

  /** For each reference: the number of events without a match, and their most frequent keys. */
  Map<String, Map<String, Object>> missesByReference() {
    Map<String, Map<String, Object>> told = new TreeMap<>();
    joinMisses.forEach(
        (name, misses) -> told.put(name, Map.of("misses", misses.total(), "keys", misses.keys())));
    return told;
  }

  Map<String, Long> snapshot() {
    Map<String, Long> counts = new LinkedHashMap<>();
    counts.put("received", received.sum());
    counts.put("dead_letters", deadLetters.sum());
    counts.put("deduplicated", deduplicated.sum());
    counts.put("distinct_events", distinctEvents.sum());
    counts.put("conflicting_duplicates", conflictingDuplicates.sum());
    counts.put("late_events", lateEvents.sum());
    counts.put("join_misses", joinMisses.values().stream().mapToLong(JoinMisses::total).sum());
    return counts;
  }
}
