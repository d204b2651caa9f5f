package io.weir.flink.cassandra.source;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.metadata.schema.ColumnMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.RelationMetadata;
import io.weir.cassandra.session.Relations;
import io.weir.cassandra.session.SharedSession;
import io.weir.flink.cassandra.SourceSettings;
import io.weir.flink.cassandra.TableCheck;
import io.weir.flink.cassandra.TableColumns;
import io.weir.flink.cassandra.types.ValueDecoder;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/** Reads selected columns of a table into rows that never change afterwards. */
final class RowReader {
  private final SharedSession.Lease session;
  private final SourceSettings settings;
  private final RelationMetadata relation;
  private final List<String> selected;
  private final ValueDecoder[] decoders;

  /**
   * @throws org.apache.flink.table.api.ValidationException if the table does not match, listing the
   *     differences
   * @throws IllegalArgumentException if there is no such table
   */
  RowReader(SharedSession.Lease session, SourceSettings settings, TableColumns columns) {
    this.session = session;
    this.settings = settings;
    relation = Relations.find(session.cql(), settings.session().keyspace(), settings.table());
    TableCheck.forReading(columns, relation);
    decoders = new ValueDecoder[columns.names().size()];
    for (int i = 0; i < decoders.length; i++) {
      String name = columns.names().get(i);
      decoders[i] = ValueDecoder.of(name, column(name).getType(), columns.types().get(i));
    }
    // A query that only counts rows must still select a column.
    selected =
        decoders.length > 0
            ? columns.names()
            : List.of(relation.getPartitionKey().get(0).getName().asInternal());
  }

  RelationMetadata relation() {
    return relation;
  }

  ColumnMetadata column(String name) {
    return relation.getColumns().get(CqlIdentifier.fromInternal(name));
  }

  /**
   * Prepares the SELECT.
   *
   * @param where the condition as CQL, or empty
   */
  PreparedStatement prepare(String where) {
    String cql =
        "SELECT %s FROM %s.%s%s"
            .formatted(
                cqlNames(selected),
                relation.getKeyspace().asCql(true),
                relation.getName().asCql(true),
                where.isEmpty() ? "" : " WHERE " + where);
    return session
        .cql()
        .prepare(
            SimpleStatement.newInstance(cql)
                .setIdempotent(true)
                .setConsistencyLevel(settings.consistency()));
  }

  static String cqlNames(List<String> names) {
    return names.stream()
        .map(name -> CqlIdentifier.fromInternal(name).asCql(true))
        .collect(Collectors.joining(", "));
  }

  RowData read(Row row) {
    GenericRowData result = new GenericRowData(decoders.length);
    for (int i = 0; i < decoders.length; i++) {
      result.setField(i, decoders[i].decode(row.getBytesUnsafe(i)));
    }
    return result;
  }
}
