package io.weir.cassandra.statement;

import com.datastax.oss.driver.shaded.guava.common.net.InetAddresses;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.UUID;

/** Encodes values in CQL's binary form (native protocol specification, section 6). */
public final class CqlBytes {
  /** CQL counts days from 2^31 days before 1970, so that 1970-01-01 is 2^31. */
  public static final int CQL_EPOCH_DAY = Integer.MIN_VALUE;

  private static final int UUID_CHARACTERS = 36;

  private CqlBytes() {}

  public static byte[] ofByte(byte value) {
    return new byte[] {value};
  }

  public static byte[] ofShort(short value) {
    return new byte[] {(byte) (value >> 8), (byte) value};
  }

  public static byte[] ofInt(int value) {
    return new byte[] {
      (byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value
    };
  }

  public static byte[] ofLong(long value) {
    return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
  }

  public static byte[] ofFloat(float value) {
    return ofInt(Float.floatToRawIntBits(value));
  }

  public static byte[] ofDouble(double value) {
    return ofLong(Double.doubleToRawLongBits(value));
  }

  public static byte[] ofBoolean(boolean value) {
    return new byte[] {(byte) (value ? 1 : 0)};
  }

  /** Encodes a date, given in days since 1970. */
  public static byte[] ofDate(int epochDay) {
    return ofInt(epochDay + CQL_EPOCH_DAY);
  }

  public static byte[] ofVarint(BigDecimal value) {
    return value.unscaledValue().toByteArray();
  }

  public static byte[] ofDecimal(BigDecimal value) {
    byte[] unscaled = value.unscaledValue().toByteArray();
    return ByteBuffer.allocate(Integer.BYTES + unscaled.length)
        .putInt(value.scale())
        .put(unscaled)
        .array();
  }

  /**
   * Encodes a UUID, given as text.
   *
   * @throws IllegalArgumentException with the column's name if the text is not a UUID
   */
  public static byte[] ofUuid(String column, String text) {
    try {
      UUID uuid = UUID.fromString(text);
      if (text.length() == UUID_CHARACTERS) {
        return ByteBuffer.allocate(16)
            .putLong(uuid.getMostSignificantBits())
            .putLong(uuid.getLeastSignificantBits())
            .array();
      }
    } catch (IllegalArgumentException e) {
      // Fall through: the error below also covers the short forms that the JDK accepts.
    }
    throw new IllegalArgumentException(
        "Column '%s': '%s' is not a UUID. Write 36 characters such as 123e4567-e89b-12d3-a456-426614174000."
            .formatted(column, text));
  }

  /**
   * Encodes an IP address, given as text. Host names are rejected, because they would cause a DNS
   * lookup for each row.
   *
   * @throws IllegalArgumentException with the column's name if the text is not an IP address
   */
  public static byte[] ofInet(String column, String text) {
    if (!InetAddresses.isInetAddress(text)) {
      throw new IllegalArgumentException(
          "Column '%s': '%s' is not an IP address. Write one such as 192.0.2.1 or 2001:db8::1."
              .formatted(column, text));
    }
    return InetAddresses.forString(text).getAddress();
  }
}
