package io.weir.flink.cassandra.sink;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import io.weir.cassandra.statement.MicrosClock;
import io.weir.cassandra.statement.WriteLayout;
import io.weir.cassandra.statement.WriteRequest;
import io.weir.flink.cassandra.TableColumns;
import io.weir.flink.cassandra.types.ValueEncoder;
import java.util.function.LongConsumer;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/**
 * Turns rows into requests. {@link #compile} chooses an encoder for each column once, so that
 * nothing is looked up for each row.
 */
public final class RowElementConverter implements ElementConverter<RowData, WriteRequest> {
  /** The position of a metadata column that the table does not declare. */
  static final int ABSENT = -1;

  private final TableColumns columns;
  private final int timestampPosition;
  private final int ttlPosition;
  private final int defaultTtlSeconds;

  private transient ValueEncoder[] encoders;
  private transient boolean[] isKey;
  private transient MicrosClock clock;
  private transient LongConsumer timestamps;

  /**
   * @param timestampPosition the position in the row of the metadata column {@code
   *     write-timestamp}, or {@link #ABSENT}
   * @param ttlPosition the position of the metadata column {@code ttl}, or {@link #ABSENT}
   */
  RowElementConverter(
      TableColumns columns, int timestampPosition, int ttlPosition, int defaultTtlSeconds) {
    this.columns = columns;
    this.timestampPosition = timestampPosition;
    this.ttlPosition = ttlPosition;
    this.defaultTtlSeconds = defaultTtlSeconds;
  }

  /**
   * Returns this converter for a table whose column types are known.
   *
   * @param timestamps receives the write timestamp of each row
   */
  RowElementConverter compile(TableMetadata table, WriteLayout layout, LongConsumer timestamps) {
    RowElementConverter compiled =
        new RowElementConverter(columns, timestampPosition, ttlPosition, defaultTtlSeconds);
    int count = columns.names().size();
    compiled.encoders = new ValueEncoder[count];
    compiled.isKey = new boolean[count];
    for (int i = 0; i < count; i++) {
      String name = columns.names().get(i);
      compiled.encoders[i] =
          ValueEncoder.of(
              name,
              table.getColumns().get(CqlIdentifier.fromInternal(name)).getType(),
              columns.types().get(i),
              i);
    }
    for (int position : layout.primaryKey()) {
      compiled.isKey[position] = true;
    }
    compiled.clock = new MicrosClock();
    compiled.timestamps = timestamps;
    return compiled;
  }

  @Override
  public WriteRequest apply(RowData row, SinkWriter.Context context) {
    boolean delete = isDeletion(row.getRowKind());
    byte[][] values = new byte[encoders.length][];
    for (int i = 0; i < encoders.length; i++) {
      if (isKey[i]) {
        values[i] = keyValue(row, i);
      } else if (!delete) {
        values[i] = encoders[i].encode(row);
      }
    }
    long timestampMicros = timestampMicros(row);
    timestamps.accept(timestampMicros);
    return new WriteRequest(delete, timestampMicros, ttlSeconds(row), values);
  }

  /**
   * UPDATE_BEFORE is a deletion as well: if a filter follows an aggregation, Flink retracts a row
   * that no longer passes with that alone. If a new version follows, it is written later and wins.
   */
  private static boolean isDeletion(RowKind kind) {
    return kind == RowKind.DELETE || kind == RowKind.UPDATE_BEFORE;
  }

  private byte[] keyValue(RowData row, int i) {
    byte[] value = encoders[i].encode(row);
    if (value == null) {
      throw new IllegalArgumentException(
          "Column '%s' is part of the primary key and is NULL in a row. Filter such rows out or give it a value."
              .formatted(columns.names().get(i)));
    }
    return value;
  }

  private long timestampMicros(RowData row) {
    if (timestampPosition == ABSENT) {
      return clock.next();
    }
    if (row.isNullAt(timestampPosition)) {
      // With the wall clock as a fallback, this row would win over all later events.
      throw new IllegalArgumentException(
          "The metadata column 'write-timestamp' is NULL in a row. Give every row microseconds since the epoch.");
    }
    return row.getLong(timestampPosition);
  }

  private int ttlSeconds(RowData row) {
    if (ttlPosition == ABSENT || row.isNullAt(ttlPosition)) {
      return defaultTtlSeconds;
    }
    return row.getInt(ttlPosition);
  }
}
