package io.weir.streams;

import io.weir.registry.ColumnType;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Arithmetic on rows and their times, all in UTC. */
final class Rows {
  private static final long MICROS_PER_MILLI = 1_000;
  private static final long MICROS_PER_DAY = TimeUnit.DAYS.toMicros(1);
  private static final long MILLIS_PER_HOUR = TimeUnit.HOURS.toMillis(1);
  private static final long MILLIS_PER_DAY = TimeUnit.DAYS.toMillis(1);

  private Rows() {}

  static Object[] pick(Object[] row, int[] columns) {
    Object[] picked = new Object[columns.length];
    for (int i = 0; i < columns.length; i++) {
      picked[i] = row[columns[i]];
    }
    return picked;
  }

  static int[] positions(List<Integer> columns) {
    return columns.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The start of the hour as an instant; the start of the day, month or year as a date. */
  static Object truncate(Long millis, String unit) {
    if (millis == null) {
      return null;
    }
    if (unit.equals("hour")) {
      return millis - Math.floorMod(millis, MILLIS_PER_HOUR);
    }
    int day = (int) Math.floorDiv(millis, MILLIS_PER_DAY);
    if (unit.equals("day")) {
      return day;
    }
    LocalDate date = LocalDate.ofEpochDay(day);
    LocalDate start = unit.equals("month") ? date.withDayOfMonth(1) : date.withDayOfYear(1);
    return (int) start.toEpochDay();
  }

  /** Converts a time to a write timestamp, in microseconds since 1970. */
  static long micros(Object time, ColumnType type) {
    return type == ColumnType.DATE
        ? (Integer) time * MICROS_PER_DAY
        : (Long) time * MICROS_PER_MILLI;
  }
}
