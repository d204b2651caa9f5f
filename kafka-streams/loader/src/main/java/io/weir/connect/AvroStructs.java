package io.weir.connect;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.errors.DataException;

/**
 * Converts records of one Avro schema to Connect structs. They are flat, like the tables that they
 * are written to.
 */
final class AvroStructs {
  private final Schema schema;

  AvroStructs(org.apache.avro.Schema avro) {
    SchemaBuilder struct = SchemaBuilder.struct().name(avro.getFullName());
    for (org.apache.avro.Schema.Field field : avro.getFields()) {
      struct.field(field.name(), column(field));
    }
    schema = struct.build();
  }

  Schema schema() {
    return schema;
  }

  Struct struct(GenericRecord record) {
    Struct struct = new Struct(schema);
    List<Field> fields = schema.fields();
    for (int i = 0; i < fields.size(); i++) {
      struct.put(fields.get(i), value(fields.get(i).schema(), record.get(i)));
    }
    return struct;
  }

  private static Schema column(org.apache.avro.Schema.Field field) {
    List<org.apache.avro.Schema> branches =
        field.schema().isUnion() ? field.schema().getTypes() : List.of(field.schema());
    List<org.apache.avro.Schema> present =
        branches.stream()
            .filter(branch -> branch.getType() != org.apache.avro.Schema.Type.NULL)
            .toList();
    if (present.size() != 1) {
      throw new DataException(
          "Field "
              + field.name()
              + " is a union of several types, but a column has one: "
              + field.schema());
    }
    SchemaBuilder type = type(field.name(), present.get(0));
    return branches.size() > 1 ? type.optional().build() : type.build();
  }

  private static SchemaBuilder type(String field, org.apache.avro.Schema avro) {
    String logical = avro.getLogicalType() == null ? "" : avro.getLogicalType().getName();
    return switch (avro.getType()) {
      case STRING, ENUM -> SchemaBuilder.string();
      case INT -> logical.equals("date") ? Date.builder() : SchemaBuilder.int32();
      case LONG -> logical.equals("timestamp-millis") ? Timestamp.builder() : SchemaBuilder.int64();
      case FLOAT -> SchemaBuilder.float32();
      case DOUBLE -> SchemaBuilder.float64();
      case BOOLEAN -> SchemaBuilder.bool();
      case BYTES -> SchemaBuilder.bytes();
      default -> throw new DataException("Field " + field + " is not a column value: " + avro);
    };
  }

  private static Object value(Schema type, Object avro) {
    if (avro == null || avro instanceof ByteBuffer) {
      return avro;
    }
    if (Date.LOGICAL_NAME.equals(type.name())) {
      return new java.util.Date(TimeUnit.DAYS.toMillis((Integer) avro));
    }
    if (Timestamp.LOGICAL_NAME.equals(type.name())) {
      return new java.util.Date((Long) avro);
    }
    return type.type() == Schema.Type.STRING ? avro.toString() : avro;
  }
}
