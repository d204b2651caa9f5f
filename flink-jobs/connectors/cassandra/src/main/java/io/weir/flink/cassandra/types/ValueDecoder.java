package io.weir.flink.cassandra.types;

import static com.datastax.oss.protocol.internal.ProtocolConstants.DataType.*;

import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.shaded.guava.common.net.InetAddresses;
import io.weir.cassandra.statement.CqlBytes;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;

/**
 * Decodes a column from CQL's binary form (native protocol specification, section 6) into Flink's
 * internal form. The result is self-contained and immutable, so threads may share it.
 */
@FunctionalInterface
public interface ValueDecoder {

  /**
   * @param value null for a null value; its position may move
   * @throws IllegalArgumentException if the value does not fit the Flink type
   */
  Object decode(ByteBuffer value);

  /** Returns a decoder for these types, which must fit (see {@link TypeMapping}). */
  static ValueDecoder of(String column, DataType cql, LogicalType flink) {
    ValueDecoder decoder = ofNotNull(column, cql, flink);
    boolean mayBeEmpty =
        switch (cql.getProtocolCode()) {
          case ASCII, VARCHAR, BLOB -> true;
          default -> false;
        };
    // Cassandra accepts a number of zero bytes; read it as null.
    return value ->
        value == null || (!mayBeEmpty && !value.hasRemaining()) ? null : decoder.decode(value);
  }

  private static ValueDecoder ofNotNull(String column, DataType cql, LogicalType flink) {
    return switch (cql.getProtocolCode()) {
      case ASCII, VARCHAR -> value -> StringData.fromBytes(bytes(value));
      case UUID, TIMEUUID ->
          value -> text(new java.util.UUID(value.getLong(), value.getLong()).toString());
      case INET -> value -> text(InetAddresses.toAddrString(address(value)));
      case TINYINT -> ByteBuffer::get;
      case SMALLINT -> ByteBuffer::getShort;
      case INT -> ByteBuffer::getInt;
      case BIGINT -> ByteBuffer::getLong;
      // Normalize so that equal numbers have equal bits as keys of joins and tables: 0.0 for -0.0,
      // and a single NaN.
      case FLOAT -> value -> Float.intBitsToFloat(Float.floatToIntBits(value.getFloat() + 0.0f));
      case DOUBLE ->
          value -> Double.longBitsToDouble(Double.doubleToLongBits(value.getDouble() + 0.0));
      case BOOLEAN -> value -> value.get() != 0;
      case DATE -> value -> value.getInt() - CqlBytes.CQL_EPOCH_DAY;
      case TIME -> value -> (int) (value.getLong() / ValueEncoder.NANOS_PER_MILLI);
      case BLOB -> ValueDecoder::bytes;
      case TIMESTAMP -> value -> TimestampData.fromEpochMillis(value.getLong());
      case VARINT ->
          value -> fit(column, new BigDecimal(new BigInteger(bytes(value))), (DecimalType) flink);
      case DECIMAL ->
          value -> {
            int scale = value.getInt();
            return fit(
                column, new BigDecimal(new BigInteger(bytes(value)), scale), (DecimalType) flink);
          };
      default -> throw new IllegalArgumentException("No decoder for " + cql);
    };
  }

  private static DecimalData fit(String column, BigDecimal value, DecimalType type) {
    DecimalData fitted = DecimalData.fromBigDecimal(value, type.getPrecision(), type.getScale());
    if (fitted == null) {
      throw new IllegalArgumentException(
          "Column '%s': %s does not fit %s. Declare it with more digits."
              .formatted(column, value, type.asSummaryString()));
    }
    return fitted;
  }

  /** Built from bytes: Flink would convert a String lazily and without synchronization. */
  private static StringData text(String value) {
    return StringData.fromBytes(value.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private static byte[] bytes(ByteBuffer value) {
    byte[] bytes = new byte[value.remaining()];
    value.get(bytes);
    return bytes;
  }

  private static InetAddress address(ByteBuffer value) {
    try {
      return InetAddress.getByAddress(bytes(value));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("An inet value has 4 or 16 bytes: " + e.getMessage(), e);
    }
  }
}
