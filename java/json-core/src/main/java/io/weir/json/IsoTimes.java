package io.weir.json;

import java.time.LocalDate;
import java.time.Month;
import java.time.Year;

/** Dates and times as ISO 8601 and RFC 3339 write them, with years of four digits from 1 on. */
final class IsoTimes {
  /** What a text that is no date or time has; no result of the others. */
  static final long NONE = Long.MIN_VALUE;

  /** The same for a time without an offset. */
  static final long NO_OFFSET = Long.MIN_VALUE + 1;

  private static final int DATE_CHARACTERS = 10;
  private static final int MINUTES_CHARACTERS = 16;
  private static final int SECONDS_CHARACTERS = 19;
  private static final int MAX_FRACTION_DIGITS = 9;
  private static final int MILLI_DIGITS = 3;
  private static final long MILLIS_PER_DAY = 86_400_000;
  private static final long MILLIS_PER_MINUTE = 60_000;
  private static final long MILLIS_PER_SECOND = 1_000;

  private IsoTimes() {}

  /** Days since 1970 of {@code YYYY-MM-DD}, or {@link #NONE}. */
  static long day(byte[] text, int start, int end) {
    if (end - start != DATE_CHARACTERS || text[start + 4] != '-' || text[start + 7] != '-') {
      return NONE;
    }
    int century = two(text, start);
    int yearOfCentury = two(text, start + 2);
    int month = two(text, start + 5);
    int day = two(text, start + 8);
    int year = century * 100 + yearOfCentury;
    if (century < 0 || yearOfCentury < 0 || year < 1 || month < 1 || month > 12 || day < 1) {
      return NONE;
    }
    boolean exists = day <= 28 || day <= Month.of(month).length(Year.isLeap(year));
    return exists ? LocalDate.of(year, month, day).toEpochDay() : NONE;
  }

  /**
   * Milliseconds since 1970 of {@code YYYY-MM-DDThh:mm[:ss[.fraction]]} and an offset, cut to
   * milliseconds; {@link #NONE} or {@link #NO_OFFSET} if it is not that.
   */
  static long instant(byte[] text, int start, int end) {
    if (end - start < MINUTES_CHARACTERS || !isSeparator(text[start + DATE_CHARACTERS])) {
      return NONE;
    }
    long day = day(text, start, start + DATE_CHARACTERS);
    int hour = two(text, start + 11);
    int minute = two(text, start + 14);
    if (day == NONE || text[start + 13] != ':' || !isTime(hour, minute)) {
      return NONE;
    }
    long millis = day * MILLIS_PER_DAY + (hour * 60 + minute) * MILLIS_PER_MINUTE;
    int at = start + MINUTES_CHARACTERS;
    if (at < end && text[at] == ':') {
      int second = end - start < SECONDS_CHARACTERS ? -1 : two(text, at + 1);
      if (second < 0 || second > 59) {
        return NONE;
      }
      millis += second * MILLIS_PER_SECOND;
      at = start + SECONDS_CHARACTERS;
      if (at < end && text[at] == '.') {
        int fraction = at + 1;
        at = fractionEnd(text, fraction, end);
        if (at == fraction || at - fraction > MAX_FRACTION_DIGITS) {
          return NONE;
        }
        millis += milliseconds(text, fraction, at);
      }
    }
    return atOffset(millis, text, at, end);
  }

  private static boolean isSeparator(byte letter) {
    return letter == 'T' || letter == 't' || letter == ' ';
  }

  private static boolean isTime(int hour, int minute) {
    return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59;
  }

  private static int fractionEnd(byte[] text, int start, int end) {
    int i = start;
    while (i < end && text[i] >= '0' && text[i] <= '9') {
      i++;
    }
    return i;
  }

  private static int milliseconds(byte[] text, int start, int end) {
    int millis = 0;
    for (int i = start; i < start + MILLI_DIGITS; i++) {
      millis = millis * 10 + (i < end ? text[i] - '0' : 0);
    }
    return millis;
  }

  /** The instant of a local time with the offset that starts here and goes to the end. */
  private static long atOffset(long millis, byte[] text, int start, int end) {
    if (start == end) {
      return NO_OFFSET;
    }
    int length = end - start;
    byte sign = text[start];
    if (sign == 'Z' || sign == 'z') {
      return length == 1 ? millis : NONE;
    }
    boolean colon = length == 6 && text[start + 3] == ':';
    if (sign != '+' && sign != '-' || length != 3 && length != 5 && !colon) {
      return NONE;
    }
    int hours = two(text, start + 1);
    int minutes = length == 3 ? 0 : two(text, end - 2);
    if (!isTime(hours, minutes)) {
      return NONE;
    }
    long offset = (hours * 60 + minutes) * MILLIS_PER_MINUTE;
    return sign == '+' ? millis - offset : millis + offset;
  }

  /** The number of two digits, or a negative one. */
  private static int two(byte[] text, int start) {
    int tens = text[start] - '0';
    int ones = text[start + 1] - '0';
    return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
  }
}
