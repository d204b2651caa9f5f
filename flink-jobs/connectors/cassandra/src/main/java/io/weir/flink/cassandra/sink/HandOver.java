package io.weir.flink.cassandra.sink;

import io.weir.cassandra.statement.RefusedRow;
import io.weir.cassandra.statement.WriteCommand;
import io.weir.cassandra.statement.WritePipeline;
import io.weir.cassandra.statement.WriteRequest;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Sends rows together. If Cassandra rejects one permanently, sends them one by one, so that only
 * the row at fault is set aside. Writing the others twice changes nothing.
 */
final class HandOver {
  private final WritePipeline pipeline;
  private final Function<Collection<WriteRequest>, List<WriteCommand>> together;
  private final Function<WriteRequest, WriteCommand> alone;
  private final BiFunction<WriteRequest, Throwable, CompletableFuture<Void>> setAside;

  /**
   * @param setAside completes when a rejected row is safely stored elsewhere; null if such a row
   *     fails the job
   */
  HandOver(
      WritePipeline pipeline,
      Function<Collection<WriteRequest>, List<WriteCommand>> together,
      Function<WriteRequest, WriteCommand> alone,
      BiFunction<WriteRequest, Throwable, CompletableFuture<Void>> setAside) {
    this.pipeline = pipeline;
    this.together = together;
    this.alone = alone;
    this.setAside = setAside;
  }

  /**
   * @param done called once: with null when all rows are written or set aside, or with the error
   *     that must fail the job
   */
  void submit(List<WriteRequest> rows, Consumer<Throwable> done) {
    pipeline.submit(
        together.apply(rows),
        error -> {
          if (error != null && isSetAside(error)) {
            new OneByOne(rows.size(), done).submit(rows);
          } else {
            done.accept(error);
          }
        });
  }

  private boolean isSetAside(Throwable error) {
    return setAside != null && RefusedRow.isAtFault(error);
  }

  private final class OneByOne {
    private final AtomicInteger remaining;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final Consumer<Throwable> done;

    OneByOne(int rows, Consumer<Throwable> done) {
      this.remaining = new AtomicInteger(rows);
      this.done = done;
    }

    void submit(List<WriteRequest> rows) {
      for (WriteRequest row : rows) {
        pipeline.submit(
            List.of(alone.apply(row)),
            error -> {
              if (error != null && isSetAside(error)) {
                setAside.apply(row, error).whenComplete((nothing, lost) -> end(lost));
              } else {
                end(error);
              }
            });
      }
    }

    private void end(Throwable error) {
      if (error != null) {
        failure.compareAndSet(null, error);
      }
      if (remaining.decrementAndGet() == 0) {
        done.accept(failure.get());
      }
    }
  }
}
