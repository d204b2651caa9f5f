package io.weir.cassandra.statement;

import java.util.function.LongSupplier;

/**
 * Write timestamps for rows that bring none: the wall clock, and never the same value twice, so
 * that of two writes of one key the later one wins although requests are answered out of order.
 * Orders the writes of one writer only.
 */
public final class MicrosClock {
  private final LongSupplier wallClockMillis;
  private long last = Long.MIN_VALUE;

  public MicrosClock() {
    this(System::currentTimeMillis);
  }

  MicrosClock(LongSupplier wallClockMillis) {
    this.wallClockMillis = wallClockMillis;
  }

  /** Microseconds since the epoch, greater than every earlier result. Not thread-safe. */
  public long next() {
    last = Math.max(last + 1, wallClockMillis.getAsLong() * 1000);
    return last;
  }
}
