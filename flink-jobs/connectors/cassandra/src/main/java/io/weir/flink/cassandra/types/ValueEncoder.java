package io.weir.flink.cassandra.types;

import static com.datastax.oss.protocol.internal.ProtocolConstants.DataType.*;

import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.shaded.guava.common.net.InetAddresses;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/** Writes one column of a row in CQL's binary form (native protocol specification, section 6). */
@FunctionalInterface
public interface ValueEncoder {
  /** Days are counted from 1970 by Flink, and from 2^31 days before it by CQL. */
  int CQL_EPOCH_DAY = Integer.MIN_VALUE;

  long NANOS_PER_MILLI = 1_000_000;

  /**
   * @return null for a null value
   * @throws IllegalArgumentException if the value does not have the form of the CQL type
   */
  byte[] encode(RowData row);

  /** An encoder for the field at {@code position}; the types must fit (see {@link TypeMapping}). */
  static ValueEncoder of(String column, DataType cql, LogicalType flink, int position) {
    ValueEncoder encoder = ofNotNull(column, cql, flink, position);
    return row -> row.isNullAt(position) ? null : encoder.encode(row);
  }

  private static ValueEncoder ofNotNull(String column, DataType cql, LogicalType flink, int i) {
    return switch (cql.getProtocolCode()) {
      case ASCII, VARCHAR -> row -> row.getString(i).toBytes();
      case UUID, TIMEUUID -> row -> uuid(column, row.getString(i).toString());
      case INET -> row -> inet(column, row.getString(i).toString());
      case TINYINT -> row -> new byte[] {row.getByte(i)};
      case SMALLINT -> row -> ByteBuffer.allocate(2).putShort(row.getShort(i)).array();
      case INT -> row -> ofInt(row.getInt(i));
      case BIGINT -> row -> ofLong(row.getLong(i));
      case FLOAT -> row -> ofInt(Float.floatToRawIntBits(row.getFloat(i)));
      case DOUBLE -> row -> ofLong(Double.doubleToRawLongBits(row.getDouble(i)));
      case BOOLEAN -> row -> new byte[] {(byte) (row.getBoolean(i) ? 1 : 0)};
      case DATE -> row -> ofInt(row.getInt(i) + CQL_EPOCH_DAY);
      case TIME -> row -> ofLong(row.getInt(i) * NANOS_PER_MILLI);
      case BLOB -> row -> row.getBinary(i).clone();
      case TIMESTAMP -> timestamp(LogicalTypeChecks.getPrecision(flink), i);
      case VARINT, DECIMAL -> decimal(cql.getProtocolCode() == VARINT, (DecimalType) flink, i);
      default -> throw new IllegalArgumentException("No encoder for " + cql);
    };
  }

  private static ValueEncoder timestamp(int precision, int i) {
    return row -> {
      TimestampData timestamp = row.getTimestamp(i, precision);
      return ofLong(timestamp.getMillisecond());
    };
  }

  private static ValueEncoder decimal(boolean varint, DecimalType type, int i) {
    int precision = type.getPrecision();
    int scale = type.getScale();
    return row -> {
      BigDecimal value = row.getDecimal(i, precision, scale).toBigDecimal();
      byte[] unscaled = value.unscaledValue().toByteArray();
      return varint
          ? unscaled
          : ByteBuffer.allocate(Integer.BYTES + unscaled.length)
              .putInt(value.scale())
              .put(unscaled)
              .array();
    };
  }

  private static byte[] ofInt(int value) {
    return new byte[] {
      (byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value
    };
  }

  private static byte[] ofLong(long value) {
    return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
  }

  private static byte[] uuid(String column, String text) {
    try {
      java.util.UUID uuid = java.util.UUID.fromString(text);
      if (text.length() == 36) {
        return ByteBuffer.allocate(16)
            .putLong(uuid.getMostSignificantBits())
            .putLong(uuid.getLeastSignificantBits())
            .array();
      }
    } catch (IllegalArgumentException e) {
      // Reported below, together with the shortened forms that the JDK accepts.
    }
    throw new IllegalArgumentException(
        "Column '%s': '%s' is not a UUID. Write 36 characters such as 123e4567-e89b-12d3-a456-426614174000."
            .formatted(column, text));
  }

  private static byte[] inet(String column, String text) {
    // A literal only: a name would be looked up on the network, row by row.
    if (!InetAddresses.isInetAddress(text)) {
      throw new IllegalArgumentException(
          "Column '%s': '%s' is not an IP address. Write one such as 192.0.2.1 or 2001:db8::1."
              .formatted(column, text));
    }
    return InetAddresses.forString(text).getAddress();
  }
}
