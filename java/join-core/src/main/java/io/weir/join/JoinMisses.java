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
 * How many events found no row in a reference, and which keys they had most often. An event whose
 * key has a null was not looked up, and is no miss.
 *
 * <p>The keys are counted by "space saving" (Metwally, Agrawal, El Abbadi 2005): a key that is not
 * among those that are kept takes the place of the rarest and its count. So memory is bounded, each
 * key with more than {@code 1 / KEPT} of all misses is kept, and a count is at least the true one.
 *
 * <p>Safe for any number of threads.
 */
public final class JoinMisses {
  /** Keys that are counted. */
  static final int KEPT = 64;

  /** Keys that are told. */
  static final int TOLD = 10;

  /** Characters of a key that are told; it is a hint, and metrics are no place for long texts. */
  static final int KEY_LENGTH = 80;

  private final LongAdder total = new LongAdder();
  private final Map<String, long[]> counts = new HashMap<>();

  /**
   * Counts an event.
   *
   * @param key the values that were looked up, none of them null; dates are days and instants
   *     milliseconds since 1970, bytes are told in hexadecimal digits
   */
  public void add(Object... key) {
    total.increment();
    String text = Stream.of(key).map(JoinMisses::text).collect(Collectors.joining(", "));
    count(text.length() <= KEY_LENGTH ? text : text.substring(0, end(text)) + "...");
  }

  /** Between characters, of which some take two places. */
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

  /** All misses. */
  public long total() {
    return total.sum();
  }

  /** The most frequent keys with their counts, the most frequent first. */
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

  /** {@link #keys} as a JSON object, for a metric, whose value is a text. */
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
