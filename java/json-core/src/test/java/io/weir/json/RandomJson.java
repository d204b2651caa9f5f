package io.weir.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes JSON objects, valid and damaged ones, whose members are {@code a}, {@code b} and so on. */
final class RandomJson {
  private static final int MAX_DEPTH = 5;
  private static final List<String> LITERALS =
      List.of("true", "false", "null", "0", "-0", "17", "-1.5e3", "1E-2", "0.25", "1e400");
  private static final List<String> TEXTS =
      List.of(
          "", "x", "é€", "\\n", "\\u0061", "\\ud83d\\ude00", "\\ud800", "a\\\\b\\\"", "12", "QQ==");
  private static final List<String> PIECES =
      List.of(
          "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "0", "e", ".", "-", "tru", "\0", " ");

  private final Random random;

  RandomJson(Random random) {
    this.random = random;
  }

  byte[] record() {
    return object(1).getBytes(StandardCharsets.UTF_8);
  }

  private String object(int depth) {
    StringBuilder text = new StringBuilder("{");
    for (int i = random.nextInt(5); i > 0; i--) {
      text.append(space()).append('"').append(name()).append('"').append(space()).append(':');
      text.append(space()).append(value(depth)).append(space()).append(i > 1 ? "," : "");
    }
    return text.append('}').append(depth == 1 ? space() : "").toString();
  }

  private String name() {
    char letter = (char) ('a' + random.nextInt(6));
    return random.nextInt(8) == 0 ? "\\u00%02x".formatted((int) letter) : String.valueOf(letter);
  }

  private String value(int depth) {
    int kind = random.nextInt(depth < MAX_DEPTH ? 6 : 4);
    if (kind < 2) {
      return LITERALS.get(random.nextInt(LITERALS.size()));
    }
    if (kind < 4) {
      return '"' + TEXTS.get(random.nextInt(TEXTS.size())) + TEXTS.get(random.nextInt(3)) + '"';
    }
    return kind == 4 ? object(depth + 1) : array(depth + 1);
  }

  private String array(int depth) {
    StringBuilder text = new StringBuilder("[");
    for (int i = random.nextInt(4); i > 0; i--) {
      text.append(space()).append(value(depth)).append(space()).append(i > 1 ? "," : "");
    }
    return text.append(']').toString();
  }

  private String space() {
    return random.nextInt(4) == 0 ? List.of(" ", "\n", "\t", "\r").get(random.nextInt(4)) : "";
  }

  /** The value as it is in a third of all cases, otherwise with one or two defects. */
  byte[] damaged(byte[] value) {
    byte[] damaged = value;
    for (int i = random.nextInt(3); i > 0; i--) {
      damaged = damagedOnce(damaged);
    }
    return damaged;
  }

  private byte[] damagedOnce(byte[] value) {
    int at = random.nextInt(value.length + 1);
    switch (random.nextInt(4)) {
      case 0:
        return Arrays.copyOf(value, at);
      case 1:
        return joined(value, at, PIECES.get(random.nextInt(PIECES.size())), at);
      case 2:
        return joined(value, at, "", Math.min(at + 1, value.length));
      default:
        byte[] flipped = value.clone();
        if (at < value.length) {
          flipped[at] ^= (byte) (1 << random.nextInt(8));
        }
        return flipped;
    }
  }

  private static byte[] joined(byte[] value, int end, String piece, int start) {
    byte[] middle = piece.getBytes(StandardCharsets.UTF_8);
    byte[] joined = Arrays.copyOf(value, end + middle.length + value.length - start);
    System.arraycopy(middle, 0, joined, end, middle.length);
    System.arraycopy(value, start, joined, end + middle.length, value.length - start);
    return joined;
  }

  static byte[] noise(Random random) {
    byte[] noise = new byte[random.nextInt(40)];
    random.nextBytes(noise);
    if (noise.length > 0 && random.nextBoolean()) {
      noise[0] = '{';
    }
    return noise;
  }
}
