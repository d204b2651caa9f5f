package io.weir.json;

import static io.weir.registry.DecodeError.MALFORMED_JSON;
import static io.weir.registry.DecodeError.TRAILING_BYTES;

import io.weir.json.PathNode.Kind;
import io.weir.registry.DecodeException;
import io.weir.registry.Utf8;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Checks that a value is one JSON object (RFC 8259) in UTF-8, in one pass and without a tree, and
 * notes where it has the values that columns read. Nothing that the RFC does not allow is accepted.
 * Not thread-safe.
 */
final class JsonScanner {
  /** The maximum depth of objects and arrays, those around the value included. */
  static final int MAX_DEPTH = 500;

  /** Stands for the end of the value; as a byte it is not UTF-8. */
  private static final int END = -1;

  private static final int HEX_DIGITS = 4;
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

  private final PathNode root;
  private byte[] bytes;
  private int at;
  private long record;

  JsonScanner(PathNode root) {
    this.root = root;
  }

  /** The number of the current record. */
  long record() {
    return record;
  }

  /**
   * Scans one value.
   *
   * @throws DecodeException if it is not one JSON object
   */
  void scan(byte[] value) throws DecodeException {
    bytes = value;
    at = 0;
    record++;
    if (!Utf8.isValid(value, 0, value.length)) {
      throw new DecodeException(MALFORMED_JSON, "the value is not UTF-8");
    }
    if (skipSpace() != '{') {
      throw unexpected("an object");
    }
    value(root, 0);
    if (skipSpace() != END) {
      throw new DecodeException(
          TRAILING_BYTES, (bytes.length - at) + " extra bytes after the object");
    }
  }

  /**
   * @param node notes the value; null if no column reads it, or anything in it
   */
  private void value(PathNode node, int depth) throws DecodeException {
    int start = at;
    boolean escaped = false;
    Kind kind =
        switch (peek()) {
          case '"' -> {
            escaped = text();
            yield Kind.TEXT;
          }
          case '{' -> {
            object(node, depth + 1);
            yield Kind.OBJECT;
          }
          case '[' -> {
            array(node, depth + 1);
            yield Kind.ARRAY;
          }
          case 't' -> word(TRUE, Kind.TRUE);
          case 'f' -> word(FALSE, Kind.FALSE);
          case 'n' -> word(NULL, Kind.NULL);
          default -> number();
        };
    if (node != null) {
      node.found(record, kind, start, at, escaped);
    }
  }

  private void object(PathNode node, int depth) throws DecodeException {
    enter(depth);
    if (skipSpace() == '}') {
      at++;
      return;
    }
    PathNode previous = null;
    int after;
    do {
      PathNode member = node != null && node.hasMembers() ? member(node, previous) : skipName();
      previous = member == null ? previous : member;
      if (skipSpace() != ':') {
        throw unexpected("a colon");
      }
      at++;
      skipSpace();
      value(member, depth);
      after = skipSpace();
      if (after != ',' && after != '}') {
        throw unexpected("a comma or the object's end");
      }
      at++;
      if (after == ',') {
        skipSpace();
      }
    } while (after == ',');
  }

  private PathNode skipName() throws DecodeException {
    if (peek() != '"') {
      throw unexpected("a member's name");
    }
    text();
    return null;
  }

  /** Reads a member's name; returns its node, or null if no column reads it. */
  private PathNode member(PathNode node, PathNode previous) throws DecodeException {
    if (peek() != '"') {
      throw unexpected("a member's name");
    }
    PathNode member = node.expected(previous);
    if (member != null && member.isNamed(bytes, at + 1)) {
      at += member.nameLength() + 2;
    } else {
      member = lookup(node);
      if (member == null) {
        return null;
      }
      node.learn(previous, member);
    }
    if (member.isIn(record)) {
      throw new DecodeException(
          MALFORMED_JSON,
          "at byte " + at + ": an object has the member '" + member.step + "' twice");
    }
    return member;
  }

  private PathNode lookup(PathNode node) throws DecodeException {
    int start = at + 1;
    if (!text()) {
      return node.member(bytes, start, at - 1);
    }
    byte[] name = Escapes.resolved(bytes, start, at - 1);
    return name == null ? null : node.member(name, 0, name.length);
  }

  private void array(PathNode node, int depth) throws DecodeException {
    enter(depth);
    if (skipSpace() == ']') {
      at++;
      return;
    }
    int after;
    int position = 0;
    do {
      value(node == null ? null : node.element(position++), depth);
      after = skipSpace();
      if (after != ',' && after != ']') {
        throw unexpected("a comma or the array's end");
      }
      at++;
      if (after == ',') {
        skipSpace();
      }
    } while (after == ',');
  }

  private void enter(int depth) throws DecodeException {
    if (depth > MAX_DEPTH) {
      throw new DecodeException(
          MALFORMED_JSON, "at byte " + at + ": objects and arrays are deeper than " + MAX_DEPTH);
    }
    at++;
  }

  /** Reads a text from its quote on; returns whether it has escapes. */
  private boolean text() throws DecodeException {
    boolean escaped = false;
    at++;
    while (true) {
      at = plainEnd(bytes, at);
      int b = peek();
      if (b == '"') {
        at++;
        return escaped;
      }
      if (b != '\\') {
        throw unexpected("a text's end");
      }
      escaped = true;
      at++;
      escape();
    }
  }

  private void escape() throws DecodeException {
    switch (peek()) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> at++;
      case 'u' -> {
        at++;
        for (int i = 0; i < HEX_DIGITS; i++) {
          if (Character.digit(peek(), 16) < 0) {
            throw unexpected("a hexadecimal digit");
          }
          at++;
        }
      }
      default -> throw unexpected("an escape");
    }
  }

  /**
   * The position of the first quote, backslash or control character, or the end. It looks at eight
   * bytes at once: the lowest bit that is set in {@code special} marks the first of them (H. S.
   * Warren, Hacker's Delight, 6-1).
   */
  private static int plainEnd(byte[] bytes, int start) {
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

  private Kind word(byte[] word, Kind kind) throws DecodeException {
    for (byte letter : word) {
      if (peek() != letter) {
        throw unexpected("'" + new String(word, StandardCharsets.US_ASCII) + "'");
      }
      at++;
    }
    return kind;
  }

  private Kind number() throws DecodeException {
    int end = Numbers.end(bytes, at, bytes.length);
    if (end < 0) {
      throw unexpected("a value");
    }
    at = end;
    return Kind.NUMBER;
  }

  /** Skips white space; returns the byte after it without reading it. */
  private int skipSpace() {
    int b = peek();
    while (b <= ' ' && (b == ' ' || b == '\n' || b == '\r' || b == '\t')) {
      at++;
      b = peek();
    }
    return b;
  }

  private int peek() {
    return at < bytes.length ? bytes[at] : END;
  }

  private DecodeException unexpected(String wanted) {
    String found = at < bytes.length ? "0x%02x".formatted(bytes[at]) : "the value's end";
    return new DecodeException(
        MALFORMED_JSON, "at byte " + at + ": " + found + " is there instead of " + wanted);
  }
}
