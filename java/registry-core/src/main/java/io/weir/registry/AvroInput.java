package io.weir.registry;

import static io.weir.registry.DecodeError.MALFORMED_AVRO;
import static io.weir.registry.DecodeError.TRUNCATED;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A cursor over one untrusted Avro record, shared by the decoders of both engines. Each read is
 * checked against the end of the record before memory is allocated, and encodings that no Avro
 * writer produces are rejected.
 */
public class AvroInput {
  /** The maximum depth of nested records; deeper data would overflow the stack. */
  private static final int MAX_DEPTH = 256;

  /**
   * The maximum number of items without bytes, such as nulls, in one record. Nothing else limits
   * it.
   */
  private static final int MAX_ZERO_SIZE_ITEMS = 65_536;

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** The record and any bytes before it. Never modified. */
  protected byte[] bytes = new byte[0];

  private int position;
  private int depth;
  private long zeroSizeItems;

  /** Starts a new record: {@code bytes} from {@code offset} to the end. */
  public void reset(byte[] bytes, int offset) {
    this.bytes = bytes;
    this.position = offset;
    this.depth = 0;
    this.zeroSizeItems = 0;
  }

  public final int remaining() {
    return bytes.length - position;
  }

  public final boolean readBoolean() throws DecodeException {
    byte value = bytes[advance(1)];
    if ((value & ~1) != 0) {
      throw malformed("a boolean is the byte 0 or 1, not " + value);
    }
    return value == 1;
  }

  public final int readInt() throws DecodeException {
    long raw = readVarint();
    if ((raw >>> 32) != 0) {
      throw malformed("a number is out of the range of int");
    }
    int value = (int) raw;
    return (value >>> 1) ^ -(value & 1);
  }

  public final long readLong() throws DecodeException {
    long raw = readVarint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** Reads a float and normalizes it with {@link Floats}. */
  public final float readFloat() throws DecodeException {
    return Floats.canonical(Float.intBitsToFloat((int) INTS.get(bytes, advance(4))));
  }

  /** Reads a double and normalizes it with {@link Floats}. */
  public final double readDouble() throws DecodeException {
    return Floats.canonical(Double.longBitsToDouble((long) LONGS.get(bytes, advance(8))));
  }

  public final byte[] readBytes() throws DecodeException {
    return readFixed(readLength());
  }

  public final byte[] readFixed(int length) throws DecodeException {
    int start = advance(length);
    return Arrays.copyOfRange(bytes, start, start + length);
  }

  /** Reads the length of a string or of bytes, and checks that the record has that many left. */
  public final int readLength() throws DecodeException {
    long length = readLong();
    if (length < 0 || length > Integer.MAX_VALUE) {
      throw malformed("a length of " + length + " is impossible");
    }
    requireRemaining(length);
    return (int) length;
  }

  /** Reads the index of a union branch or enum symbol, which must be less than {@code count}. */
  public final int readIndex(int count) throws DecodeException {
    int index = readInt();
    if (index < 0 || index >= count) {
      throw malformed("an index of " + index + " is not in 0.." + (count - 1));
    }
    return index;
  }

  /**
   * Reads the number of items in the next block of an array or map; 0 ends it. Each item has at
   * least {@code minItemBytes} bytes.
   */
  public final int readBlock(int minItemBytes) throws DecodeException {
    long count = readLong();
    if (count < 0) {
      readLong(); // The size of the block in bytes; unused, because each item is read.
      count = -count;
    }
    if (count < 0 || count > Integer.MAX_VALUE) {
      throw malformed("a block of " + count + " items is impossible");
    }
    if (minItemBytes > 0) {
      requireRemaining(count * minItemBytes);
    } else if ((zeroSizeItems += count) > MAX_ZERO_SIZE_ITEMS) {
      throw malformed("more than " + MAX_ZERO_SIZE_ITEMS + " items without a value");
    }
    return (int) count;
  }

  public final void skip(int length) throws DecodeException {
    advance(length);
  }

  public final void enter() throws DecodeException {
    if (++depth > MAX_DEPTH) {
      throw malformed("records nested deeper than " + MAX_DEPTH);
    }
  }

  public final void leave() {
    depth--;
  }

  /** Skips a text of this length, checks that it is UTF-8, and returns its position. */
  protected final int advanceText(int length) throws DecodeException {
    int start = advance(length);
    if (!Utf8.isValid(bytes, start, length)) {
      throw malformed("a string is not UTF-8");
    }
    return start;
  }

  /** Skips this many bytes and returns their position. */
  protected final int advance(int length) throws DecodeException {
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

  /** Reads an unsigned varint: 1 to 10 bytes of 7 bits each, the lowest bits first. */
  private long readVarint() throws DecodeException {
    // Fast path: nearly all numbers, lengths and union branches of a record have one or two bytes.
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

  public static DecodeException malformed(String reason) {
    return new DecodeException(MALFORMED_AVRO, reason);
  }
}
