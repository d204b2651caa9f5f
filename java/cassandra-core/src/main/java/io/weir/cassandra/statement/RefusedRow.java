package io.weir.cassandra.statement;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.ProtocolVersion;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.api.core.type.DataTypes;
import com.datastax.oss.driver.api.core.type.codec.registry.CodecRegistry;
import io.weir.cassandra.retry.FailureKind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A dead letter for a row that Cassandra rejects permanently, the same for both engines. The key is
 * JSON with the primary key, the value is JSON with the whole row; values are formatted as in CQL.
 *
 * @param headers UTF-8 texts, as in the dead letter of a record that cannot be decoded. The
 *     position of the source event is no longer known here.
 */
public record RefusedRow(byte[] key, byte[] value, Map<String, String> headers) {
  /** The prefix of the reason. */
  public static final String CODE = "refused";

  /** A row may be as large as a Cassandra mutation; a dead letter may not. */
  private static final int MAX_VALUE_BYTES = 256 << 10;

  private static final CodecRegistry CODECS = CodecRegistry.DEFAULT;

  /**
   * Whether the row itself causes the error, so that other rows of the table can still be written.
   */
  public static boolean isAtFault(Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    return cause instanceof InvalidQueryException && !FailureKind.isOfTarget(cause);
  }

  /** Builds the dead letter of a row. */
  public static RefusedRow of(
      TableMetadata table, WriteLayout layout, WriteRequest row, Throwable error) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(
        "weir.table", table.getKeyspace().asInternal() + "." + table.getName().asInternal());
    headers.put(
        "weir.timestamp", String.valueOf(TimeUnit.MICROSECONDS.toMillis(row.timestampMicros())));
    headers.put("weir.reason", CODE + ": " + error.getMessage());
    byte[] value = json(table, layout, row, IntStream.range(0, layout.columns().size()).toArray());
    if (value.length > MAX_VALUE_BYTES) {
      headers.put("weir.truncated", "true");
      headers.put("weir.length", String.valueOf(value.length));
      value = Arrays.copyOf(value, MAX_VALUE_BYTES);
    }
    byte[] key = json(table, layout, row, layout.primaryKey());
    return new RefusedRow(
        Arrays.copyOf(key, Math.min(key.length, MAX_VALUE_BYTES)), value, headers);
  }

  private static byte[] json(
      TableMetadata table, WriteLayout layout, WriteRequest row, int[] positions) {
    return Arrays.stream(positions)
        .filter(position -> row.values()[position] != null)
        .mapToObj(
            position -> {
              CqlIdentifier column = layout.columns().get(position);
              DataType type = table.getColumns().get(column).getType();
              return quoted(column.asInternal()) + ":" + shown(type, row.values()[position]);
            })
        .collect(Collectors.joining(",", "{", "}"))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static String shown(DataType type, byte[] value) {
    if (type.equals(DataTypes.TEXT)) {
      return quoted(new String(value, StandardCharsets.UTF_8));
    }
    String literal = literal(type, value);
    boolean isJson =
        type.equals(DataTypes.INT)
            || type.equals(DataTypes.BIGINT)
            || type.equals(DataTypes.BOOLEAN);
    return isJson ? literal : quoted(literal.replaceAll("^'|'$", ""));
  }

  private static String literal(DataType type, byte[] value) {
    var codec = CODECS.<Object>codecFor(type);
    return codec.format(codec.decode(ByteBuffer.wrap(value), ProtocolVersion.DEFAULT));
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder(text.length() + 2).append('"');
    text.chars()
        .forEach(
            c -> {
              if (c == '"' || c == '\\') {
                json.append('\\').append((char) c);
              } else if (c < ' ') {
                json.append("\\u%04x".formatted(c));
              } else {
                json.append((char) c);
              }
            });
    return json.append('"').toString();
  }
}
