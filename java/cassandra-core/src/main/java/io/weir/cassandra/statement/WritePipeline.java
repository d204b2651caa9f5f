package io.weir.cassandra.statement;

import io.weir.cassandra.retry.RetryingExecutor;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Limits the number of requests in flight and queues the others. A request keeps its slot while it
 * is retried, so that a slow or unavailable cluster causes backpressure instead of filling the
 * memory. Thread-safe.
 */
public final class WritePipeline implements AutoCloseable {
  /** Receives the outcome of each request. Called by the driver's threads. */
  public interface Observer {
    void answered(WriteCommand command, long latencyNanos);

    void failed(WriteCommand command);
  }

  private final RetryingExecutor executor;
  private final int maxInFlight;
  private final Observer observer;
  private final Queue<Pending> waiting = new ArrayDeque<>();
  private final AtomicInteger outstanding = new AtomicInteger();
  private int inFlight;

  public WritePipeline(RetryingExecutor executor, int maxInFlight, Observer observer) {
    this.executor = executor;
    this.maxInFlight = maxInFlight;
    this.observer = observer;
  }

  /**
   * Sends the commands, in no particular order.
   *
   * @param done called once: with null after all requests succeeded, or with the first error that
   *     retries could not resolve
   */
  public void submit(Collection<WriteCommand> commands, Consumer<Throwable> done) {
    if (commands.isEmpty()) {
      done.accept(null);
      return;
    }
    Group group = new Group(commands.size(), done);
    outstanding.addAndGet(commands.size());
    synchronized (waiting) {
      commands.forEach(command -> waiting.add(new Pending(command, group)));
    }
    sendWaiting();
  }

  /** The number of requests that are queued or in flight. */
  public int outstanding() {
    return outstanding.get();
  }

  /** Whether the limit is reached, so that further requests would be queued. */
  public boolean isFull() {
    return outstanding.get() >= maxInFlight;
  }

  /** Drops queued requests and stops retrying. Requests in flight may still reach Cassandra. */
  @Override
  public void close() {
    executor.close();
    synchronized (waiting) {
      waiting.clear();
    }
  }

  private void sendWaiting() {
    for (Pending next = take(); next != null; next = take()) {
      send(next);
    }
  }

  private Pending take() {
    synchronized (waiting) {
      if (inFlight >= maxInFlight || waiting.isEmpty()) {
        return null;
      }
      inFlight++;
      return waiting.poll();
    }
  }

  private void send(Pending pending) {
    long start = System.nanoTime();
    executor
        .execute(pending.command.statement())
        .whenComplete(
            (rows, error) -> {
              synchronized (waiting) {
                inFlight--;
              }
              outstanding.decrementAndGet();
              if (error == null) {
                observer.answered(pending.command, System.nanoTime() - start);
              } else {
                observer.failed(pending.command);
                forget(pending.group);
              }
              pending.group.answered(error);
              sendWaiting();
            });
  }

  /**
   * Drops the queued requests of a failed group: its caller hears of the failure, not of single
   * rows.
   */
  private void forget(Group group) {
    synchronized (waiting) {
      int before = waiting.size();
      waiting.removeIf(pending -> pending.group == group);
      outstanding.addAndGet(waiting.size() - before);
    }
  }

  private record Pending(WriteCommand command, Group group) {}

  private static final class Group {
    private final AtomicInteger remaining;
    private final AtomicReference<Throwable> firstError = new AtomicReference<>();
    private final Consumer<Throwable> done;

    Group(int size, Consumer<Throwable> done) {
      this.remaining = new AtomicInteger(size);
      this.done = done;
    }

    void answered(Throwable error) {
      if (error != null && firstError.compareAndSet(null, error)) {
        done.accept(error);
      }
      if (remaining.decrementAndGet() == 0 && firstError.get() == null) {
        done.accept(null);
      }
    }
  }
}
