package io.weir.flink.cassandra.source;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.ProtocolVersion;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.api.core.type.DataTypes;
import com.datastax.oss.driver.api.core.type.codec.TypeCodecs;
import io.weir.flink.cassandra.ValueRange;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RowRangesTest {
  private static final Map<String, DataType> TYPES =
      Map.of("city", DataTypes.TEXT, "opened", DataTypes.DATE, "seen", DataTypes.TIMESTAMP);

  private final RowRanges ranges =
      new RowRanges(
          List.of(
              new ValueRange("city", 1, 6),
              new ValueRange("opened", -719_162, 2_932_896),
              new ValueRange("seen", -1, 1000)),
          TYPES::get);

  private boolean admits(String city, LocalDate opened, Instant seen) {
    Map<CqlIdentifier, ByteBuffer> values = new HashMap<>();
    ProtocolVersion version = ProtocolVersion.DEFAULT;
    values.put(CqlIdentifier.fromInternal("city"), TypeCodecs.TEXT.encode(city, version));
    values.put(CqlIdentifier.fromInternal("opened"), TypeCodecs.DATE.encode(opened, version));
    values.put(CqlIdentifier.fromInternal("seen"), TypeCodecs.TIMESTAMP.encode(seen, version));
    Object row =
        Proxy.newProxyInstance(
            Row.class.getClassLoader(),
            new Class<?>[] {Row.class},
            (proxy, method, arguments) ->
                method.getName().equals("getBytesUnsafe") ? values.get(arguments[0]) : "a row");
    return ranges.admits((Row) row);
  }

  @Test
  void valuesAtTheEdgesAreTaken() {
    assertThat(admits("x", LocalDate.of(1, 1, 1), Instant.ofEpochMilli(-1))).isTrue();
    assertThat(admits("\u20ac\u20ac", LocalDate.of(9999, 12, 31), Instant.ofEpochMilli(1000)))
        .isTrue();
    assertThat(admits(null, null, null)).isTrue();
    assertThat(ranges.refused()).isZero();
  }

  @Test
  void valuesBeyondThemAreNot() {
    assertThat(admits("", null, null)).isFalse();
    assertThat(admits("\u20ac\u20acx", null, null)).isFalse();
    assertThat(admits("x", LocalDate.of(0, 12, 31), null)).isFalse();
    assertThat(admits("x", LocalDate.of(10_000, 1, 1), null)).isFalse();
    assertThat(admits("x", null, Instant.ofEpochMilli(1001))).isFalse();
    assertThat(ranges.refused()).isEqualTo(5);
    ranges.warn("keyspace.shops");
  }
}
