package io.weir.json;

import static io.weir.registry.DecodeError.MALFORMED_JSON;
import static io.weir.registry.DecodeError.TRAILING_BYTES;

import io.weir.json.PathNode.Kind;
import io.weir.registry.DecodeException;
import io.weir.registry.Utf8;
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
  private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

  private final PathNode root;
  private byte[] bytes;
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
    record++;
    if (!Utf8.isValid(value, 0, value.length)) {
      throw new DecodeException(MALFORMED_JSON, "the value is not UTF-8");
    }
    int start = JsonBytes.spaceEnd(value, 0);
    if (at(value, start) != '{') {
      throw unexpected(start, "an object");
    }
    int end = JsonBytes.spaceEnd(value, value(root, start, 0));
    if (end < value.length) {
      throw new DecodeException(
          TRAILING_BYTES, (value.length - end) + " extra bytes after the object");
    }
  }

  /**
   * Reads over a value. The position is passed on from call to call and not a field: it changes
   * with every token, and a field costs a store and a load each time.
   *
   * @param node notes the value; null if no column reads it, or anything in it
   * @return the value's end
   */
  private int value(PathNode node, int start, int depth) throws DecodeException {
    int first = at(bytes, start);
    if (first == '"') {
      int end = textEnd(bytes, start);
      boolean escaped = end < 0;
      end = escaped ? ~end : end;
      note(node, Kind.TEXT, start, end, escaped);
      return end;
    }
    Kind kind = kind(first);
    int end =
        switch (kind) {
          case OBJECT -> object(node, start, depth + 1);
          case ARRAY -> array(node, start, depth + 1);
          case TRUE -> wordEnd(TRUE, start);
          case FALSE -> wordEnd(FALSE, start);
          case NULL -> wordEnd(NULL, start);
          default -> numberEnd(start);
        };
    note(node, kind, start, end, false);
    return end;
  }

  private static Kind kind(int first) {
    return switch (first) {
      case '{' -> Kind.OBJECT;
      case '[' -> Kind.ARRAY;
      case 't' -> Kind.TRUE;
      case 'f' -> Kind.FALSE;
      case 'n' -> Kind.NULL;
      default -> Kind.NUMBER;
    };
  }

  private void note(PathNode node, Kind kind, int start, int end, boolean escaped) {
    if (node != null) {
      node.found(record, kind, start, end, escaped);
    }
  }

  private int object(PathNode node, int start, int depth) throws DecodeException {
    requireDepth(start, depth);
    byte[] value = bytes;
    PathNode previous = null;
    int i = JsonBytes.spaceEnd(value, start + 1);
    if (at(value, i) == '}') {
      return i + 1;
    }
    while (true) {
      if (at(value, i) != '"') {
        throw unexpected(i, "a member's name");
      }
      PathNode member = node == null ? null : node.expected(previous);
      if (member != null && member.isNamed(value, i + 1)) {
        i += member.nameLength() + 2;
      } else {
        int end = textEnd(value, i);
        member = node == null ? null : lookup(node, previous, i, end);
        i = end < 0 ? ~end : end;
      }
      if (member != null) {
        requireOnce(member, i);
        previous = member;
      }
      i = JsonBytes.spaceEnd(value, i);
      if (at(value, i) != ':') {
        throw unexpected(i, "a colon");
      }
      i = JsonBytes.spaceEnd(value, value(member, JsonBytes.spaceEnd(value, i + 1), depth));
      int after = at(value, i);
      if (after == '}') {
        return i + 1;
      }
      if (after != ',') {
        throw unexpected(i, "a comma or the object's end");
      }
      i = JsonBytes.spaceEnd(value, i + 1);
    }
  }

  /** Finds the member by a name that ends at {@code end}, which is as of {@link #textEnd}. */
  private PathNode lookup(PathNode node, PathNode previous, int start, int end) {
    if (!node.hasMembers()) {
      return null;
    }
    PathNode member;
    if (end >= 0) {
      member = node.member(bytes, start + 1, end - 1);
    } else {
      byte[] name = Escapes.resolved(bytes, start + 1, ~end - 1);
      member = name == null ? null : node.member(name, 0, name.length);
    }
    if (member != null) {
      node.learn(previous, member);
    }
    return member;
  }

  private void requireOnce(PathNode member, int at) throws DecodeException {
    if (member.isIn(record)) {
      throw new DecodeException(
          MALFORMED_JSON,
          "at byte " + at + ": an object has the member '" + member.step + "' twice");
    }
  }

  private int array(PathNode node, int start, int depth) throws DecodeException {
    requireDepth(start, depth);
    byte[] value = bytes;
    int i = JsonBytes.spaceEnd(value, start + 1);
    if (at(value, i) == ']') {
      return i + 1;
    }
    for (int position = 0; ; position++) {
      i = JsonBytes.spaceEnd(value, value(node == null ? null : node.element(position), i, depth));
      int after = at(value, i);
      if (after == ']') {
        return i + 1;
      }
      if (after != ',') {
        throw unexpected(i, "a comma or the array's end");
      }
      i = JsonBytes.spaceEnd(value, i + 1);
    }
  }

  private static void requireDepth(int at, int depth) throws DecodeException {
    if (depth > MAX_DEPTH) {
      throw new DecodeException(
          MALFORMED_JSON, "at byte " + at + ": objects and arrays are deeper than " + MAX_DEPTH);
    }
  }

  /** The end of the text that starts here with its quote; its complement if it has escapes. */
  private int textEnd(byte[] value, int start) throws DecodeException {
    int i = JsonBytes.plainEnd(value, start + 1);
    if (at(value, i) == '"') {
      return i + 1;
    }
    while (at(value, i) == '\\') {
      i = JsonBytes.plainEnd(value, escapeEnd(value, i + 1));
    }
    if (at(value, i) != '"') {
      throw unexpected(i, "a text's end");
    }
    return ~(i + 1);
  }

  private int escapeEnd(byte[] value, int start) throws DecodeException {
    switch (at(value, start)) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> {
        return start + 1;
      }
      case 'u' -> {
        for (int i = start + 1; i <= start + HEX_DIGITS; i++) {
          if (Character.digit(at(value, i), 16) < 0) {
            throw unexpected(i, "a hexadecimal digit");
          }
        }
        return start + 1 + HEX_DIGITS;
      }
      default -> throw unexpected(start, "an escape");
    }
  }

  private int wordEnd(byte[] word, int start) throws DecodeException {
    for (int i = 0; i < word.length; i++) {
      if (at(bytes, start + i) != word[i]) {
        throw unexpected(start + i, "'" + new String(word, StandardCharsets.US_ASCII) + "'");
      }
    }
    return start + word.length;
  }

  private int numberEnd(int start) throws DecodeException {
    int end = Numbers.end(bytes, start, bytes.length);
    if (end < 0) {
      throw unexpected(start, "a value");
    }
    return end;
  }

  private static int at(byte[] value, int i) {
    return i < value.length ? value[i] : END;
  }

  private DecodeException unexpected(int at, String wanted) {
    String found = at < bytes.length ? "0x%02x".formatted(bytes[at]) : "the value's end";
    return new DecodeException(
        MALFORMED_JSON, "at byte " + at + ": " + found + " is there instead of " + wanted);
  }
}
