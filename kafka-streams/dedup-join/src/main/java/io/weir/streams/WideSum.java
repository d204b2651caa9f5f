package io.weir.streams;

/**
 * A 128-bit sum, which cannot overflow: the low half is a long that wraps, the high half is stored
 * beside it. Only the displayed value is clamped to a long. A sum that returns to the range of a
 * long is therefore exact again, and does not depend on the order of events.
 */
final class WideSum {
  private WideSum() {}

  /**
   * Returns the high half after an addition.
   *
   * @param low the low half before; null for a sum of nothing
   * @param high the high half before; null if only the low half was stored, as in earlier versions
   * @param added the low half after; null for a sum of nothing
   */
  static long high(Long low, Long high, Long added) {
    if (added == null) {
      return 0;
    }
    long before = low == null ? 0 : low;
    long value = added - before;
    long carry = Long.compareUnsigned(added, value) < 0 ? 1 : 0;
    return (high == null ? sign(before) : high) + sign(value) + carry;
  }

  /** Returns the sum, clamped to the range of a long. */
  static Long clamped(Long low, Long high) {
    if (low == null || high == null || high == sign(low)) {
      return low;
    }
    return high < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
  }

  private static long sign(long value) {
    return value >> (Long.SIZE - 1);
  }
}
