package io.weir.json;

import static io.weir.registry.DecodeError.BAD_VALUE;
import static io.weir.registry.DecodeError.MISSING_VALUE;
import static io.weir.registry.DecodeError.NULL_VALUE;

import io.weir.json.PathNode.Kind;
import io.weir.registry.DecodeException;
import java.util.List;

/**
 * Reads events in JSON as the values of their columns: {@link #scan} a record, then take the {@link
 * #value} of each column in order. The syntax of the whole record is checked before any value is
 * converted. Not thread-safe.
 */
public final class JsonReader {
  private final JsonScanner scanner;
  private final JsonColumn[] columns;
  private final PathNode[] nodes;
  private final Conversion[] conversions;
  private final Shape[] shapes;
  private final ValueTypes types;
  private byte[] record;
  private final ValueText text = new ValueText();

  /**
   * @param types makes the values of the engine
   */
  public JsonReader(List<JsonColumn> columns, ValueTypes types) {
    PathNode root = PathNode.root();
    this.types = types;
    this.shapes = columns.stream().map(Shape::of).toArray(Shape[]::new);
    this.scanner = new JsonScanner(root);
    this.columns = columns.toArray(JsonColumn[]::new);
    this.nodes = columns.stream().map(each -> root.grow(each.path())).toArray(PathNode[]::new);
    this.conversions =
        columns.stream().map(each -> Conversion.of(each, types)).toArray(Conversion[]::new);
  }

  /** How many columns there are. */
  public int size() {
    return columns.length;
  }

  /**
   * Starts a record.
   *
   * @param value never changes as long as a value of it is in use
   * @throws DecodeException if it is null, or not one JSON object
   */
  public void scan(byte[] value) throws DecodeException {
    if (value == null) {
      throw new DecodeException(NULL_VALUE, "the Kafka value is null");
    }
    scanner.scan(value);
    record = value;
    text.reset(value);
  }

  /**
   * The value of a column in the current record: null, or an {@link Integer} (also a date, in days
   * since 1970), {@link Long}, {@link Float}, {@link Double}, {@link Boolean} or {@code byte[]};
   * texts and timestamps are the engine's.
   *
   * @param column its position
   * @throws DecodeException if the record has no value that the column takes
   */
  public Object value(int column) throws DecodeException {
    PathNode node = nodes[column];
    try {
      if (!node.isIn(scanner.record())) {
        requireSteps(node.parent, node);
      } else if (node.kind() != Kind.NULL) {
        Object common = common(column, node);
        if (common != null) {
          return common;
        }
        text.open(node);
        return conversions[column].of(text);
      }
      if (!columns[column].nullable()) {
        throw new DecodeException(
            MISSING_VALUE,
            node.isIn(scanner.record()) ? "it is null" : "the record has no value for it");
      }
      return null;
    } catch (DecodeException e) {
      throw e.inField(columns[column].name());
    }
  }

  /**
   * The most common values, as their conversions have them: these are too many implementations of
   * one call for the JIT to inline it. Null if the value is another one.
   */
  private Object common(int column, PathNode node) {
    if (node.kind() == Kind.NUMBER) {
      if (shapes[column] == Shape.INT || shapes[column] == Shape.LONG) {
        long digits = Numbers.digits(record, node.start(), node.end());
        if (shapes[column] == Shape.INT) {
          return digits == (int) digits ? (Object) (int) digits : null;
        }
        return digits == Numbers.NONE ? null : (Object) digits;
      }
    } else if (shapes[column] == Shape.TEXT && node.kind() == Kind.TEXT && !node.isEscaped()) {
      return types.text(record, node.start() + 1, node.end() - 1);
    }
    return null;
  }

  /**
   * A value may be missing, but whatever is there on its path must have members or elements.
   *
   * @param holder has {@code step} as a member or element
   */
  private void requireSteps(PathNode holder, PathNode step) throws DecodeException {
    if (holder == null) {
      return;
    }
    if (!holder.isIn(scanner.record())) {
      requireSteps(holder.parent, holder);
    } else if (holder.kind() != Kind.NULL
        && holder.kind() != (step.isMember() ? Kind.OBJECT : Kind.ARRAY)) {
      text.open(holder);
      String wanted = step.isMember() ? "an object with member " : "an array with element ";
      throw new DecodeException(BAD_VALUE, text.shown() + " is not " + wanted + step.step);
    }
  }

  /** Columns whose most common values are read without a call. */
  private enum Shape {
    INT,
    LONG,
    TEXT,
    OTHER;

    static Shape of(JsonColumn column) {
      return switch (column.type()) {
        case INT -> INT;
        case BIGINT -> LONG;
        case TEXT -> TEXT;
        default -> OTHER;
      };
    }
  }
}
