package io.weir.flink.cassandra.sink;

import io.weir.cassandra.statement.RefusedRow;
import java.util.concurrent.CompletableFuture;

/** Takes the rows that Cassandra refuses for good. */
interface RefusedRows extends AutoCloseable {
  /** Completes when the row is safe elsewhere; a checkpoint waits for it. */
  CompletableFuture<Void> take(RefusedRow row);

  @Override
  void close();
}
