package io.weir.cassandra.retry;

import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How often and when a failed request is sent again.
 *
 * @param maxRetries attempts after the first; {@link #UNLIMITED} waits for a cluster that is down
 *     as long as it takes
 * @param initialBackoff the wait before the first retry, doubled for each further one
 * @param maxBackoff the longest wait
 */
public record RetryPolicy(int maxRetries, Duration initialBackoff, Duration maxBackoff)
    implements Serializable {
  public static final int UNLIMITED = -1;

  /**
   * Errors that may be caused by the row itself get this many retries even where others are
   * unlimited.
   */
  static final int MAX_DOUBTFUL_RETRIES = 10;

  /**
   * Whether a request that failed with {@code error} after {@code retries} retries deserves
   * another.
   */
  public boolean shouldRetry(Throwable error, int retries) {
    return switch (FailureKind.of(error)) {
      case TRANSIENT -> retries < limit(Integer.MAX_VALUE);
      case DOUBTFUL -> retries < limit(MAX_DOUBTFUL_RETRIES);
      case PERMANENT -> false;
    };
  }

  private int limit(int atMost) {
    return maxRetries == UNLIMITED ? atMost : Math.min(maxRetries, atMost);
  }

  /**
   * The wait before retry number {@code retries + 1} in milliseconds: exponential, half of it
   * random ("equal jitter"), so that requests that failed together do not come back together.
   */
  public long backoffMillis(int retries) {
    long ceiling = maxBackoff.toMillis();
    long exponential = initialBackoff.toMillis() << Math.min(retries, 20);
    long backoff = Math.max(1, Math.min(exponential, ceiling));
    return backoff / 2 + ThreadLocalRandom.current().nextLong(backoff - backoff / 2 + 1);
  }
}
