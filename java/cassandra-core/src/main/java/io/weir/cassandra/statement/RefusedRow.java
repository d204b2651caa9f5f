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
 * A row that Cassandra refuses for good, as a dead letter: the same from both engines' writers. Key
 * and value are JSON, of the primary key and of the whole row, with values as CQL writes them.
 *
 * @param headers UTF-8 text each, as those of a record that cannot be decoded; where the event lay
 *     is not known any more
 */
public record RefusedRow(byte[] key, byte[] value, Map<String, String> headers) {
  /** What a reason begins with. */
  public static final String CODE = "refused";

  /** A row may be as large as Cassandra's mutations, a letter may not. */
  private static final int MAX_VALUE_BYTES = 256 << 10;

  private static final CodecRegistry CODECS = CodecRegistry.DEFAULT;

  /** Whether another row of the same table may well be taken. */
  public static boolean isAtFault(Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    return cause instanceof InvalidQueryException && !FailureKind.isOfTarget(cause);
  }

  /** The letter of a row. */
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
