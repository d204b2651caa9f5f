package io.weir.flink.json;

import io.weir.json.JsonColumn;
import io.weir.registry.ColumnType;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarBinaryType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/** Checks a table's columns against those that are read from JSON. */
final class JsonTypes {
  private static final int MILLIS_DIGITS = 3;

  private JsonTypes() {}

  /**
   * Checks that every column of the table is read, as its type.
   *
   * @throws ValidationException if one is not
   */
  static void check(List<JsonColumn> read, RowType table) {
    Map<String, JsonColumn> byName =
        read.stream().collect(Collectors.toMap(JsonColumn::name, Function.identity()));
    for (RowType.RowField field : table.getFields()) {
      JsonColumn column = byName.get(field.getName());
      if (column == null) {
        throw refuse(
            field,
            "is not one of the columns that are read from JSON, which are "
                + read.stream().map(JsonColumn::name).toList()
                + ". Add it there, or drop the column");
      }
      if (!accepts(column.type(), field.getType())) {
        throw refuse(
            field,
            "is declared as "
                + field.getType().asSummaryString()
                + ", but is read as "
                + accepted(column.type())
                + ". Declare the column with that type and cast it in the query");
      }
      if (column.nullable() && !field.getType().isNullable()) {
        throw refuse(field, "is NOT NULL, but may be missing in JSON. Declare it nullable");
      }
    }
  }

  private static boolean accepts(ColumnType type, LogicalType target) {
    LogicalTypeRoot root = target.getTypeRoot();
    return switch (type) {
      case TEXT -> target instanceof VarCharType text && text.getLength() == VarCharType.MAX_LENGTH;
      case INT -> root == LogicalTypeRoot.INTEGER;
      case BIGINT -> root == LogicalTypeRoot.BIGINT;
      case FLOAT -> root == LogicalTypeRoot.FLOAT;
      case DOUBLE -> root == LogicalTypeRoot.DOUBLE;
      case BOOLEAN -> root == LogicalTypeRoot.BOOLEAN;
      case BLOB ->
          target instanceof VarBinaryType blob && blob.getLength() == VarBinaryType.MAX_LENGTH;
      case DATE -> root == LogicalTypeRoot.DATE;
      case TIMESTAMP ->
          (root == LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE
                  || root == LogicalTypeRoot.TIMESTAMP_WITHOUT_TIME_ZONE)
              && LogicalTypeChecks.getPrecision(target) >= MILLIS_DIGITS;
    };
  }

  /** The SQL types that {@link #accepts} allows, for an error message. */
  private static String accepted(ColumnType type) {
    return switch (type) {
      case TEXT -> "STRING";
      case BLOB -> "BYTES";
      case TIMESTAMP -> "TIMESTAMP_LTZ(3) or TIMESTAMP(3)";
      case INT, BIGINT, FLOAT, DOUBLE, BOOLEAN, DATE -> type.name();
    };
  }

  private static ValidationException refuse(RowType.RowField field, String what) {
    return new ValidationException("Column '" + field.getName() + "' " + what + ".");
  }
}
