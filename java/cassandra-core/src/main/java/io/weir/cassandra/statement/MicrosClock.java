package io.weir.cassandra.statement;

import java.util.function.LongSupplier;

/**
 * Write timestamps for rows that carry none: the wall clock, but strictly increasing. The later of
 * two writes of a key therefore wins even if responses arrive out of order. It orders the writes of
 * one writer only.
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

  /** Returns microseconds since the epoch, greater than all earlier results. Not thread-safe. */
  public long next() {
    last = Math.max(last + 1, wallClockMillis.getAsLong() * 1000);
    return last;
  }
}
