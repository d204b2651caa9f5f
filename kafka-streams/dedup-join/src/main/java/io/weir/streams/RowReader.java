package io.weir.streams;

import io.weir.registry.DecodeException;
import io.weir.registry.RecordReader;
import io.weir.registry.SchemaLookup;
import io.weir.streams.PipelinePlan.Column;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;

/** Reads rows in the Confluent wire format, written with any version of their schema. */
final class RowReader implements EventReader {
  private final RecordReader reader;
  private final int[] positions;
  private final Column[] columns;

  /**
   * @param schema the Avro reader schema; it has a field for each of {@code columns}
   */
  RowReader(SchemaLookup schemas, Schema schema, List<Column> columns) {
    this.reader = new RecordReader(schemas, schema);
    this.columns = columns.toArray(Column[]::new);
    this.positions =
        columns.stream().mapToInt(column -> schema.getField(column.name()).pos()).toArray();
  }

  /** Reads one value into a row with its own columns. */
  Object[] read(byte[] value) throws IOException, DecodeException {
    return read(value, columns.length);
  }

  @Override
  public Object[] read(byte[] value, int width) throws IOException, DecodeException {
    GenericRecord record = reader.read(value);
    Object[] row = new Object[width];
    for (int i = 0; i < columns.length; i++) {
      row[i] = plain(record.get(positions[i]));
    }
    return row;
  }

  /**
   * Converts strings and enums to {@link String} and buffers to arrays; keeps numbers and booleans.
   */
  private static Object plain(Object value) {
    if (value == null || value instanceof Number || value instanceof Boolean) {
      return value;
    }
    if (value instanceof ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.duplicate().get(bytes);
      return bytes;
    }
    return value.toString();
  }
}
