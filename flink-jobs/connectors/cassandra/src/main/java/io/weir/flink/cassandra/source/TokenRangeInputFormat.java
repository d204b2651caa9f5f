package io.weir.flink.cassandra.source;

import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.metadata.TokenMap;
import com.datastax.oss.driver.api.core.metadata.schema.ColumnMetadata;
import io.weir.cassandra.session.SharedSession;
import io.weir.flink.cassandra.SourceSettings;
import io.weir.flink.cassandra.TableColumns;
import java.math.BigInteger;
import java.util.Iterator;
import org.apache.flink.api.common.io.DefaultInputSplitAssigner;
import org.apache.flink.api.common.io.RichInputFormat;
import org.apache.flink.api.common.io.statistics.BaseStatistics;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.io.GenericInputSplit;
import org.apache.flink.core.io.InputSplitAssigner;
import org.apache.flink.table.data.RowData;

/**
 * Scans a table once. Each parallel reader reads an equal part of the token ring of
 * Murmur3Partitioner (tokens -2^63 to 2^63 - 1; no row has the first one).
 */
public final class TokenRangeInputFormat extends RichInputFormat<RowData, GenericInputSplit> {
  private static final String PARTITIONER = "Murmur3Partitioner";

  private final SourceSettings settings;
  private final TableColumns columns;
  private transient SharedSession.Lease session;
  private transient RowReader reader;
  private transient Iterator<Row> rows;

  public TokenRangeInputFormat(SourceSettings settings, TableColumns columns) {
    this.settings = settings;
    this.columns = columns;
  }

  @Override
  public void configure(Configuration parameters) {}

  @Override
  public BaseStatistics getStatistics(BaseStatistics cached) {
    return cached;
  }

  @Override
  public GenericInputSplit[] createInputSplits(int count) {
    GenericInputSplit[] splits = new GenericInputSplit[count];
    for (int i = 0; i < count; i++) {
      splits[i] = new GenericInputSplit(i, count);
    }
    return splits;
  }

  @Override
  public InputSplitAssigner getInputSplitAssigner(GenericInputSplit[] splits) {
    return new DefaultInputSplitAssigner(splits);
  }

  @Override
  public void openInputFormat() {
    session = SharedSession.acquire(settings.session());
    reader = new RowReader(session, settings, columns);
    String partitioner =
        session.cql().getMetadata().getTokenMap().map(TokenMap::getPartitionerName).orElse("none");
    if (!partitioner.endsWith(PARTITIONER)) {
      throw new IllegalStateException(
          "Scanning needs a cluster with %s; this one has %s.".formatted(PARTITIONER, partitioner));
    }
  }

  @Override
  public void open(GenericInputSplit split) {
    String token =
        "token(%s)"
            .formatted(
                RowReader.cqlNames(
                    reader.relation().getPartitionKey().stream()
                        .map(ColumnMetadata::getName)
                        .map(name -> name.asInternal())
                        .toList()));
    long after = boundary(split.getSplitNumber(), split.getTotalNumberOfSplits());
    long upTo = boundary(split.getSplitNumber() + 1, split.getTotalNumberOfSplits());
    rows =
        session
            .cql()
            .execute(
                reader
                    .prepare("%s > ? AND %s <= ?".formatted(token, token))
                    .bind()
                    .setLong(0, after)
                    .setLong(1, upTo))
            .iterator();
  }

  /** Returns the token at {@code part / parts} of the ring. */
  static long boundary(int part, int parts) {
    BigInteger first = BigInteger.valueOf(Long.MIN_VALUE);
    BigInteger width = BigInteger.valueOf(Long.MAX_VALUE).subtract(first);
    return first
        .add(width.multiply(BigInteger.valueOf(part)).divide(BigInteger.valueOf(parts)))
        .longValueExact();
  }

  @Override
  public boolean reachedEnd() {
    return !rows.hasNext();
  }

  @Override
  public RowData nextRecord(RowData reuse) {
    return reader.read(rows.next());
  }

  @Override
  public void close() {
    rows = null;
  }

  @Override
  public void closeInputFormat() {
    if (session != null) {
      session.close();
    }
  }
}
