package io.weir.cassandra.retry;

import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/** Executes idempotent statements and retries transient failures. Thread-safe. */
public final class RetryingExecutor implements AutoCloseable {
  private final Function<Statement<?>, CompletionStage<AsyncResultSet>> session;
  private final RetryPolicy policy;
  private final ScheduledExecutorService timer;
  private final Consumer<Throwable> onRetry;
  private volatile boolean closed;

  /**
   * @param session usually {@code CqlSession::executeAsync}
   * @param timer runs the retries
   * @param onRetry called with each error before its retry
   */
  public RetryingExecutor(
      Function<Statement<?>, CompletionStage<AsyncResultSet>> session,
      RetryPolicy policy,
      ScheduledExecutorService timer,
      Consumer<Throwable> onRetry) {
    this.session = session;
    this.policy = policy;
    this.timer = timer;
    this.onRetry = onRetry;
  }

  /**
   * Completes with the first page of the result, or with the error once it is not retried any more.
   */
  public CompletableFuture<AsyncResultSet> execute(Statement<?> statement) {
    CompletableFuture<AsyncResultSet> result = new CompletableFuture<>();
    attempt(statement, 0, result);
    return result;
  }

  private void attempt(
      Statement<?> statement, int retries, CompletableFuture<AsyncResultSet> result) {
    send(statement)
        .whenComplete(
            (rows, error) -> {
              if (error == null) {
                result.complete(rows);
              } else {
                handle(statement, retries, result, unwrap(error));
              }
            });
  }

  private CompletionStage<AsyncResultSet> send(Statement<?> statement) {
    try {
      return session.apply(statement);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void handle(
      Statement<?> statement,
      int retries,
      CompletableFuture<AsyncResultSet> result,
      Throwable error) {
    if (closed || !policy.shouldRetry(error, retries)) {
      result.completeExceptionally(error);
      return;
    }
    onRetry.accept(error);
    try {
      timer.schedule(
          () -> attempt(statement, retries + 1, result),
          policy.backoffMillis(retries),
          TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closing) {
      result.completeExceptionally(error);
    }
  }

  /** Stops retrying: from now on, requests fail with their first error. */
  @Override
  public void close() {
    closed = true;
  }

  private static Throwable unwrap(Throwable error) {
    return error instanceof CompletionException && error.getCause() != null
        ? error.getCause()
        : error;
  }
}
