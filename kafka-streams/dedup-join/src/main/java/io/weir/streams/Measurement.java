package io.weir.streams;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.streams.PipelinePlan.Column;
import io.weir.streams.PipelinePlan.Measure;
import io.weir.streams.PipelinePlan.Where;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;

/** An aggregate function, chosen once and applied to each row. */
final class Measurement {
  private static final int NO_COLUMN = -1;

  private final int column;
  private final Predicate<Object[]> counts;
  private final BinaryOperator<Object> combine;
  private final boolean isCount;

  private Measurement(
      int column, Predicate<Object[]> counts, BinaryOperator<Object> combine, boolean isCount) {
    this.column = column;
    this.counts = counts;
    this.combine = combine;
    this.isCount = isCount;
  }

  /**
   * @param inputColumns the row's column for each position of an input
   */
  static Measurement of(Measure measure, List<Column> columns, int[] inputColumns) {
    int column = measure.column() == null ? NO_COLUMN : indexOf(inputColumns, measure.column());
    Predicate<Object[]> counts =
        measure.where() == null ? input -> true : condition(measure.where(), columns, inputColumns);
    boolean isCount = measure.function().equals("count");
    return new Measurement(column, counts, isCount ? null : combination(measure), isCount);
  }

  Object ofNothing() {
    return isCount ? 0L : null;
  }

  Object add(Object total, Object[] input) {
    if (!counts.test(input) || column != NO_COLUMN && input[column] == null) {
      return total;
    }
    if (isCount) {
      return (Long) total + 1;
    }
    return combine.apply(total, input[column]);
  }

  private static BinaryOperator<Object> combination(Measure measure) {
    return switch (measure.function()) {
      // For a sum of longs this is the low half, which wraps.
      case "sum" -> (sum, value) -> ((Number) value).longValue() + (sum == null ? 0 : (Long) sum);
      case "min" -> (least, value) -> least == null || compare(value, least) < 0 ? value : least;
      case "max" -> (most, value) -> most == null || compare(value, most) > 0 ? value : most;
      default -> throw new IllegalArgumentException("Unknown measure: " + measure.function());
    };
  }

  private static Predicate<Object[]> condition(
      Where where, List<Column> columns, int[] inputColumns) {
    int position = indexOf(inputColumns, where.column());
    if (where.test().equals("is_null")) {
      boolean wanted = where.value().asBoolean();
      return input -> (input[position] == null) == wanted;
    }
    Object bound = literal(where.value());
    Predicate<Integer> holds =
        switch (where.test()) {
          case "equals" -> order -> order == 0;
          case "greater_than" -> order -> order > 0;
          case "less_than" -> order -> order < 0;
          default -> throw new IllegalArgumentException("Unknown test: " + where.test());
        };
    return input -> input[position] != null && holds.test(compare(input[position], bound));
  }

  private static Object literal(JsonNode value) {
    if (value.isIntegralNumber()) {
      return value.asLong();
    }
    if (value.isNumber()) {
      return value.asDouble();
    }
    return value.isBoolean() ? (Object) value.asBoolean() : value.asText();
  }

  /**
   * Orders values as SQL does: numbers by value whatever their types, NaN above all others and
   * equal to itself, text and bytes byte by byte.
   */
  private static int compare(Object a, Object b) {
    if (a instanceof String text) {
      return Arrays.compareUnsigned(
          text.getBytes(StandardCharsets.UTF_8), ((String) b).getBytes(StandardCharsets.UTF_8));
    }
    if (a instanceof byte[] bytes) {
      return Arrays.compareUnsigned(bytes, (byte[]) b);
    }
    if (a instanceof Boolean truth) {
      return truth.compareTo((Boolean) b);
    }
    Number left = (Number) a;
    Number right = (Number) b;
    return isInteger(left) && isInteger(right)
        ? Long.compare(left.longValue(), right.longValue())
        : Double.compare(left.doubleValue(), right.doubleValue());
  }

  private static boolean isInteger(Number number) {
    return number instanceof Long || number instanceof Integer;
  }

  private static int indexOf(int[] columns, int column) {
    for (int i = 0; i < columns.length; i++) {
      if (columns[i] == column) {
        return i;
      }
    }
    throw new IllegalArgumentException("Column " + column + " is not among the inputs");
  }
}
