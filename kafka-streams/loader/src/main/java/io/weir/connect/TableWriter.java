package io.weir.connect;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import com.datastax.oss.driver.api.core.metadata.schema.ColumnMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import io.weir.cassandra.session.Relations;
import io.weir.cassandra.statement.NewestRows;
import io.weir.cassandra.statement.PartitionBatcher;
import io.weir.cassandra.statement.RefusedRow;
import io.weir.cassandra.statement.WriteCommand;
import io.weir.cassandra.statement.WriteLayout;
import io.weir.cassandra.statement.WriteRequest;
import io.weir.cassandra.statement.WriteStatements;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.errors.DataException;

/** Turns structs of one schema into writes to one table. */
final class TableWriter implements Requests {
  private final Field[] fields;
  private final FieldEncoder[] encoders;
  private final boolean[] isKey;
  private final Field timestamp;
  private final int ttlSeconds;
  private final WriteLayout layout;
  private final TableMetadata table;
  private final PartitionBatcher batches;
  private final PartitionBatcher singles;

  /**
   * @throws DataException if a field has no column, or one that cannot hold its values
   */
  TableWriter(CqlSession session, SinkConfig config, String tableName, Schema schema) {
    table = (TableMetadata) Relations.find(session, config.keyspace(), tableName);
    timestamp = schema.field(config.timestampField());
    if (timestamp == null || timestamp.schema().type() != Schema.Type.INT64) {
      throw new DataException(
          "The value has no integer field '%s' of 64 bits, which dates the write."
              .formatted(config.timestampField()));
    }
    List<Field> columns = new ArrayList<>(schema.fields());
    columns.remove(timestamp);
    fields = columns.toArray(Field[]::new);
    ttlSeconds = config.ttlSeconds();
    encoders = columns.stream().map(field -> encoder(table, field)).toArray(FieldEncoder[]::new);
    layout = layout(table, columns, config.ignoreNulls());
    isKey = new boolean[fields.length];
    Arrays.stream(layout.primaryKey()).forEach(position -> isKey[position] = true);
    WriteStatements statements =
        new WriteStatements(
            session, table, layout, DefaultConsistencyLevel.valueOf(config.consistency()));
    batches =
        new PartitionBatcher(layout, statements, config.batchMaxRows(), config.batchMaxBytes());
    singles = new PartitionBatcher(layout, statements, 1, config.batchMaxBytes());
  }

  private static FieldEncoder encoder(TableMetadata table, Field field) {
    ColumnMetadata column =
        table
            .getColumn(CqlIdentifier.fromInternal(field.name()))
            .orElseThrow(
                () ->
                    new DataException(
                        "The table %s has no column '%s'; add it, or leave the field out."
                            .formatted(table.getName().asInternal(), field.name())));
    return FieldEncoder.of(field.name(), field.schema(), column.getType());
  }

  private static WriteLayout layout(TableMetadata table, List<Field> columns, boolean ignoreNulls) {
    try {
      return WriteLayout.of(table, columns.stream().map(Field::name).toList(), ignoreNulls);
    } catch (IllegalArgumentException e) {
      throw new DataException(e.getMessage(), e);
    }
  }

  /**
   * @throws DataException if a value does not have the form that its column requires
   */
  WriteRequest request(Struct row) {
    byte[][] values = new byte[fields.length][];
    for (int i = 0; i < values.length; i++) {
      Object value = row.get(fields[i]);
      if (value != null) {
        values[i] = encoded(encoders[i], value);
      } else if (isKey[i]) {
        throw new DataException("The key column '" + fields[i].name() + "' is null.");
      }
    }
    return new WriteRequest(false, row.getInt64(timestamp.name()), ttlSeconds, values);
  }

  private static byte[] encoded(FieldEncoder encoder, Object value) {
    try {
      return encoder.encode(value);
    } catch (IllegalArgumentException e) {
      throw new DataException(e.getMessage(), e);
    }
  }

  @Override
  public List<WriteCommand> together(List<WriteRequest> rows) {
    return batches.commands(NewestRows.of(rows, layout));
  }

  @Override
  public RefusedRow refused(WriteRequest row, Throwable error) {
    return RefusedRow.of(table, layout, row, error);
  }

  @Override
  public WriteCommand alone(WriteRequest row) {
    return singles.commands(List.of(row)).get(0);
  }
}
