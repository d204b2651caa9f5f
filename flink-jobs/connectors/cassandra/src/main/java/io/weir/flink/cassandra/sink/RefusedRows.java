package io.weir.flink.cassandra.sink;

import io.weir.cassandra.statement.RefusedRow;
import java.util.concurrent.CompletableFuture;

/** Stores the rows that Cassandra rejects permanently. */
interface RefusedRows extends AutoCloseable {
  /** Completes when the row is safely stored elsewhere; a checkpoint waits for it. */
  CompletableFuture<Void> take(RefusedRow row);

  @Override
  void close();
}
