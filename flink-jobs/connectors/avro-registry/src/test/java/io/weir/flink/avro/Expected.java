package io.weir.flink.avro;

import io.weir.registry.Resolution;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * The SQL types of a reader schema, and Flink's form of the values that Avro's own reader returns.
 */
final class Expected {
  private Expected() {}

  static RowType columns(Schema schema, Random random) {
    return (RowType) type(schema, random).getLogicalType();
  }

  private static DataType type(Schema schema, Random random) {
    if (schema.isUnion()) {
      return type(ReaderSchema.nonNull(schema), random).nullable();
    }
    DataType type = present(schema, random);
    return random.nextBoolean() ? type.notNull() : type;
  }

  private static DataType present(Schema schema, Random random) {
    boolean raw = random.nextInt(4) == 0;
    int digits = AvroTypes.fractionDigits(schema);
    return switch (schema.getType()) {
      case BOOLEAN -> DataTypes.BOOLEAN();
      case FLOAT -> DataTypes.FLOAT();
      case DOUBLE -> DataTypes.DOUBLE();
      case STRING, ENUM -> DataTypes.STRING();
      case INT -> {
        if (raw || schema.getLogicalType() == null) {
          yield DataTypes.INT();
        }
        yield digits == 0 ? DataTypes.DATE() : DataTypes.TIME(3);
      }
      case LONG -> {
        if (raw || digits == 0) {
          yield DataTypes.BIGINT();
        }
        if (AvroTypes.isTime(schema)) {
          yield DataTypes.TIME(3);
        }
        boolean local = Resolution.logicalName(schema).startsWith("local");
        yield local || random.nextBoolean()
            ? DataTypes.TIMESTAMP(digits)
            : DataTypes.TIMESTAMP_LTZ(digits);
      }
      case BYTES, FIXED -> {
        if (!raw && schema.getLogicalType() instanceof LogicalTypes.Decimal decimal) {
          yield DataTypes.DECIMAL(decimal.getPrecision(), decimal.getScale());
        }
        yield DataTypes.BYTES();
      }
      case ARRAY -> DataTypes.ARRAY(type(schema.getElementType(), random));
      case MAP -> DataTypes.MAP(DataTypes.STRING(), type(schema.getValueType(), random));
      case RECORD ->
          DataTypes.ROW(
              schema.getFields().stream()
                  .map(field -> DataTypes.FIELD(field.name(), type(field.schema(), random)))
                  .toArray(DataTypes.Field[]::new));
      default -> throw new IllegalArgumentException(schema.toString());
    };
  }

  static Object convert(Schema schema, LogicalType target, Object value) {
    if (value == null) {
      return null;
    }
    Schema type = ReaderSchema.nonNull(schema);
    return switch (target.getTypeRoot()) {
      case VARCHAR -> StringData.fromString(value.toString());
      case VARBINARY -> bytes(value);
      case DECIMAL -> {
        int scale = ((LogicalTypes.Decimal) type.getLogicalType()).getScale();
        BigDecimal decimal = new BigDecimal(new BigInteger(bytes(value)), scale);
        yield DecimalData.fromBigDecimal(decimal, decimal.precision(), scale);
      }
      case TIME_WITHOUT_TIME_ZONE ->
          AvroTypes.fractionDigits(type) == 3 ? value : (int) ((long) value / 1000);
      case TIMESTAMP_WITHOUT_TIME_ZONE, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> {
        ChronoUnit unit =
            switch (AvroTypes.fractionDigits(type)) {
              case 3 -> ChronoUnit.MILLIS;
              case 6 -> ChronoUnit.MICROS;
              default -> ChronoUnit.NANOS;
            };
        yield TimestampData.fromInstant(Instant.EPOCH.plus((long) value, unit));
      }
      case ARRAY -> {
        LogicalType item = target.getChildren().get(0);
        yield new GenericArrayData(
            ((List<?>) value)
                .stream().map(each -> convert(type.getElementType(), item, each)).toArray());
      }
      case MAP -> {
        Map<Object, Object> entries = new HashMap<>();
        LogicalType each = target.getChildren().get(1);
        ((Map<?, ?>) value)
            .forEach(
                (key, entry) ->
                    entries.put(
                        StringData.fromString(key.toString()),
                        convert(type.getValueType(), each, entry)));
        yield new GenericMapData(entries);
      }
      case ROW -> row(type, (RowType) target, (GenericRecord) value);
      default -> value;
    };
  }

  static GenericRowData row(Schema schema, RowType columns, GenericRecord record) {
    GenericRowData row = new GenericRowData(columns.getFieldCount());
    for (int i = 0; i < columns.getFieldCount(); i++) {
      Schema.Field field = schema.getField(columns.getFieldNames().get(i));
      row.setField(i, convert(field.schema(), columns.getTypeAt(i), record.get(field.pos())));
    }
    return row;
  }

  private static byte[] bytes(Object value) {
    if (value instanceof GenericData.Fixed fixed) {
      return fixed.bytes();
    }
    ByteBuffer buffer = ((ByteBuffer) value).duplicate();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
