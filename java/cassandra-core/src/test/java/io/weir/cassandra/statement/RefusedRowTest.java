package io.weir.cassandra.statement;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.ProtocolVersion;
import com.datastax.oss.driver.api.core.metadata.schema.ColumnMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import com.datastax.oss.driver.api.core.servererrors.ServerError;
import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.api.core.type.DataTypes;
import com.datastax.oss.driver.api.core.type.codec.TypeCodecs;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class RefusedRowTest {
  private static final Throwable ERROR = new InvalidQueryException(null, "Key may not be empty");
  private static final List<CqlIdentifier> COLUMNS =
      List.of("id", "day", "amount", "note").stream().map(CqlIdentifier::fromInternal).toList();
  private static final List<DataType> TYPES =
      List.of(DataTypes.TEXT, DataTypes.DATE, DataTypes.BIGINT, DataTypes.TEXT);
  private static final WriteLayout LAYOUT =
      new WriteLayout(COLUMNS, new int[] {0}, new int[] {0, 1}, true, false);

  private static <T> T proxy(Class<T> type, InvocationHandler answers) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, answers));
  }

  private static TableMetadata table() {
    Map<CqlIdentifier, ColumnMetadata> columns = new LinkedHashMap<>();
    for (int i = 0; i < TYPES.size(); i++) {
      DataType type = TYPES.get(i);
      columns.put(COLUMNS.get(i), proxy(ColumnMetadata.class, (proxy, method, arguments) -> type));
    }
    return proxy(
        TableMetadata.class,
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "getKeyspace" -> CqlIdentifier.fromInternal("shop");
              case "getName" -> CqlIdentifier.fromInternal("events");
              default -> columns;
            });
  }

  private static RefusedRow refused(String note) {
    byte[][] values = {
      "a\"b".getBytes(StandardCharsets.UTF_8),
      TypeCodecs.DATE.encode(LocalDate.of(2025, 1, 1), ProtocolVersion.DEFAULT).array(),
      TypeCodecs.BIGINT.encode(-5L, ProtocolVersion.DEFAULT).array(),
      note == null ? null : note.getBytes(StandardCharsets.UTF_8)
    };
    return RefusedRow.of(table(), LAYOUT, new WriteRequest(false, 1_234_567, 0, values), ERROR);
  }

  @Test
  void keyAndRowAreJson() {
    RefusedRow row = refused("z\u00fc\n\\");
    assertThat(new String(row.key(), StandardCharsets.UTF_8))
        .isEqualTo("{\"id\":\"a\\\"b\",\"day\":\"2025-01-01\"}");
    assertThat(new String(row.value(), StandardCharsets.UTF_8))
        .isEqualTo(
            "{\"id\":\"a\\\"b\",\"day\":\"2025-01-01\",\"amount\":-5,\"note\":\"z\u00fc\\u000a\\\\\"}");
    assertThat(row.headers())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "weir.table", "shop.events",
                "weir.timestamp", "1234",
                "weir.reason", "refused: Key may not be empty"));
  }

  @Test
  void aLargeRowIsCutAndANullLeftOut() {
    assertThat(new String(refused(null).value(), StandardCharsets.UTF_8)).doesNotContain("note");
    RefusedRow large = refused("x".repeat(1 << 20));
    assertThat(large.value()).hasSize(256 << 10);
    assertThat(large.headers())
        .containsEntry("weir.truncated", "true")
        .containsEntry("weir.length", String.valueOf((1 << 20) + 54));
  }

  @Test
  void onlyARowsOwnFaultIsOne() {
    assertThat(RefusedRow.isAtFault(ERROR)).isTrue();
    assertThat(RefusedRow.isAtFault(new CompletionException(ERROR))).isTrue();
    assertThat(RefusedRow.isAtFault(new InvalidQueryException(null, "unconfigured table events")))
        .isFalse();
    assertThat(RefusedRow.isAtFault(new ServerError(null, "unknown"))).isFalse();
  }
}
