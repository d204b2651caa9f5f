package io.weir.join;

import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Counts the events without a match in a reference table, and their most frequent keys. An event
 * with a null in its key is not looked up and does not count as a miss.
 *
 * <p>Keys are counted with the "space saving" algorithm (Metwally, Agrawal, El Abbadi 2005): a new
 * key replaces the rarest one and takes over its count. This bounds the memory, keeps each key with
 * more than {@code 1 / KEPT} of all misses, and never reports a count that is too low.
 *
 * <p>Thread-safe.
 */
public final class JoinMisses {
  /** The number of keys that are counted. */
  static final int KEPT = 64;

  /** The number of keys that are reported. */
  static final int TOLD = 10;

  /**
   * The maximum length of a reported key, in characters. It is a hint; metrics are no place for
   * long texts.
   */
  static final int KEY_LENGTH = 80;

  private final LongAdder total = new LongAdder();
  private final Map<String, long[]> counts = new HashMap<>();

  /**
   * Counts a miss.
   *
   * @param key the values that were looked up, none of them null: dates in days and instants in
   *     milliseconds since 1970; bytes are reported in hexadecimal
   */
  public void add(Object... key) {
    total.increment();
    String text = Stream.of(key).map(JoinMisses::text).collect(Collectors.joining(", "));
    count(text.length() <= KEY_LENGTH ? text : text.substring(0, end(text)) + "...");
  }

  /** Does not cut between the two halves of a surrogate pair. */
  private static int end(String text) {
    return Character.isHighSurrogate(text.charAt(KEY_LENGTH - 1)) ? KEY_LENGTH - 1 : KEY_LENGTH;
  }

  private static String text(Object value) {
    return value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : value.toString();
  }

  private synchronized void count(String key) {
    long[] known = counts.get(key);
    if (known != null) {
      known[0]++;
      return;
    }
    long[] count = {1};
    if (counts.size() == KEPT) {
      String rarest =
          counts.entrySet().stream()
              .min(Comparator.comparingLong(entry -> entry.getValue()[0]))
              .orElseThrow()
              .getKey();
      count[0] += counts.remove(rarest)[0];
    }
    counts.put(key, count);
  }

  /** The total number of misses. */
  public long total() {
    return total.sum();
  }

  /** Returns the most frequent keys with their counts, the most frequent first. */
  public synchronized Map<String, Long> keys() {
    Map<String, Long> told = new LinkedHashMap<>();
    counts.entrySet().stream()
        .sorted(
            Comparator.<Map.Entry<String, long[]>>comparingLong(entry -> -entry.getValue()[0])
                .thenComparing(Map.Entry::getKey))
        .limit(TOLD)
        .forEach(entry -> told.put(entry.getKey(), entry.getValue()[0]));
    return told;
  }

  /** Returns {@link #keys} as a JSON object, for a metric with a text value. */
  public String keysAsJson() {
    return keys().entrySet().stream()
        .map(entry -> quoted(entry.getKey()) + ":" + entry.getValue())
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static String quoted(String text) {
    return text.chars()
        .mapToObj(
            c ->
                c == '"' || c == '\\'
                    ? "\\" + (char) c
                    : c < ' ' || Character.isSurrogate((char) c)
                        ? "\\u%04x".formatted(c)
                        : String.valueOf((char) c))
        .collect(Collectors.joining("", "\"", "\""));
  }
}
