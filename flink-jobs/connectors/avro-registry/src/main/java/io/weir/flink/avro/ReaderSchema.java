package io.weir.flink.avro;

import static io.weir.flink.avro.AvroRegistryOptions.SCHEMA;
import static io.weir.flink.avro.AvroRegistryOptions.name;

import io.weir.registry.Resolution;
import java.util.List;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;

/** Parses the reader schema and checks a table's columns against it. */
final class ReaderSchema {
  private ReaderSchema() {}

  /**
   * Parses {@code avro-registry.schema}.
   *
   * @throws ValidationException if it is not an Avro record schema
   */
  static Schema parse(String json) {
    Schema schema;
    try {
      schema = new Schema.Parser().parse(json);
    } catch (AvroRuntimeException e) {
      throw new ValidationException(
          name(SCHEMA) + ": not a valid Avro schema: " + e.getMessage(), e);
    }
    if (schema.getType() != Schema.Type.RECORD) {
      throw new ValidationException(
          name(SCHEMA) + ": the schema of a table is a record, not " + Resolution.describe(schema));
    }
    return schema;
  }

  /**
   * Checks that the reader schema has all columns.
   *
   * @throws ValidationException if a column is not a field of the schema, or cannot hold all its
   *     values
   */
  static void check(Schema reader, RowType columns) {
    record("", reader, columns);
  }

  /** Returns the only non-null type of a union, or the schema itself if it is not a union. */
  static Schema nonNull(Schema schema) {
    if (schema.getType() != Schema.Type.UNION) {
      return schema;
    }
    List<Schema> types =
        schema.getTypes().stream().filter(type -> type.getType() != Schema.Type.NULL).toList();
    return types.size() == 1 ? types.get(0) : schema;
  }

  private static void record(String path, Schema reader, RowType columns) {
    for (RowType.RowField column : columns.getFields()) {
      String name = path.isEmpty() ? column.getName() : path + "." + column.getName();
      Schema.Field field = reader.getField(column.getName());
      if (field == null) {
        throw refuse(
            name,
            "is not a field of the Avro record "
                + reader.getFullName()
                + ", which has "
                + reader.getFields().stream().map(Schema.Field::name).toList()
                + ". Add the field, with a default, or drop the column");
      }
      value(name, field.schema(), column.getType());
    }
  }

  private static void value(String path, Schema schema, LogicalType target) {
    if (schema.isNullable() && !target.isNullable()) {
      throw refuse(path, "is NOT NULL, but its Avro type allows null. Declare it nullable");
    }
    Schema present = nonNull(schema);
    if (present.isUnion()) {
      throw refuse(
          path,
          "is the union "
              + Resolution.describe(schema)
              + ". A union is null and one other type; give the values a field each");
    }
    present(path, present, target);
  }

  private static void present(String path, Schema schema, LogicalType target) {
    if (schema.getType() == Schema.Type.RECORD && target instanceof RowType row) {
      record(path, schema, row);
    } else if (schema.getType() == Schema.Type.ARRAY && target instanceof ArrayType array) {
      value(path + "[]", schema.getElementType(), array.getElementType());
    } else if (schema.getType() == Schema.Type.MAP
        && target instanceof MapType map
        && map.getKeyType().is(LogicalTypeRoot.VARCHAR)) {
      value(path + "{}", schema.getValueType(), map.getValueType());
    } else if (!AvroTypes.accepts(schema, target)) {
      throw refuse(
          path,
          "is declared as "
              + target.asSummaryString()
              + ", but its Avro type "
              + Resolution.describe(schema)
              + " is read as "
              + AvroTypes.accepted(schema)
              + ". Declare the column with that type and cast it in the query");
    }
  }

  private static ValidationException refuse(String path, String what) {
    return new ValidationException("Column '" + path + "' " + what + ".");
  }
}
