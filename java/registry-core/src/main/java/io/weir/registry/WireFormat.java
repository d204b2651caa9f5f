package io.weir.registry;

import java.nio.ByteBuffer;

/** The Confluent wire format: a zero byte, the schema id in four bytes, then the Avro record. */
public final class WireFormat {
  public static final int HEADER_BYTES = 5;
  private static final byte MAGIC = 0;

  private WireFormat() {}

  /**
   * Reads the schema id from the header of a Kafka value.
   *
   * @throws DecodeException if the value is null or has no such header
   */
  public static int schemaId(byte[] value) throws DecodeException {
    if (value == null) {
      throw new DecodeException(DecodeError.NULL_VALUE, "the Kafka value is null");
    }
    if (value.length > 0 && value[0] != MAGIC) {
      throw new DecodeException(
          DecodeError.BAD_MAGIC,
          "the first byte is " + (value[0] & 0xff) + ", that of the Confluent wire format is 0");
    }
    if (value.length < HEADER_BYTES) {
      throw new DecodeException(
          DecodeError.TRUNCATED, "the header has 5 bytes, the value " + value.length);
    }
    return ByteBuffer.wrap(value, 1, Integer.BYTES).getInt();
  }

  /** The header of a record with this schema. */
  public static byte[] header(int schemaId) {
    return ByteBuffer.allocate(HEADER_BYTES).put(MAGIC).putInt(schemaId).array();
  }
}
