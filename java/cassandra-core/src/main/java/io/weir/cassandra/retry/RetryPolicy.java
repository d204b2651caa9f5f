package io.weir.cassandra.retry;

import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How often and when a failed request is retried.
 *
 * @param maxRetries attempts after the first one; {@link #UNLIMITED} retries until the cluster is
 *     back
 * @param initialBackoff the wait before the first retry; it doubles with each further retry
 * @param maxBackoff the longest wait
 */
public record RetryPolicy(int maxRetries, Duration initialBackoff, Duration maxBackoff)
    implements Serializable {
  public static final int UNLIMITED = -1;

  /** The limit for errors that the row itself may cause, even if other retries are unlimited. */
  static final int MAX_DOUBTFUL_RETRIES = 10;

  /** Whether to retry a request that failed with {@code error} after {@code retries} retries. */
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
   * The wait before retry number {@code retries + 1}, in milliseconds. It grows exponentially, and
   * half of it is random ("equal jitter") so that requests that failed together are not retried
   * together.
   */
  public long backoffMillis(int retries) {
    long ceiling = maxBackoff.toMillis();
    long exponential = initialBackoff.toMillis() << Math.min(retries, 20);
    long backoff = Math.max(1, Math.min(exponential, ceiling));
    return backoff / 2 + ThreadLocalRandom.current().nextLong(backoff - backoff / 2 + 1);
  }
}
