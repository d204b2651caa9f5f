package io.weir.cassandra.statement;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.BoundStatementBuilder;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The prepared INSERT and DELETE of a table. Both are idempotent, because they carry a write
 * timestamp.
 */
public final class WriteStatements {
  private final WriteLayout layout;
  private final ConsistencyLevel consistency;
  private final PreparedStatement insert;
  private final PreparedStatement delete;

  /**
   * Prepares both statements.
   *
   * @throws com.datastax.oss.driver.api.core.DriverException if Cassandra rejects them
   */
  public WriteStatements(
      CqlSession session, TableMetadata table, WriteLayout layout, ConsistencyLevel consistency) {
    this.layout = layout;
    this.consistency = consistency;
    String qualified = table.getKeyspace().asCql(true) + "." + table.getName().asCql(true);
    insert = session.prepare(statement(insertCql(qualified, layout)));
    delete = session.prepare(statement(deleteCql(qualified, layout)));
  }

  static String insertCql(String table, WriteLayout layout) {
    List<String> names = layout.columns().stream().map(column -> column.asCql(true)).toList();
    return "INSERT INTO %s (%s) VALUES (%s) USING TIMESTAMP ? AND TTL ?"
        .formatted(
            table,
            String.join(", ", names),
            names.stream().map(name -> "?").collect(Collectors.joining(", ")));
  }

  static String deleteCql(String table, WriteLayout layout) {
    String where =
        Arrays.stream(layout.primaryKey())
            .mapToObj(layout.columns()::get)
            .map(column -> column.asCql(true) + " = ?")
            .collect(Collectors.joining(" AND "));
    return "DELETE FROM %s USING TIMESTAMP ? WHERE %s".formatted(table, where);
  }

  private SimpleStatement statement(String cql) {
    // Bound statements inherit these settings from the prepared one.
    return SimpleStatement.newInstance(cql).setIdempotent(true).setConsistencyLevel(consistency);
  }

  public ConsistencyLevel consistency() {
    return consistency;
  }

  public BoundStatement bind(WriteRequest request) {
    return request.delete() ? bindDelete(request) : bindInsert(request);
  }

  private BoundStatement bindInsert(WriteRequest request) {
    BoundStatementBuilder bound = insert.boundStatementBuilder();
    byte[][] values = request.values();
    for (int i = 0; i < values.length; i++) {
      if (values[i] != null) {
        bound.setBytesUnsafe(i, ByteBuffer.wrap(values[i]));
      } else if (!layout.ignoreNulls()) {
        bound.setToNull(i);
      }
    }
    bound.setBytesUnsafe(values.length, micros(request));
    if (request.ttlSeconds() != WriteRequest.TABLE_TTL) {
      bound.setBytesUnsafe(
          values.length + 1, ByteBuffer.allocate(Integer.BYTES).putInt(0, request.ttlSeconds()));
    }
    return bound.build();
  }

  private BoundStatement bindDelete(WriteRequest request) {
    BoundStatementBuilder bound = delete.boundStatementBuilder().setBytesUnsafe(0, micros(request));
    int position = 1;
    for (int column : layout.primaryKey()) {
      bound.setBytesUnsafe(position++, ByteBuffer.wrap(request.values()[column]));
    }
    return bound.build();
  }

  private static ByteBuffer micros(WriteRequest request) {
    return ByteBuffer.allocate(Long.BYTES).putLong(0, request.timestampMicros());
  }
}
