package io.weir.connect;

import static com.datastax.oss.protocol.internal.ProtocolConstants.DataType.*;

import com.datastax.oss.driver.api.core.type.DataType;
import io.weir.cassandra.statement.CqlBytes;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.errors.DataException;

/** Encodes a field of a struct in CQL's binary form. Nothing is rounded or truncated. */
@FunctionalInterface
interface FieldEncoder {
  long NANOS_PER_MILLI = 1_000_000;

  /**
   * @param value not null
   * @throws IllegalArgumentException if the value does not have the form of the CQL type
   */
  byte[] encode(Object value);

  /**
   * Returns the encoder of a field for a column.
   *
   * @throws DataException if some values of the field's type do not fit the column
   */
  static FieldEncoder of(String column, Schema field, DataType cql) {
    boolean isDate = org.apache.kafka.connect.data.Date.LOGICAL_NAME.equals(field.name());
    boolean isTime = Time.LOGICAL_NAME.equals(field.name());
    boolean isInstant = Timestamp.LOGICAL_NAME.equals(field.name());
    boolean isDecimal = Decimal.LOGICAL_NAME.equals(field.name());
    boolean isPlain = !isDate && !isTime && !isInstant && !isDecimal;
    int code = cql.getProtocolCode();
    return switch (field.type()) {
      case STRING -> text(column, field, cql);
      case BOOLEAN ->
          when(code == BOOLEAN, column, field, cql, v -> CqlBytes.ofBoolean((Boolean) v));
      case INT8, INT16, INT32 -> {
        if (isDate) {
          yield when(code == DATE, column, field, cql, v -> CqlBytes.ofDate(epochDay((Date) v)));
        }
        if (isTime) {
          yield when(
              code == TIME,
              column,
              field,
              cql,
              v -> CqlBytes.ofLong(((Date) v).getTime() * NANOS_PER_MILLI));
        }
        yield integer(column, field, cql);
      }
      case INT64 ->
          isInstant
              ? when(
                  code == TIMESTAMP, column, field, cql, v -> CqlBytes.ofLong(((Date) v).getTime()))
              : integer(column, field, cql);
      case FLOAT32 -> when(code == FLOAT, column, field, cql, v -> CqlBytes.ofFloat((Float) v));
      case FLOAT64 -> when(code == DOUBLE, column, field, cql, v -> CqlBytes.ofDouble((Double) v));
      case BYTES -> {
        if (isDecimal) {
          yield when(code == DECIMAL, column, field, cql, v -> CqlBytes.ofDecimal((BigDecimal) v));
        }
        yield when(isPlain && code == BLOB, column, field, cql, FieldEncoder::bytes);
      }
      default -> throw unfit(column, field, cql);
    };
  }

  private static FieldEncoder text(String column, Schema field, DataType cql) {
    return switch (cql.getProtocolCode()) {
      case ASCII, VARCHAR -> value -> ((String) value).getBytes(StandardCharsets.UTF_8);
      case UUID, TIMEUUID -> value -> CqlBytes.ofUuid(column, (String) value);
      case INET -> value -> CqlBytes.ofInet(column, (String) value);
      default -> throw unfit(column, field, cql);
    };
  }

  /** Encodes an integer for a column that can hold all values of its type. */
  private static FieldEncoder integer(String column, Schema field, DataType cql) {
    int bits =
        switch (field.type()) {
          case INT8 -> Byte.SIZE;
          case INT16 -> Short.SIZE;
          case INT32 -> Integer.SIZE;
          default -> Long.SIZE;
        };
    return switch (cql.getProtocolCode()) {
      case TINYINT ->
          when(
              bits <= Byte.SIZE,
              column,
              field,
              cql,
              v -> CqlBytes.ofByte(((Number) v).byteValue()));
      case SMALLINT ->
          when(
              bits <= Short.SIZE,
              column,
              field,
              cql,
              v -> CqlBytes.ofShort(((Number) v).shortValue()));
      case INT ->
          when(
              bits <= Integer.SIZE,
              column,
              field,
              cql,
              v -> CqlBytes.ofInt(((Number) v).intValue()));
      case BIGINT -> value -> CqlBytes.ofLong(((Number) value).longValue());
      case VARINT -> value -> CqlBytes.ofVarint(BigDecimal.valueOf(((Number) value).longValue()));
      default -> throw unfit(column, field, cql);
    };
  }

  private static FieldEncoder when(
      boolean fits, String column, Schema field, DataType cql, FieldEncoder encoder) {
    if (!fits) {
      throw unfit(column, field, cql);
    }
    return encoder;
  }

  private static DataException unfit(String column, Schema field, DataType cql) {
    String type = field.name() == null ? field.type().getName() : field.name();
    return new DataException(
        "Column '%s' is %s in Cassandra, which cannot take every %s."
            .formatted(column, cql.asCql(false, true), type));
  }

  private static int epochDay(Date date) {
    return (int) Math.floorDiv(date.getTime(), TimeUnit.DAYS.toMillis(1));
  }

  private static byte[] bytes(Object value) {
    if (value instanceof byte[] array) {
      return array;
    }
    ByteBuffer buffer = ((ByteBuffer) value).duplicate();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
