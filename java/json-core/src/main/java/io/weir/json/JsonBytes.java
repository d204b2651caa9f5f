package io.weir.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Skips what is of no interest in the bytes of a JSON text. */
final class JsonBytes {
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private JsonBytes() {}

  /**
   * The position of the first quote, backslash or control character, or the end. It looks at eight
   * bytes at once: the lowest bit that is set in {@code special} marks the first of them (H. S.
   * Warren, Hacker's Delight, 6-1).
   */
  static int plainEnd(byte[] bytes, int start) {
    int i = start;
    for (; i <= bytes.length - Long.BYTES; i += Long.BYTES) {
      long eight = (long) LONGS.get(bytes, i);
      long quote = eight ^ ONES * '"';
      long backslash = eight ^ ONES * '\\';
      long special =
          (quote - ONES & ~quote | backslash - ONES & ~backslash | eight - ONES * ' ' & ~eight)
              & HIGH_BITS;
      if (special != 0) {
        return i + (Long.numberOfTrailingZeros(special) >>> 3);
      }
    }
    while (i < bytes.length && bytes[i] != '"' && bytes[i] != '\\' && (bytes[i] & 0xff) >= ' ') {
      i++;
    }
    return i;
  }

  /** The position of the first byte that is not white space, or the end. */
  static int spaceEnd(byte[] value, int start) {
    int i = start;
    while (i < value.length && value[i] <= ' ' && isSpace(value[i])) {
      i++;
    }
    return i;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }
}
