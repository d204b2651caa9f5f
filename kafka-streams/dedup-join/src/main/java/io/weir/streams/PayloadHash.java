package io.weir.streams;

import io.weir.registry.Hash64;
import java.nio.charset.StandardCharsets;

/** The hash of an event's own columns. It tells a duplicate from a conflicting duplicate. */
final class PayloadHash {
  private PayloadHash() {}

  /** Hashes the first {@code columns} of a row. */
  static long of(Object[] row, int columns) {
    long hash = Hash64.SEED;
    for (int i = 0; i < columns; i++) {
      hash = Hash64.mixed(hash, valueHash(row[i]));
    }
    return hash;
  }

  private static long valueHash(Object value) {
    if (value == null) {
      return Hash64.SEED;
    }
    if (value instanceof String text) {
      return Hash64.ofBytes(text.getBytes(StandardCharsets.UTF_8));
    }
    if (value instanceof byte[] bytes) {
      return Hash64.ofBytes(bytes);
    }
    return value instanceof Boolean flag ? (flag ? 1 : 0) : Hash64.ofNumber((Number) value);
  }
}
