package io.weir.flink.cassandra;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a column of a reference may hold: a text or a blob so many bytes, a timestamp these
 * milliseconds and a date these days since 1970. Both ends are within.
 */
public record ValueRange(String column, long first, long last) implements Serializable {
  private static final Pattern FORM = Pattern.compile("(.+):(-?\\d+)\\.\\.(-?\\d+)");

  /**
   * Reads {@code column:first..last}.
   *
   * @throws IllegalArgumentException if it is none
   */
  static ValueRange parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not of the form 'column:first..last'");
    }
    return new ValueRange(
        matcher.group(1), Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3)));
  }
}
