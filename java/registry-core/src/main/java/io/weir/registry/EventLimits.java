package io.weir.registry;

import static io.weir.registry.DecodeError.EMPTY_KEY;
import static io.weir.registry.DecodeError.KEY_TOO_LONG;
import static io.weir.registry.DecodeError.OUT_OF_RANGE;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.Serializable;
import java.util.List;
import java.util.stream.Stream;

/**
 * Limits of an event's values. Beyond them Cassandra rejects the row permanently, or Trino can no
 * longer read the column. The catalog (weir.catalog.limits) derives them from the pipeline's
 * tables.
 */
public record EventLimits(List<TimeLimit> times, List<KeyLimit> keys, LetterLimit letters)
    implements Serializable {
  public static final EventLimits NONE = new EventLimits(List.of(), List.of(), null);

  private static final int SHOWN_CHARACTERS = 40;

  /** {@code letters} is null in the document of a pipeline without such a limit. */
  public EventLimits {
    letters = letters == null ? LetterLimit.NONE : letters;
  }

  /**
   * The first and last valid value of a time column, in milliseconds or days since 1970.
   *
   * @param range the same range, for messages
   */
  public record TimeLimit(String column, long first, long last, String range)
      implements Serializable {}

  /**
   * The maximum total size of the event's columns in one key of a table.
   *
   * @param key the key's name in messages
   * @param absentBytes for each column, the size in bytes of the substitute for null
   * @param notEmpty whether this column is the whole key, which must not be empty
   */
  public record KeyLimit(
      String key, List<String> columns, List<Integer> absentBytes, int maxBytes, boolean notEmpty)
      implements Serializable {}

  /** An event's values, by column position. */
  public interface Values {
    boolean isNull(int column);

    /** Milliseconds or days since 1970. */
    long time(int column);

    /** The size in bytes of a text in UTF-8, or of a blob. */
    int bytes(int column);

    /** The value as text, for messages. */
    String shown(int column);
  }

  /**
   * Parses the catalog's document.
   *
   * @throws IllegalArgumentException if it is not valid
   */
  public static EventLimits parse(String json) {
    try {
      return JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .build()
          .readValue(json, EventLimits.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Not valid event limits: " + e.getMessage(), e);
    }
  }

  /** Binds the limits to events with these columns, in this order. */
  public Check on(List<String> columns) {
    return new Check(this, columns);
  }

  /** The columns that have limits. */
  public List<String> columns() {
    return Stream.concat(
            times.stream().map(TimeLimit::column), keys.stream().flatMap(k -> k.columns().stream()))
        .distinct()
        .toList();
  }

  /** The limits, bound to column positions. It holds no state between events. */
  public static final class Check {
    private final LetterLimit letters;
    private final TimeLimit[] times;
    private final int[] timeColumns;
    private final KeyLimit[] keys;
    private final int[][] keyColumns;

    private Check(EventLimits limits, List<String> columns) {
      letters = limits.letters;
      times = limits.times.toArray(TimeLimit[]::new);
      timeColumns = limits.times.stream().mapToInt(each -> columns.indexOf(each.column)).toArray();
      keys = limits.keys.toArray(KeyLimit[]::new);
      keyColumns =
          limits.keys.stream()
              .map(each -> each.columns.stream().mapToInt(columns::indexOf).toArray())
              .toArray(int[][]::new);
    }

    /** Starts counting letters, for one task. */
    public LetterLimit.Window letters() {
      return letters.window();
    }

    /**
     * Checks one event.
     *
     * @throws DecodeException for the first limit that it exceeds: times first, then empty keys,
     *     then keys that are too long
     */
    public void require(Values event) throws DecodeException {
      for (int i = 0; i < times.length; i++) {
        if (!event.isNull(timeColumns[i])) {
          requireTime(times[i], event.time(timeColumns[i]));
        }
      }
      for (int i = 0; i < keys.length; i++) {
        if (keys[i].notEmpty && bytes(keys[i], keyColumns[i], event) == 0) {
          throw new DecodeException(EMPTY_KEY, "it is empty, but is all of the " + keys[i].key)
              .inField(keys[i].columns.get(0));
        }
      }
      for (int i = 0; i < keys.length; i++) {
        long bytes = bytes(keys[i], keyColumns[i], event);
        if (bytes > keys[i].maxBytes) {
          throw tooLong(keys[i], keyColumns[i], event, bytes);
        }
      }
    }

    private static void requireTime(TimeLimit limit, long time) throws DecodeException {
      if (time < limit.first || time > limit.last) {
        throw new DecodeException(OUT_OF_RANGE, time + " is not within " + limit.range)
            .inField(limit.column);
      }
    }

    private static long bytes(KeyLimit limit, int[] columns, Values event) {
      long sum = 0;
      for (int i = 0; i < columns.length; i++) {
        sum += bytes(limit, i, columns[i], event);
      }
      return sum;
    }

    private static int bytes(KeyLimit limit, int i, int column, Values event) {
      return event.isNull(column) ? limit.absentBytes.get(i) : event.bytes(column);
    }

    private static DecodeException tooLong(KeyLimit limit, int[] columns, Values event, long sum) {
      int longest = 0;
      for (int i = 1; i < columns.length; i++) {
        if (bytes(limit, i, columns[i], event) > bytes(limit, longest, columns[longest], event)) {
          longest = i;
        }
      }
      String text = event.shown(columns[longest]);
      String start =
          text.substring(0, text.offsetByCodePoints(0, Math.min(SHOWN_CHARACTERS, points(text))));
      String reason =
          "%d bytes, more than the %d that the %s has room for: '%s'..."
              .formatted(sum, limit.maxBytes, limit.key, start);
      return new DecodeException(KEY_TOO_LONG, reason).inField(limit.columns.get(longest));
    }

    private static int points(String text) {
      return text.codePointCount(0, text.length());
    }
  }
}
