package io.weir.flink.cassandra;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.metadata.schema.ColumnMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.RelationMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import io.weir.flink.cassandra.types.TypeMapping;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.ValidationException;

/** Compares a Flink table with its Cassandra table and reports all differences at once. */
public final class TableCheck {
  private final TableColumns columns;
  private final RelationMetadata relation;
  private final List<String> problems = new ArrayList<>();

  private TableCheck(TableColumns columns, RelationMetadata relation) {
    this.columns = columns;
    this.relation = relation;
  }

  /**
   * Checks what reading requires: the columns, their types, and the primary key if one is declared.
   *
   * @throws ValidationException listing the differences
   */
  public static void forReading(TableColumns columns, RelationMetadata relation) {
    TableCheck check = new TableCheck(columns, relation);
    check.columns();
    check.primaryKey();
    check.report();
  }

  /**
   * Checks what writing requires: the same, and that the relation is a table and its whole primary
   * key is written.
   *
   * @throws ValidationException listing the differences
   */
  public static TableMetadata forWriting(TableColumns columns, RelationMetadata relation) {
    TableCheck check = new TableCheck(columns, relation);
    check.columns();
    check.primaryKey();
    check.keyIsWritten();
    if (!(relation instanceof TableMetadata)) {
      check.problems.add("it is a materialized view, which cannot be written");
    }
    check.report();
    return (TableMetadata) relation;
  }

  private void columns() {
    Map<CqlIdentifier, ColumnMetadata> known = relation.getColumns();
    for (int i = 0; i < columns.names().size(); i++) {
      String name = columns.names().get(i);
      ColumnMetadata column = known.get(CqlIdentifier.fromInternal(name));
      if (column == null) {
        problems.add(
            "column '%s' does not exist in Cassandra, which has %s"
                .formatted(name, known.keySet().stream().map(CqlIdentifier::asInternal).toList()));
      } else {
        TypeMapping.problem(column.getType(), columns.types().get(i))
            .ifPresent(problem -> problems.add("column '%s' %s".formatted(name, problem)));
      }
    }
  }

  private List<String> cassandraKey() {
    return relation.getPrimaryKey().stream().map(column -> column.getName().asInternal()).toList();
  }

  /** Flink only cares which columns are in the key, not about their order. */
  private void primaryKey() {
    if (!columns.primaryKey().isEmpty()
        && !new HashSet<>(columns.primaryKey()).equals(new HashSet<>(cassandraKey()))) {
      problems.add(
          "PRIMARY KEY is (%s) in Flink and (%s) in Cassandra"
              .formatted(
                  String.join(", ", columns.primaryKey()), String.join(", ", cassandraKey())));
    }
  }

  private void keyIsWritten() {
    List<String> missing =
        cassandraKey().stream().filter(name -> !columns.names().contains(name)).toList();
    if (!missing.isEmpty()) {
      problems.add(
          "columns %s of Cassandra's primary key are not declared in Flink".formatted(missing));
    }
  }

  private void report() {
    if (!problems.isEmpty()) {
      throw new ValidationException(
          "The Flink table does not match %s.%s in Cassandra:\n  - %s"
              .formatted(
                  relation.getKeyspace().asInternal(),
                  relation.getName().asInternal(),
                  String.join("\n  - ", problems)));
    }
  }
}
