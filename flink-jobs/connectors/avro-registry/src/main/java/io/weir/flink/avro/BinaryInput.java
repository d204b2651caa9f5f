package io.weir.flink.avro;

import static io.weir.registry.DecodeError.MALFORMED_AVRO;
import static io.weir.registry.DecodeError.TRUNCATED;

import io.weir.registry.DecodeException;
import io.weir.registry.Utf8;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.binary.BinaryStringData;

/**
 * A cursor over one Avro record. Every read is checked against the end of the record before
 * anything is allocated, and encodings that no Avro writer produces are refused.
 *
 * <p>Strings are views of the record's own bytes, which are never changed: a Kafka value is an
 * array of its own.
 */
final class BinaryInput {
  /** Levels of a recursive type that may be skipped; deeper data would exhaust the stack. */
  private static final int MAX_DEPTH = 256;

  /**
   * Items without any bytes (such as nulls) in one record; their number is bounded by nothing else.
   */
  private static final int MAX_ZERO_SIZE_ITEMS = 65_536;

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] bytes = new byte[0];
  private MemorySegment[] segments;
  private int position;
  private int depth;
  private long zeroSizeItems;

  /** Starts a new record, which is {@code bytes} from {@code offset} to its end. */
  void reset(byte[] bytes, int offset) {
    this.bytes = bytes;
    this.position = offset;
    this.segments = null;
    this.depth = 0;
    this.zeroSizeItems = 0;
  }

  int remaining() {
    return bytes.length - position;
  }

  boolean readBoolean() throws DecodeException {
    byte value = bytes[advance(1)];
    if ((value & ~1) != 0) {
      throw malformed("a boolean is the byte 0 or 1, not " + value);
    }
    return value == 1;
  }

  int readInt() throws DecodeException {
    long raw = readVarint();
    if ((raw >>> 32) != 0) {
      throw malformed("a number is out of the range of int");
    }
    int value = (int) raw;
    return (value >>> 1) ^ -(value & 1);
  }

  long readLong() throws DecodeException {
    long raw = readVarint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  float readFloat() throws DecodeException {
    return Float.intBitsToFloat((int) INTS.get(bytes, advance(4)));
  }

  double readDouble() throws DecodeException {
    return Double.longBitsToDouble((long) LONGS.get(bytes, advance(8)));
  }

  BinaryStringData readString() throws DecodeException {
    int length = readLength();
    int start = advance(length);
    if (!Utf8.isValid(bytes, start, length)) {
      throw malformed("a string is not UTF-8");
    }
    if (segments == null) {
      segments = new MemorySegment[] {MemorySegmentFactory.wrap(bytes)};
    }
    return BinaryStringData.fromAddress(segments, start, length);
  }

  byte[] readBytes() throws DecodeException {
    return readFixed(readLength());
  }

  byte[] readFixed(int length) throws DecodeException {
    int start = advance(length);
    return Arrays.copyOfRange(bytes, start, start + length);
  }

  /**
   * A big-endian two's complement number of {@code length} bytes, of which all but {@code maxBytes}
   * only repeat the sign. Arithmetic on longer ones takes quadratic time.
   */
  BigInteger readBigInteger(int length, int maxBytes) throws DecodeException {
    if (length == 0) {
      throw malformed("a decimal has no bytes");
    }
    int start = advance(length);
    while (position - start > maxBytes && bytes[start] == bytes[start + 1] >> 7) {
      start++;
    }
    if (position - start > maxBytes) {
      throw malformed("a decimal has more than " + maxBytes + " bytes");
    }
    return new BigInteger(bytes, start, position - start);
  }

  /** A big-endian two's complement number of 1 to 8 bytes. */
  long readUnscaled(int length) throws DecodeException {
    int start = advance(length);
    long value = bytes[start];
    for (int i = 1; i < length; i++) {
      value = (value << 8) | (bytes[start + i] & 0xff);
    }
    return value;
  }

  /** The length of a string or of bytes, which is known to be there. */
  int readLength() throws DecodeException {
    long length = readLong();
    if (length < 0 || length > Integer.MAX_VALUE) {
      throw malformed("a length of " + length + " is not possible");
    }
    requireRemaining(length);
    return (int) length;
  }

  /** An index below {@code count}: of a union's branch or of an enum's symbol. */
  int readIndex(int count) throws DecodeException {
    int index = readInt();
    if (index < 0 || index >= count) {
      throw malformed("an index of " + index + " is not in 0.." + (count - 1));
    }
    return index;
  }

  /**
   * The number of items in the next block of an array or map, each of at least so many bytes; 0
   * ends it.
   */
  int readBlock(int minItemBytes) throws DecodeException {
    long count = readLong();
    if (count < 0) {
      readLong(); // The block's size in bytes: of no use, as every item is looked at.
      count = -count;
    }
    if (count < 0 || count > Integer.MAX_VALUE) {
      throw malformed("a block of " + count + " items is not possible");
    }
    if (minItemBytes > 0) {
      requireRemaining(count * minItemBytes);
    } else if ((zeroSizeItems += count) > MAX_ZERO_SIZE_ITEMS) {
      throw malformed("more than " + MAX_ZERO_SIZE_ITEMS + " items without a value");
    }
    return (int) count;
  }

  void skip(int length) throws DecodeException {
    advance(length);
  }

  void enter() throws DecodeException {
    if (++depth > MAX_DEPTH) {
      throw malformed("records nested deeper than " + MAX_DEPTH);
    }
  }

  void leave() {
    depth--;
  }

  private int advance(int length) throws DecodeException {
    requireRemaining(length);
    int start = position;
    position += length;
    return start;
  }

  private void requireRemaining(long length) throws DecodeException {
    if (length > bytes.length - position) {
      throw new DecodeException(
          TRUNCATED, length + " bytes are needed, " + remaining() + " are left");
    }
  }

  /** An unsigned variable-length number: 7 bits in each of 1 to 10 bytes, the lowest first. */
  private long readVarint() throws DecodeException {
    // Nearly all numbers, lengths and union branches of a record have one byte or two.
    int start = position;
    if (bytes.length - start < 2) {
      return readLongVarint();
    }
    int first = bytes[start];
    if (first >= 0) {
      position = start + 1;
      return first;
    }
    int second = bytes[start + 1];
    if (second >= 0) {
      position = start + 2;
      return (first & 0x7f) | (second << 7);
    }
    return readLongVarint();
  }

  private long readLongVarint() throws DecodeException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      long b = bytes[advance(1)];
      value |= (b & 0x7f) << shift;
      if (b >= 0) {
        if (shift == 63 && b > 1) {
          break;
        }
        return value;
      }
    }
    throw malformed("a number is out of the range of long");
  }

  static DecodeException malformed(String reason) {
    return new DecodeException(MALFORMED_AVRO, reason);
  }
}
