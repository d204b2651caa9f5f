package io.weir.streams;

/**
 * A sum in 128 bits, which no number of longs leaves: its low half as a long that wraps, and its
 * high half beside it. Only what is shown is brought within a long, so that a sum that comes back
 * is exact again, and does not depend on the order of its events.
 */
final class WideSum {
  private WideSum() {}

  /**
   * The high half after an addition.
   *
   * @param low the low half before; null for a sum of nothing
   * @param high the high half before; null where only the low one was kept, as earlier versions did
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

  /** The sum, or the long nearest to it. */
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
