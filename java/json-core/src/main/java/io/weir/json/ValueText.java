package io.weir.json;

import io.weir.json.PathNode.Kind;
import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The text of the value that is being converted: the content of a text, or the literal itself. */
final class ValueText {
  private static final int SHOWN_CHARACTERS = 40;
  private static final int MAX_BYTES_PER_CHARACTER = 4;

  private byte[] record;
  private PathNode node;

  /** UTF-8; null if the text has an escape of half a surrogate pair. */
  byte[] bytes;

  int start;
  int end;

  void reset(byte[] value) {
    record = value;
  }

  void open(PathNode value) {
    node = value;
    boolean quoted = value.kind() == Kind.TEXT;
    bytes = record;
    start = value.start() + (quoted ? 1 : 0);
    end = value.end() - (quoted ? 1 : 0);
    if (value.isEscaped()) {
      bytes = Escapes.resolved(record, start, end);
      start = 0;
      end = bytes == null ? 0 : bytes.length;
    }
  }

  Kind kind() {
    return node.kind();
  }

  /** Whether it is a number literal, by itself or as a text, that is not too long. */
  boolean isNumber() {
    if (end - start > Numbers.MAX_CHARACTERS) {
      return false;
    }
    return node.kind() == Kind.NUMBER || isText() && Numbers.isLiteral(bytes, start, end);
  }

  /** Whether it is a text without half a surrogate pair. */
  boolean isText() {
    return node.kind() == Kind.TEXT && bytes != null;
  }

  boolean isText(byte[] other) {
    return isText() && Arrays.equals(bytes, start, end, other, 0, other.length);
  }

  /** The error of a value that a column does not take. */
  DecodeException isNot(String wanted) {
    return new DecodeException(DecodeError.BAD_VALUE, shown() + " is not " + wanted);
  }

  /** The start of the value as the record has it. */
  String shown() {
    int from = node.start();
    int length = Math.min(node.end() - from, (SHOWN_CHARACTERS + 1) * MAX_BYTES_PER_CHARACTER);
    String text = new String(record, from, length, StandardCharsets.UTF_8);
    return text.codePointCount(0, text.length()) <= SHOWN_CHARACTERS
        ? text
        : text.substring(0, text.offsetByCodePoints(0, SHOWN_CHARACTERS)) + "...";
  }
}
