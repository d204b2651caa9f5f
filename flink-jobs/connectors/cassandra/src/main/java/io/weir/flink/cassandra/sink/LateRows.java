package io.weir.flink.cassandra.sink;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * Counts rows whose write timestamp is further behind the newest one of their writer than allowed.
 * They are written like all others.
 */
final class LateRows implements LongConsumer {
  private final long allowedMicros;
  private final Runnable onLate;
  private long newestMicros = Long.MIN_VALUE;

  LateRows(Duration allowed, Runnable onLate) {
    allowedMicros = TimeUnit.MILLISECONDS.toMicros(allowed.toMillis());
    this.onLate = onLate;
  }

  @Override
  public void accept(long timestampMicros) {
    if (timestampMicros >= newestMicros) {
      newestMicros = timestampMicros;
    } else if (newestMicros - timestampMicros > allowedMicros) {
      onLate.run();
    }
  }
}
