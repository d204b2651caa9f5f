package io.weir.flink.cassandra.source;

import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.BoundStatementBuilder;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.metadata.schema.ColumnMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.RelationMetadata;
import io.weir.cassandra.retry.RetryingExecutor;
import io.weir.cassandra.session.SharedSession;
import io.weir.flink.cassandra.types.ValueEncoder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;

/** Reads the rows of one key with a request to Cassandra. */
final class KeyedReader implements AutoCloseable {
  private final SharedSession.Lease session;
  private final RetryingExecutor executor;
  private final RowReader reader;
  private final ValueEncoder[] encoders;
  private final PreparedStatement select;
  private final MissCounter misses;

  private KeyedReader(SharedSession.Lease session, LookupSpec spec, MetricGroup metrics) {
    this.session = session;
    reader = new RowReader(session, spec.source(), spec.columns());
    List<String> keys = spec.keyPositions().stream().map(spec.columns().names()::get).toList();
    requireKeyPrefix(reader.relation(), keys);
    List<LogicalType> types =
        spec.keyPositions().stream().map(spec.columns().types()::get).toList();
    encoders = new ValueEncoder[keys.size()];
    for (int i = 0; i < encoders.length; i++) {
      encoders[i] =
          ValueEncoder.of(keys.get(i), reader.column(keys.get(i)).getType(), types.get(i), i);
    }
    select =
        reader.prepare(
            keys.stream()
                .map(key -> RowReader.cqlNames(List.of(key)) + " = ?")
                .collect(Collectors.joining(" AND ")));
    misses = new MissCounter(spec, metrics);
    Counter retries = metrics.counter("retriedRequests", new ThreadSafeSimpleCounter());
    executor =
        new RetryingExecutor(
            session.cql()::executeAsync,
            spec.lookup().retryPolicy(),
            session.timer(),
            error -> retries.inc());
  }

  /**
   * @throws ValidationException if the table does not match or its key does not support this lookup
   */
  static KeyedReader open(LookupSpec spec, MetricGroup metrics) {
    SharedSession.Lease session = SharedSession.acquire(spec.source().session());
    try {
      return new KeyedReader(session, spec, metrics);
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /** Any other key would need a full scan for each event. */
  static void requireKeyPrefix(RelationMetadata relation, List<String> keys) {
    List<String> primaryKey = names(relation.getPrimaryKey());
    int partitionColumns = relation.getPartitionKey().size();
    boolean isPrefix =
        keys.size() >= partitionColumns
            && keys.size() <= primaryKey.size()
            && new HashSet<>(keys).equals(new HashSet<>(primaryKey.subList(0, keys.size())));
    if (!isPrefix) {
      throw new ValidationException(
          ("The join with %s.%s uses its columns %s, but Cassandra can only look up the whole partition key %s, followed by"
                  + " the clustering columns %s from the left. Join on these, or set 'lookup.cache' = 'FULL', which allows"
                  + " any columns.")
              .formatted(
                  relation.getKeyspace().asInternal(),
                  relation.getName().asInternal(),
                  keys,
                  primaryKey.subList(0, partitionColumns),
                  primaryKey.subList(partitionColumns, primaryKey.size())));
    }
  }

  private static List<String> names(List<ColumnMetadata> columns) {
    return columns.stream().map(column -> column.getName().asInternal()).toList();
  }

  CompletableFuture<Collection<RowData>> read(RowData key) {
    BoundStatementBuilder bound = select.boundStatementBuilder();
    for (int i = 0; i < encoders.length; i++) {
      byte[] value = encoders[i].encode(key);
      if (value == null) {
        return CompletableFuture.completedFuture(List.of());
      }
      bound.setBytesUnsafe(i, ByteBuffer.wrap(value));
    }
    return executor
        .execute(bound.build())
        .thenCompose(page -> collect(page, new ArrayList<>()))
        .thenApply(
            rows -> {
              misses.note((GenericRowData) key, rows);
              return rows;
            });
  }

  private CompletableFuture<Collection<RowData>> collect(
      AsyncResultSet page, Collection<RowData> rows) {
    page.currentPage().forEach(row -> rows.add(reader.read(row)));
    return page.hasMorePages()
        ? page.fetchNextPage().toCompletableFuture().thenCompose(next -> collect(next, rows))
        : CompletableFuture.completedFuture(rows);
  }

  @Override
  public void close() {
    executor.close();
    session.close();
  }
}
