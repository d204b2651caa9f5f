package io.weir.cassandra.statement;

import io.weir.cassandra.retry.RetryingExecutor;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Keeps at most a given number of requests unanswered; the others wait their turn here. A request
 * that is being retried keeps its place, so a slow or absent cluster holds its caller back instead
 * of filling the memory. Thread-safe.
 */
public final class WritePipeline implements AutoCloseable {
  /** Told about each request that was answered. Called by the driver's threads. */
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
   * @param done called once when all are answered: with null, or with the first error that no retry
   *     could cure
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

  /** Requests that are waiting or unanswered. */
  public int outstanding() {
    return outstanding.get();
  }

  /** Whether the bound is reached, so that further requests would only wait here. */
  public boolean isFull() {
    return outstanding.get() >= maxInFlight;
  }

  /** Forgets what waits and retries no more; what is under way may still reach Cassandra. */
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
   * The rest of a group that has failed is not sent: its caller is told of the failure, not of
   * single rows.
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
