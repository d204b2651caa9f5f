package io.weir.flink.cassandra;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The valid values of a reference column, both ends included: the length of a text or blob in
 * bytes, the milliseconds of a timestamp or the days of a date since 1970.
 */
public record ValueRange(String column, long first, long last) implements Serializable {
  private static final Pattern FORM = Pattern.compile("(.+):(-?\\d+)\\.\\.(-?\\d+)");

  /**
   * Parses {@code column:first..last}.
   *
   * @throws IllegalArgumentException if the text has another form
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
