package io.weir.flink.avro;

import io.weir.registry.AvroInput;
import io.weir.registry.DecodeException;
import java.math.BigInteger;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.binary.BinaryStringData;

/**
 * A cursor over one Avro record that returns Flink values. Strings are views of the record's bytes,
 * which never change: each Kafka value is an array of its own.
 */
final class BinaryInput extends AvroInput {
  private MemorySegment[] segments;

  @Override
  public void reset(byte[] bytes, int offset) {
    super.reset(bytes, offset);
    segments = null;
  }

  BinaryStringData readString() throws DecodeException {
    int length = readLength();
    int start = advanceText(length);
    if (segments == null) {
      segments = new MemorySegment[] {MemorySegmentFactory.wrap(bytes)};
    }
    return BinaryStringData.fromAddress(segments, start, length);
  }

  /**
   * Reads a big-endian two's complement number of {@code length} bytes. All but {@code maxBytes} of
   * them may only repeat the sign, because arithmetic on longer numbers takes quadratic time.
   */
  BigInteger readBigInteger(int length, int maxBytes) throws DecodeException {
    if (length == 0) {
      throw malformed("a decimal has no bytes");
    }
    int start = advance(length);
    int end = start + length;
    while (end - start > maxBytes && bytes[start] == bytes[start + 1] >> 7) {
      start++;
    }
    if (end - start > maxBytes) {
      throw malformed("a decimal has more than " + maxBytes + " bytes");
    }
    return new BigInteger(bytes, start, end - start);
  }

  /** Reads a big-endian two's complement number of 1 to 8 bytes. */
  long readUnscaled(int length) throws DecodeException {
    int start = advance(length);
    long value = bytes[start];
    for (int i = 1; i < length; i++) {
      value = (value << 8) | (bytes[start + i] & 0xff);
    }
    return value;
  }
}
