package io.weir.registry;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Validates UTF-8 (Unicode 16, table 3-7). Avro's reader does not, and a later operator would
 * silently replace malformed characters.
 */
public final class Utf8 {
  private static final long HIGH_BITS = 0x8080808080808080L;

  /** Four longs. */
  private static final int BLOCK = 32;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Utf8() {}

  public static boolean isValid(byte[] bytes, int start, int length) {
    int end = start + length;
    int i = asciiEnd(bytes, start, end);
    while (i < end) {
      if (end - i >= Long.BYTES && ((long) LONGS.get(bytes, i) & HIGH_BITS) == 0) {
        i += Long.BYTES; // Eight ASCII characters.
        continue;
      }
      if (bytes[i] >= 0) {
        i++;
        continue;
      }
      int size = sequenceSize(bytes[i] & 0xff);
      if (size == 0 || end - i < size || !isSequence(bytes, i, size)) {
        return false;
      }
      i += size;
    }
    return true;
  }

  /** Skips the ASCII at the start of a long text, in blocks. */
  private static int asciiEnd(byte[] bytes, int start, int end) {
    int i = start;
    while (end - i >= BLOCK) {
      long first = (long) LONGS.get(bytes, i) | (long) LONGS.get(bytes, i + 8);
      long second = (long) LONGS.get(bytes, i + 16) | (long) LONGS.get(bytes, i + 24);
      if (((first | second) & HIGH_BITS) != 0) {
        break;
      }
      i += BLOCK;
    }
    return i;
  }

  /** The length of a text in UTF-8, in bytes. */
  public static int length(String text) {
    int length = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        // Each half of a surrogate pair counts two bytes.
        length += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
      }
    }
    return length;
  }

  private static int sequenceSize(int lead) {
    if (lead >= 0xc2 && lead <= 0xdf) {
      return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
      return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  }

  private static boolean isSequence(byte[] bytes, int start, int size) {
    for (int i = 1; i < size; i++) {
      if ((bytes[start + i] & 0xc0) != 0x80) {
        return false;
      }
    }
    int second = bytes[start + 1] & 0xff;
    return switch (bytes[start] & 0xff) {
      case 0xe0 -> second >= 0xa0; // Lower is an overlong form.
      case 0xed -> second <= 0x9f; // Higher is a surrogate.
      case 0xf0 -> second >= 0x90; // Lower is an overlong form.
      case 0xf4 -> second <= 0x8f; // Higher is beyond U+10FFFF.
      default -> true;
    };
  }
}
