package io.weir.flink.cassandra.source;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.api.core.type.DataTypes;
import io.weir.flink.cassandra.ValueRange;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Filters out reference rows that no table could store, because an event joined with one would stop
 * the job. Each instance checks one load of one table.
 */
final class RowRanges {
  private static final Logger LOG = LoggerFactory.getLogger(RowRanges.class);
  private static final int SHOWN_CHARACTERS = 300;

  private final List<ValueRange> ranges;
  private final CqlIdentifier[] columns;
  private final DataType[] types;
  private long refused;
  private String first;

  /**
   * @param typeOf returns a column's type by its name
   */
  RowRanges(List<ValueRange> ranges, Function<String, DataType> typeOf) {
    this.ranges = ranges;
    columns =
        ranges.stream()
            .map(range -> CqlIdentifier.fromInternal(range.column()))
            .toArray(CqlIdentifier[]::new);
    types = ranges.stream().map(range -> typeOf.apply(range.column())).toArray(DataType[]::new);
  }

  boolean admits(Row row) {
    for (int i = 0; i < types.length; i++) {
      ByteBuffer value = row.getBytesUnsafe(columns[i]);
      if (value != null && !holds(ranges.get(i), measure(types[i], value))) {
        note(ranges.get(i), row);
        return false;
      }
    }
    return true;
  }

  private static boolean holds(ValueRange range, long measure) {
    return range.first() <= measure && measure <= range.last();
  }

  private static long measure(DataType type, ByteBuffer value) {
    if (type.equals(DataTypes.TIMESTAMP)) {
      return value.getLong(value.position());
    }
    if (type.equals(DataTypes.DATE)) {
      // Cassandra counts days from 2^31 days before 1970.
      return Integer.toUnsignedLong(value.getInt(value.position())) + Integer.MIN_VALUE;
    }
    return value.remaining();
  }

  private void note(ValueRange range, Row row) {
    refused++;
    if (first == null) {
      String shown = row.getFormattedContents();
      first =
          "column '%s' is not within %d..%d in %s"
              .formatted(
                  range.column(),
                  range.first(),
                  range.last(),
                  shown.substring(0, Math.min(SHOWN_CHARACTERS, shown.length())));
    }
  }

  /** The number of rows left out. */
  long refused() {
    return refused;
  }

  /** Logs the rows left out. */
  void warn(String table) {
    LOG.warn("{} rows of {} are left out; the first one because {}", refused, table, first);
  }
}
