package io.weir.json;

import io.weir.json.PathNode.Kind;
import io.weir.registry.DecodeException;
import io.weir.registry.Floats;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/** Converts a value of JSON, which is not null, to that of a column. */
@FunctionalInterface
interface Conversion {
  byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
  byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
  int SECONDS_TO_MILLIS = 3;
  int MICROS_TO_MILLIS = -3;

  /**
   * @throws DecodeException {@code bad-value}, if the column does not take it
   */
  Object of(ValueText value) throws DecodeException;

  static Conversion of(JsonColumn column, ValueTypes types) {
    return switch (column.type()) {
      case TEXT -> value -> text(value, types);
      case INT -> Conversion::wholeInt;
      case BIGINT -> Conversion::wholeLong;
      case FLOAT -> Conversion::nearestFloat;
      case DOUBLE -> Conversion::nearestDouble;
      case BOOLEAN -> Conversion::flag;
      case BLOB -> Conversion::blob;
      case DATE ->
          column.encoding() == Encoding.EPOCH_DAYS ? Conversion::wholeInt : Conversion::date;
      case TIMESTAMP ->
          switch (column.encoding()) {
            case EPOCH_SECONDS -> value -> types.timestamp(millis(value, SECONDS_TO_MILLIS));
            case EPOCH_MILLIS -> value -> types.timestamp(millis(value, 0));
            case EPOCH_MICROS -> value -> types.timestamp(millis(value, MICROS_TO_MILLIS));
            default -> value -> types.timestamp(instant(value));
          };
    };
  }

  private static Object text(ValueText value, ValueTypes types) throws DecodeException {
    boolean taken =
        switch (value.kind()) {
          case TEXT -> value.isText();
          case NUMBER -> value.isNumber();
          case TRUE, FALSE -> true;
          default -> false;
        };
    if (!taken) {
      throw value.isNot("a text, or a number of at most " + Numbers.MAX_CHARACTERS + " characters");
    }
    return types.text(value.bytes, value.start, value.end);
  }

  private static Object wholeInt(ValueText value) throws DecodeException {
    long whole = whole(value, "a whole number of 32 bits");
    if (whole != (int) whole) {
      throw value.isNot("a whole number of 32 bits");
    }
    return (int) whole;
  }

  private static Object wholeLong(ValueText value) throws DecodeException {
    return whole(value, "a whole number of 64 bits");
  }

  private static long whole(ValueText value, String wanted) throws DecodeException {
    if (!value.isNumber()) {
      throw value.isNot(wanted);
    }
    long digits = Numbers.digits(value.bytes, value.start, value.end);
    if (digits != Numbers.NONE) {
      return digits;
    }
    Long whole = Numbers.whole(value.bytes, value.start, value.end, 0, false);
    if (whole == null) {
      throw value.isNot(wanted);
    }
    return whole;
  }

  private static Object nearestFloat(ValueText value) throws DecodeException {
    float nearest = (float) nearest(value, "a number of 32 bits");
    if (Float.isInfinite(nearest)) {
      throw value.isNot("a number of 32 bits");
    }
    return Floats.canonical(nearest);
  }

  private static Object nearestDouble(ValueText value) throws DecodeException {
    return Floats.canonical(nearest(value, "a number of 64 bits"));
  }

  private static double nearest(ValueText value, String wanted) throws DecodeException {
    if (!value.isNumber()) {
      throw value.isNot(wanted);
    }
    double nearest = Numbers.nearest(value.bytes, value.start, value.end);
    if (Double.isInfinite(nearest)) {
      throw value.isNot(wanted);
    }
    return nearest;
  }

  private static Object flag(ValueText value) throws DecodeException {
    if (value.kind() == Kind.TRUE || value.isText(TRUE)) {
      return true;
    }
    if (value.kind() == Kind.FALSE || value.isText(FALSE)) {
      return false;
    }
    throw value.isNot("true or false");
  }

  /** Java's decoder also takes texts without padding. */
  private static Object blob(ValueText value) throws DecodeException {
    if (value.isText() && (value.end - value.start) % 4 == 0) {
      try {
        return Base64.getDecoder().decode(Arrays.copyOfRange(value.bytes, value.start, value.end));
      } catch (IllegalArgumentException e) {
        // It is none of the alphabet, as below.
      }
    }
    throw value.isNot("base64 with padding");
  }

  private static Object date(ValueText value) throws DecodeException {
    long day = value.isText() ? IsoTimes.day(value.bytes, value.start, value.end) : IsoTimes.NONE;
    if (day == IsoTimes.NONE) {
      throw value.isNot("a date such as 2026-01-31");
    }
    return (int) day;
  }

  private static long instant(ValueText value) throws DecodeException {
    long millis =
        value.isText() ? IsoTimes.instant(value.bytes, value.start, value.end) : IsoTimes.NONE;
    if (millis == IsoTimes.NO_OFFSET) {
      throw value.isNot("a time with an offset, such as Z or +02:00");
    }
    if (millis == IsoTimes.NONE) {
      throw value.isNot("a time such as 2026-01-31T23:59:59.999Z");
    }
    return millis;
  }

  private static long millis(ValueText value, int shift) throws DecodeException {
    if (value.isNumber()) {
      long digits = shift == 0 ? Numbers.digits(value.bytes, value.start, value.end) : Numbers.NONE;
      if (digits != Numbers.NONE) {
        return digits;
      }
      Long millis = Numbers.whole(value.bytes, value.start, value.end, shift, true);
      if (millis != null) {
        return millis;
      }
    }
    throw value.isNot("a number whose milliseconds fit 64 bits");
  }
}
