package io.weir.json;

import java.util.Arrays;

/** Replaces the escapes of a JSON text (RFC 8259, section 7). */
final class Escapes {
  private static final int HEX_DIGITS = 4;

  private Escapes() {}

  /**
   * Returns the text in UTF-8, or null if it has an escape of half a surrogate pair.
   *
   * @param bytes have a text of valid syntax from {@code start} to {@code end}, without its quotes
   */
  static byte[] resolved(byte[] bytes, int start, int end) {
    byte[] text = new byte[end - start]; // An escape is never shorter than its character.
    int length = 0;
    int i = start;
    while (i < end) {
      if (bytes[i] != '\\') {
        text[length++] = bytes[i++];
        continue;
      }
      if (bytes[i + 1] != 'u') {
        text[length++] = simple(bytes[i + 1]);
        i += 2;
        continue;
      }
      int point = unit(bytes, i + 2);
      i += 2 + HEX_DIGITS;
      if (Character.isSurrogate((char) point)) {
        if (!Character.isHighSurrogate((char) point) || !isLow(bytes, i, end)) {
          return null;
        }
        point = Character.toCodePoint((char) point, (char) unit(bytes, i + 2));
        i += 2 + HEX_DIGITS;
      }
      length = append(text, length, point);
    }
    return Arrays.copyOf(text, length);
  }

  private static boolean isLow(byte[] bytes, int i, int end) {
    return i + 1 < end
        && bytes[i] == '\\'
        && bytes[i + 1] == 'u'
        && Character.isLowSurrogate((char) unit(bytes, i + 2));
  }

  private static int unit(byte[] bytes, int start) {
    int unit = 0;
    for (int i = start; i < start + HEX_DIGITS; i++) {
      unit = unit << 4 | Character.digit(bytes[i], 16);
    }
    return unit;
  }

  private static byte simple(byte letter) {
    return (byte)
        switch (letter) {
          case 'b' -> '\b';
          case 'f' -> '\f';
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          default -> letter; // A quote, a backslash or a slash.
        };
  }

  private static int append(byte[] text, int length, int point) {
    int at = length;
    if (point < 0x80) {
      text[at++] = (byte) point;
    } else if (point < 0x800) {
      text[at++] = (byte) (0xc0 | point >> 6);
      text[at++] = (byte) (0x80 | point & 0x3f);
    } else if (point < 0x10000) {
      text[at++] = (byte) (0xe0 | point >> 12);
      text[at++] = (byte) (0x80 | point >> 6 & 0x3f);
      text[at++] = (byte) (0x80 | point & 0x3f);
    } else {
      text[at++] = (byte) (0xf0 | point >> 18);
      text[at++] = (byte) (0x80 | point >> 12 & 0x3f);
      text[at++] = (byte) (0x80 | point >> 6 & 0x3f);
      text[at++] = (byte) (0x80 | point & 0x3f);
    }
    return at;
  }
}
