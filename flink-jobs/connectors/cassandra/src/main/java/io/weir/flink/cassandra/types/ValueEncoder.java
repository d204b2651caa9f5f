package io.weir.flink.cassandra.types;

import static com.datastax.oss.protocol.internal.ProtocolConstants.DataType.*;

import com.datastax.oss.driver.api.core.type.DataType;
import io.weir.cassandra.statement.CqlBytes;
import java.math.BigDecimal;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/** Encodes a column of a row in CQL's binary form (native protocol specification, section 6). */
@FunctionalInterface
public interface ValueEncoder {
  long NANOS_PER_MILLI = 1_000_000;

  /**
   * @return null for a null value
   * @throws IllegalArgumentException if the value does not have the form of the CQL type
   */
  byte[] encode(RowData row);

  /**
   * Returns an encoder for the field at {@code position}; the types must fit (see {@link
   * TypeMapping}).
   */
  static ValueEncoder of(String column, DataType cql, LogicalType flink, int position) {
    ValueEncoder encoder = ofNotNull(column, cql, flink, position);
    return row -> row.isNullAt(position) ? null : encoder.encode(row);
  }

  private static ValueEncoder ofNotNull(String column, DataType cql, LogicalType flink, int i) {
    return switch (cql.getProtocolCode()) {
      case ASCII, VARCHAR -> row -> row.getString(i).toBytes();
      case UUID, TIMEUUID -> row -> CqlBytes.ofUuid(column, row.getString(i).toString());
      case INET -> row -> CqlBytes.ofInet(column, row.getString(i).toString());
      case TINYINT -> row -> CqlBytes.ofByte(row.getByte(i));
      case SMALLINT -> row -> CqlBytes.ofShort(row.getShort(i));
      case INT -> row -> CqlBytes.ofInt(row.getInt(i));
      case BIGINT -> row -> CqlBytes.ofLong(row.getLong(i));
      case FLOAT -> row -> CqlBytes.ofFloat(row.getFloat(i));
      case DOUBLE -> row -> CqlBytes.ofDouble(row.getDouble(i));
      case BOOLEAN -> row -> CqlBytes.ofBoolean(row.getBoolean(i));
      case DATE -> row -> CqlBytes.ofDate(row.getInt(i));
      case TIME -> row -> CqlBytes.ofLong(row.getInt(i) * NANOS_PER_MILLI);
      case BLOB -> row -> row.getBinary(i).clone();
      case TIMESTAMP -> timestamp(LogicalTypeChecks.getPrecision(flink), i);
      case VARINT, DECIMAL -> decimal(cql.getProtocolCode() == VARINT, (DecimalType) flink, i);
      default -> throw new IllegalArgumentException("No encoder for " + cql);
    };
  }

  private static ValueEncoder timestamp(int precision, int i) {
    return row -> {
      TimestampData timestamp = row.getTimestamp(i, precision);
      return CqlBytes.ofLong(timestamp.getMillisecond());
    };
  }

  private static ValueEncoder decimal(boolean varint, DecimalType type, int i) {
    int precision = type.getPrecision();
    int scale = type.getScale();
    return row -> {
      BigDecimal value = row.getDecimal(i, precision, scale).toBigDecimal();
      return varint ? CqlBytes.ofVarint(value) : CqlBytes.ofDecimal(value);
    };
  }
}
